"""Sends requests to an ASGI application in the same process, without a socket."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp

from portico.emulator.recordings.comparing import Answer

_HOST = (b"host", b"localhost")


async def send(
    app: ASGIApp, method: str, target: str, headers: dict[str, str], body: bytes
) -> Answer:
    """Send one request to an application and return the answer. `target` is path and query."""
    path, _, query = target.partition("?")
    listed = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [_HOST, *listed, (b"content-length", b"%d" % len(body))],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        "extensions": {},
    }
    exchange = _InMemory(body)
    application: Any = app
    await application(scope, exchange.receive, exchange.send)
    return exchange.answer()


class _InMemory:
    """The two callables of ASGI for one request."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._start: dict[str, Any] = {}
        self._parts: list[bytes] = []

    async def receive(self) -> dict[str, Any]:
        """Return the whole body, and then that the client has left."""
        if self._body is None:
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._parts.append(message.get("body", b""))

    def answer(self) -> Answer:
        """Return the whole answer."""
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in self._start["headers"]
        }
        return Answer(status=self._start["status"], headers=headers, body=b"".join(self._parts))
