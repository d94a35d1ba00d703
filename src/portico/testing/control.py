"""Calls the control API of a stand-in."""

from __future__ import annotations

import json
from typing import Any

from portico.emulation.control_client import refusal_in, send_control

TIMEOUT_SECONDS = 330.0
"""Longer than the control API waits for requests."""


class ControlError(Exception):
    """The stand-in refused a request of a test. The message is its reason."""


class Control:
    """The control API at a URL. One connection for each call, so threads can share it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def call(
        self, method: str, path: str, body: object = None, **query: str | int | float | None
    ) -> Any:  # noqa: ANN401  # any JSON value
        """Return the JSON of an answer, or None if it has none. Raises ControlError."""
        content = self.read(method, path, body, **query)
        return json.loads(content) if content else None

    def read(
        self, method: str, path: str, body: object = None, **query: str | int | float | None
    ) -> bytes:
        """Return the body of an answer. Raises ControlError."""
        given = {name: value for name, value in query.items() if value is not None}
        status, content = send_control(
            self._url, method, path, query=given, body=body, seconds=TIMEOUT_SECONDS
        )
        if status >= 400:
            raise ControlError(
                refusal_in(content) or f"The stand-in answered with status {status}."
            )
        return content
