"""Gzip compression of pages. A portal of 500 links shrinks to a tenth."""

from __future__ import annotations

import zlib

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.asgi.threads import Threads

SMALLEST = 1_024
_LEVEL = 5


class CompressedPages:
    """Middleware that compresses HTML that is sent in one piece, and passes on everything else.

    BREACH needs a secret beside reflected text. Requests from other sites carry no cookie of
    Portico (SameSite), so their answers contain no session's token.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _takes_gzip(scope):
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def compress(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                begin, start = start, None
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    body = message["body"]
                    threads: Threads = scope["app"].state.site.threads
                    message["body"] = await threads.run(
                        lambda: _compressed(begin, body), size=len(body)
                    )
                await send(begin)
            await send(message)

        await self._app(scope, receive, compress)


def _takes_gzip(scope: Scope) -> bool:
    accepted = [value for name, value in scope["headers"] if name == b"accept-encoding"]
    codings = b",".join(accepted).replace(b" ", b"").lower().split(b",")
    return b"gzip" in {coding.removesuffix(b";q=1.0") for coding in codings}


def _compressed(start: Message, body: bytes) -> bytes:
    """Return the body to send, and set the headers for it."""
    headers = MutableHeaders(scope=start)
    if not headers.get("content-type", "").startswith("text/html"):
        return body
    headers["Vary"] = "Accept-Encoding"
    if len(body) < SMALLEST or "content-encoding" in headers:
        return body
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    packed = packer.compress(body) + packer.flush()
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(packed))
    return packed
