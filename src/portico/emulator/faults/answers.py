"""Answers that the application did not give: error envelopes, and what is left of spoilt ones."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Protocol

from starlette.types import Message, Scope, Send

from portico.domain.errors import PorticoError

JSON = (b"content-type", b"application/json;charset=utf-8")
CAPTURED_BYTES = 8 * 1024 * 1024
"""How much of an answer is held to be spoilt. A longer one ends here."""

CONNECTION = "portico.connection"
_MISSING_BYTES = 64


class Connection(Protocol):
    """The connection of a request, as the stand-in's server hands it over in the ASGI scope."""

    def reset(self) -> None:
        """Abort the connection with a TCP reset."""

    def close(self) -> None:
        """Close the connection without finishing the answer."""


class NoConnection(PorticoError):
    """The server does not let an application end its connection."""

    code = "portico.connection.unavailable"

    def __init__(self) -> None:
        super().__init__(
            "This server cannot end a connection without an answer. Faults of connections need "
            "the server of portico emulate."
        )


def connection_of(scope: Scope) -> Connection:
    """Return the connection of a request. Raises NoConnection."""
    connection: Connection | None = (scope.get("extensions") or {}).get(CONNECTION)
    if connection is None:
        raise NoConnection
    return connection


@dataclass(slots=True)
class CapturedAnswer:
    """An answer of the application that is not sent yet. It is an ASGI `send`."""

    keep: bool
    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    async def __call__(self, message: Message) -> None:
        """Take one message, and the body too if it is to be kept."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name), bytes(value)) for name, value in message["headers"]]
        elif message["type"] == "http.response.body" and self.keep:
            self.body += message["body"][: CAPTURED_BYTES - len(self.body)]

    async def send_beginning(self, send: Send) -> None:
        """Send the status, the headers and half of the body, which is never empty."""
        if len(self.body) < 2:
            headers = _without_length(self.headers)
            length = (b"content-length", b"%d" % _MISSING_BYTES)
            await _start(send, 200, [*headers, JSON, length])
            await send({"type": "http.response.body", "body": b'{"id"', "more_body": True})
            return
        await _start(send, self.status, self.headers)
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})

    async def send_malformed(self, send: Send) -> None:
        """Send a complete answer whose body ends in the middle of the JSON."""
        is_short = len(self.body) < 2
        body = b'{"id"' if is_short else bytes(self.body[: len(self.body) // 2])
        headers = _without_length(self.headers)
        if is_short:
            headers.append(JSON)
        await send_answer(send, 200 if is_short else self.status, headers, body)


def _without_length(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    framing = (b"content-length", b"transfer-encoding")
    return [(name, value) for name, value in headers if name.lower() not in framing]


async def send_error(
    send: Send, status: int, body: bytes, *further: tuple[bytes, bytes], retry_after: int | None
) -> None:
    """Send an error envelope with the headers of the vendor's. `retry_after` is in seconds."""
    headers = [
        JSON,
        (b"cache-control", b"no-store"),
        (b"x-transaction-id", os.urandom(16).hex().encode()),
        *further,
    ]
    if retry_after is not None:
        headers.append((b"retry-after", b"%ds" % retry_after))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send_answer(send, status, headers, body)


async def send_answer(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Send a complete answer, with its length."""
    await _start(send, status, [*headers, (b"content-length", b"%d" % len(body))])
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _start(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
