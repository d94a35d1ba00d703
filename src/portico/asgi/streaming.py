"""Answers in parts: each part has a deadline, and nothing is made for a client that has left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from litestar.types import HTTPResponseStartEvent, Receive, Scope, Send

from portico.domain.errors import PorticoError

logger = logging.getLogger("portico")

PART_SECONDS = 30.0
"""How long a client may take to receive one part before its connection is closed."""


async def send_part(send: Send, part: bytes, *, more: bool) -> None:
    """Send one part of a body that has begun. Raises TimeoutError if the client takes too long."""
    async with asyncio.timeout(PART_SECONDS):
        await send({"type": "http.response.body", "body": part, "more_body": more})


class Download:
    """A file that is made while it is sent, as an ASGI application of its own."""

    def __init__(
        self, name: str, media_type: str, headers: Mapping[str, str], parts: AsyncGenerator[bytes]
    ) -> None:
        self._name = name
        sent = {
            **headers,
            "Content-Type": media_type,
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        self._headers = [(key.lower().encode(), value.encode()) for key, value in sent.items()]
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file. An error of the first part is answered like that of any request.

        After that the connection is closed before the end of the file, so that clients notice.
        """
        async with aclosing(self._parts) as parts:
            part = await anext(parts, b"")
            start: HTTPResponseStartEvent = {
                "type": "http.response.start",
                "status": 200,
                "headers": self._headers,
            }
            await send(start)
            left = asyncio.ensure_future(_wait_until_left(receive))
            try:
                while part and not left.done():
                    await send_part(send, part, more=True)
                    part = await anext(parts, b"")
                await send_part(send, b"", more=False)
            except PorticoError as error:
                logger.warning("%s was sent in part only: %s", self._name, error.reason)
                raise
            finally:
                left.cancel()


async def _wait_until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
