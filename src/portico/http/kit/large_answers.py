"""Answers of many megabytes, such as a page of 500 links with large icons.

Clients count the items of a page, so a page is never shortened. It is encoded, hashed and
compressed on a thread, sent in parts and never cached. Slots limit how many are in memory.
"""

from __future__ import annotations

from collections import deque

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from portico.asgi.bodies import MEBIBYTE
from portico.asgi.streaming import send_part
from portico.asgi.threads import Threads
from portico.http.kit.answers import (
    JSON,
    NO_STORE,
    VARY,
    Answer,
    entity_tag,
    gzip_parts,
    gzip_tag,
    names_tag,
    send_whole,
    wants_gzip,
)
from portico.http.kit.encoding import Encoding
from portico.storage.engine.slots import Slots

LARGE_BYTES = 8 * MEBIBYTE
"""The smallest large answer."""


def large_answer_slots() -> Slots:
    """Return the slots for large answers of one process, each held until the answer is sent."""
    return Slots(
        in_all=4,
        for_each=2,
        wait_seconds=3.0,
        waiting_in_all=8,
        waiting_for_each=4,
        what="large answers",
    )


class LargeAnswer(Answer):
    """The answer to a GET whose body is encoded when it is sent."""

    __slots__ = ("_customer_id", "_encoding", "_gzip", "_known_tag", "_slots", "_threads")

    def __init__(
        self,
        request: Request,
        encoding: Encoding,
        *,
        threads: Threads,
        slots: Slots,
        customer_id: int,
    ) -> None:
        super().__init__(b"", status=200, headers={})
        self._known_tag = request.headers.get("if-none-match")
        self._gzip = wants_gzip(request.headers.get("accept-encoding", ""))
        self._encoding = encoding
        self._threads = threads
        self._slots = slots
        self._customer_id = customer_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer when a slot is free. Raises Overloaded if none is free in time."""
        async with self._slots.hold(self._customer_id):
            tag = await self._threads.run(self._finish)
            if self._known_tag is not None and names_tag(self._known_tag, tag):
                await send_whole(send, 304, [(b"etag", tag.encode()), NO_STORE, VARY], b"")
                return
            headers = [JSON, NO_STORE, VARY]
            parts = deque(self._encoding.parts)
            self._encoding.parts.clear()
            if self._gzip:
                tag = gzip_tag(tag)
                headers.append((b"content-encoding", b"gzip"))
                parts = await self._threads.run(lambda: gzip_parts(parts))
            await _send_parts(send, [*headers, (b"etag", tag.encode())], parts)

    def _finish(self) -> str:
        self._encoding.advance(float("inf"))
        return entity_tag(*self._encoding.parts)


async def _send_parts(send: Send, headers: list[tuple[bytes, bytes]], parts: deque[bytes]) -> None:
    """Send the parts one by one, and free the memory of each. Raises TimeoutError."""
    headers.append((b"content-length", b"%d" % sum(map(len, parts))))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while parts:
        part = parts.popleft()
        await send_part(send, part, more=bool(parts))
