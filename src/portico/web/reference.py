"""The reference page of the API, rendered from its OpenAPI document."""

from __future__ import annotations

from typing import Any


def render_reference(document: dict[str, Any]) -> str:
    return "<!doctype html><title>Portico</title>"
