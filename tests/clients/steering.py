"""Schemathesis hooks: half of the generated bodies get values that the rules accept.

Random text is hardly ever a host name or the id of a stored portal, so without them no write would
succeed and the documented answers to writes would stay unchecked. `STEERING` holds the values.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from typing import Any

import schemathesis

VALUES: Mapping[str, Any] = json.loads(os.environ.get("STEERING", "{}"))
PLAIN = {"link": "wiki.example.com", "linkPath": "/start", "protocol": "https://"}
UNUSED = {"applicationId", "userPortalId", "certificateId", "microtenantId", "imageData"}

_bodies = itertools.count()


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Every second body as generated, the others with values that can succeed."""
    number = next(_bodies)
    if number % 2 or not isinstance(body, dict):
        return body
    if {"client_id", "client_secret"} & set(body):
        return dict(VALUES["credentials"])
    return steered(body, number)


def steered(body: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A resource or a bulk of links with valid values where the rules are stricter than JSON."""
    changed = {key: value for key, value in body.items() if key not in UNUSED}
    changed |= {key: value for key, value in PLAIN.items() if key in body}
    if "certBlob" in body:
        changed["certBlob"] = VALUES["certificate"]
    if "userPortals" in body:
        changed["userPortals"] = [{"id": VALUES["portal_id"]}]
    if "userPortalLinks" in body:
        changed["userPortalLinks"] = [PLAIN | {"name": f"Steered {number}"}]
    if "name" in body:
        changed["name"] = f"Steered {number}"
    return changed
