"""Reads a request body within the limit of its route."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException, InternalServerException
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE
from litestar.types import Receive, ReceiveMessage

from portico.domain.errors import InvalidInput, PorticoError

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE


class BodyTooLarge(PorticoError):
    """The body is longer, or has more parts, than its route accepts."""

    code = "request.body.too.large"


class BodyIncomplete(InvalidInput):
    """The client left before it had sent the whole body, so nobody reads the answer."""

    code = "request.body.incomplete"


def received_again(messages: Iterable[ReceiveMessage], receive: Receive) -> Receive:
    """Return a `receive` that repeats the messages read so far, then continues."""
    waiting = deque(messages)

    async def again() -> ReceiveMessage:
        return waiting.popleft() if waiting else await receive()

    return again


async def read_body(request: Request[Any, Any, Any]) -> bytes:
    """Return the whole body. The limit is the route's `request_max_body_size`.

    Raises BodyTooLarge, before reading if the request declares the length, and BodyIncomplete.
    """
    try:
        return await request.body()
    except InternalServerException:
        raise BodyIncomplete("The client left before it had sent the whole body.") from None
    except HTTPException as error:
        if error.status_code != HTTP_413_REQUEST_ENTITY_TOO_LARGE:
            raise
        limit = request.route_handler.resolve_request_max_body_size() or 0
        raise BodyTooLarge(f"The body is larger than {size_words(limit)}.") from None


def size_words(size: int) -> str:
    """Return a size as text, such as "64 KiB" or "5 MiB"."""
    if size >= MEBIBYTE:
        return f"{size // MEBIBYTE} MiB"
    return f"{size // KIBIBYTE} KiB"
