"""Calls the control API of a stand-in."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 330.0
"""Longer than the control API waits for requests."""


class ControlError(Exception):
    """The stand-in refused a request of a test. The message is its reason."""


class Control:
    """The control API at a URL. One connection for each call, so threads can share it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)

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
        target = f"/_portico/{path}" + (f"?{urlencode(given)}" if given else "")
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection = HTTPConnection(*self._address, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise ControlError(_reason(content, answer.status))
        return content


def _reason(content: bytes, status: int) -> str:
    try:
        return str(json.loads(content)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The stand-in answered with status {status}."
