"""One request and its answer as the log and the client's headers see them.

The outermost ASGI layer: it gives every exchange a transaction id, adds the headers that every
answer carries (behaviour section 6.4) unless it says otherwise, and writes one access-log line.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPScope,
    Message,
    Receive,
    ReceiveMessage,
    Scope,
    Send,
)

from portico.http.limits import RateUsage

AccessLogger = Callable[[dict[str, object]], None]
_SCOPE_KEY = "portico_exchange"
_TRANSACTION_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}\Z")
_DISCARDED_BYTES = 64 * 1024 * 1024
_DISCARD_SECONDS = 1.0
_EVERY_ANSWER = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]


@dataclass
class Exchange:
    """What becomes known of a request while it is served."""

    transaction_id: str
    client_id: int | None = None
    rate: RateUsage | None = None


def exchange_in(scope: HTTPScope) -> Exchange:
    """The exchange of an ASGI scope."""
    exchange: Exchange = scope[_SCOPE_KEY]  # type: ignore[literal-required]
    return exchange


def exchange_of(request: Request[Any, Any, Any]) -> Exchange:
    """The exchange that a request belongs to."""
    return exchange_in(request.scope)


class _Body:
    """The body of a request as it comes in, and whether it has come to its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def __call__(self) -> ReceiveMessage:
        """The next part, as the application asks for it."""
        message = await self._receive()
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def discard(self) -> None:
        """Reads on, within reason: a client that is still sending would miss the answer.

        A server that finds an unread body closes the connection, which may be the next request's.
        """
        discarded = 0
        try:
            while not self._ended and discarded < _DISCARDED_BYTES:
                message = await asyncio.wait_for(self(), _DISCARD_SECONDS)
                if message["type"] == "http.request":
                    discarded += len(message["body"])
        except TimeoutError:
            return


class ExchangeMiddleware:
    """Wraps the whole application. `log` takes the fields of an access-log line, `client_address`
    finds its `peer`, and `headers` gives those that depend on how a request came.
    """

    def __init__(
        self,
        app: ASGIApp,
        log: AccessLogger | None,
        client_address: Callable[[HTTPScope], str],
        headers: Callable[[HTTPScope], list[tuple[bytes, bytes]]] | None = None,
    ) -> None:
        self._app = app
        self._log = log
        self._client_address = client_address
        self._further = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; anything that is not HTTP passes through."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        exchange = Exchange(transaction_id=_transaction_id(scope))
        scope[_SCOPE_KEY] = exchange  # type: ignore[literal-required]
        status = 0
        body = None if scope["method"] in {"GET", "HEAD"} else _Body(receive)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status >= 400 and body is not None:
                    await body.discard()
                sent = list(message["headers"])
                said = {name.lower() for name, _ in sent}
                added = _headers(exchange)
                if self._further is not None:
                    added += self._further(scope)
                message["headers"] = sent + [each for each in added if each[0] not in said]
            await send(message)

        try:
            await self._app(scope, body or receive, send_with_headers)
        finally:
            if self._log is not None:
                seconds = perf_counter() - started
                self._log(_line(scope, exchange, status, seconds, self._client_address(scope)))


def _transaction_id(scope: Scope) -> str:
    """The caller's own transaction id when it sent a plain one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-transaction-id" and _TRANSACTION_ID.match(value):
            return value.decode("ascii")
    return os.urandom(16).hex()


def _headers(exchange: Exchange) -> list[tuple[bytes, bytes]]:
    headers = [*_EVERY_ANSWER, (b"x-transaction-id", exchange.transaction_id.encode())]
    if exchange.rate is not None:
        headers += exchange.rate.headers()
    return headers


def _line(
    scope: HTTPScope, exchange: Exchange, status: int, seconds: float, peer: str
) -> dict[str, object]:
    return {
        "logger": "portico.access",
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
        "clientId": exchange.client_id and str(exchange.client_id),
        "peer": peer or None,
        "transactionId": exchange.transaction_id,
    }
