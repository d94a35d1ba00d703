"""Responses in parts: each part has a time limit, and work stops when the client disconnects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from starlette.types import Message, Receive, Scope, Send

from portico.domain.errors import PorticoError

logger = logging.getLogger("portico")

PART_SECONDS = 30.0
"""Time limit for a client to receive one part; then its connection is closed."""


async def send_part(send: Send, part: bytes, *, more: bool) -> None:
    """Send one part of a body. Raises TimeoutError if the client takes too long."""
    async with asyncio.timeout(PART_SECONDS):
        await send({"type": "http.response.body", "body": part, "more_body": more})


class Download:
    """An ASGI application that generates a file while it sends it."""

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
        """Send the file. An error in the first part becomes an ordinary error response.

        A later error closes the connection before the end of the file, so that clients notice it.
        """
        async with aclosing(self._parts) as parts:
            part = await anext(parts, b"")
            start: Message = {
                "type": "http.response.start",
                "status": 200,
                "headers": self._headers,
            }
            await send(start)
            disconnect = asyncio.ensure_future(_wait_for_disconnect(receive))
            try:
                while part and not disconnect.done():
                    await send_part(send, part, more=True)
                    part = await anext(parts, b"")
                await send_part(send, b"", more=False)
            except PorticoError as error:
                logger.warning("%s was not sent completely: %s", self._name, error.reason)
                raise
            finally:
                disconnect.cancel()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
