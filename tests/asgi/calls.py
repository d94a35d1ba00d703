"""Requests to an ASGI application without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.types import ASGIApp, Message

WITHOUT_BODY: Message = {"type": "http.request", "body": b""}


def call(
    app: ASGIApp,
    method: str,
    path: str,
    *messages: Message,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> tuple[str, dict[str, str]]:
    """The body and the headers of the answer to a client that sends some messages."""
    waiting, sent = list(messages or (WITHOUT_BODY,)), list[Message]()
    scope = {"type": "http", "method": method, "path": path, "query_string": b""}
    scope |= {"headers": list(headers), "server": ("127.0.0.1", 80), "scheme": "http"}

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def ask() -> None:
        await app(scope, receive, send)

    asyncio.run(ask())
    received = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return b"".join(each["body"] for each in sent[1:]).decode(), received
