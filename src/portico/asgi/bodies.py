"""Reads a request body within the limit of its route."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from portico.asgi.routing import placed_route
from portico.domain.errors import InvalidInput, PorticoError

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
_BODY = "portico_body"


class BodyTooLarge(PorticoError):
    """The body is longer, or has more parts, than its route accepts."""

    code = "request.body.too.large"


class BodyIncomplete(InvalidInput):
    """The client left before it had sent the whole body, so nobody reads the answer."""

    code = "request.body.incomplete"


def received_again(messages: Iterable[Message], receive: Receive) -> Receive:
    """Return a `receive` that repeats the messages read so far, then continues."""
    waiting = deque(messages)

    async def again() -> Message:
        return waiting.popleft() if waiting else await receive()

    return again


async def read_body(request: Request) -> bytes:
    """Return the whole body, which may be asked for again. The limit is that of the route.

    Raises BodyTooLarge, before reading if the request declares the length, and BodyIncomplete.
    """
    known: bytes | None = request.scope.get(_BODY)
    if known is not None:
        return known
    limit = placed_route(request.scope).body_limit
    if int(request.headers.get("content-length", 0)) > limit:
        raise _too_large(limit)
    parts, size = list[bytes](), 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > limit:
                raise _too_large(limit)
    except ClientDisconnect:
        raise BodyIncomplete("The client left before it had sent the whole body.") from None
    body = request.scope[_BODY] = b"".join(parts)
    return body


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than {size_words(limit)}.")


def size_words(size: int) -> str:
    """Return a size as text, such as "64 KiB" or "5 MiB"."""
    if size >= MEBIBYTE:
        return f"{size // MEBIBYTE} MiB"
    return f"{size // KIBIBYTE} KiB"
