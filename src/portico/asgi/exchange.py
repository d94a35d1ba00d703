"""The outermost ASGI layer, around each exchange of a request and its response.

It assigns a transaction id, adds the common headers that a response does not set itself, and writes
one access-log line.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from time import perf_counter

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.asgi.limits import RateUsage
from portico.asgi.request_counts import RequestCounts, RequestSeries
from portico.storage.engine.usage import RequestStatements

AccessLogger = Callable[[dict[str, object]], None]
_SCOPE_KEY = "portico_exchange"
_TRANSACTION_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}\Z")
_READ_HEADERS = frozenset(
    (
        b"authorization",
        b"content-length",
        b"transfer-encoding",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-transaction-id",
    )
)
_CLOSE = (b"connection", b"close")
DISCARDED_BYTES = 64 * 1024
"""How many bytes of an unread body are read so that the connection stays open."""

_FINISH_SECONDS = 1.0
_LINGER_BYTES = 64 * 1024 * 1024
_LINGER_SECONDS = 5.0
_COMMON_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]


@dataclass(slots=True)
class Exchange:
    """The facts about a request that are collected while it is served.

    `transaction_id` is unique, because the server creates it. `client_transaction_id` is the one
    that the client sent, or None. Clients reuse theirs for several requests. `series` counts the
    request, and is set by what answers ahead of the router. `statements` are those of a request
    that is followed.
    """

    transaction_id: str
    client_transaction_id: str | None = None
    client_id: int | None = None
    rate: RateUsage | None = None
    series: RequestSeries | None = None
    statements: RequestStatements | None = None


@dataclass(frozen=True, slots=True)
class FinishedRequest:
    """A request that has ended. `began` is a time of `perf_counter`."""

    scope: Scope
    exchange: Exchange
    operation: str
    status: int
    began: float
    seconds: float


Observer = Callable[[FinishedRequest], None]


def exchange_in(scope: Scope) -> Exchange:
    """Return the exchange of an ASGI scope."""
    exchange: Exchange = scope[_SCOPE_KEY]
    return exchange


def exchange_of(request: Request) -> Exchange:
    """Return the exchange of a request."""
    return exchange_in(request.scope)


class _Body:
    """The declared body of a request, and how much of it has been read.

    The server closes a connection whose request body was not read to its end, even if the client
    has already sent the next request. So a short remainder is read before the response is sent.
    """

    def __init__(self, receive: Receive, declared: int | None) -> None:
        self._receive = receive
        self._declared = declared
        self._read = 0
        self._ended = False

    async def __call__(self) -> Message:
        """Receive the next part for the application."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._read += len(message["body"])
            self._ended = not message.get("more_body", False)
        else:
            self._ended = True
        return message

    async def finish(self) -> bool:
        """Read the rest of the body if it has at most 64 KiB; return whether the body has ended."""
        known_rest = 0 if self._declared is None else self._declared - self._read
        if not self._ended and known_rest <= DISCARDED_BYTES:
            await self._discard(DISCARDED_BYTES, _FINISH_SECONDS)
        return self._ended

    async def linger(self) -> None:
        """Continue to read after the response, within limits of time and size.

        Closing the connection at once would reset it, and a client that is still sending would lose
        the response (RFC 9112, section 9.6).
        """
        await self._discard(_LINGER_BYTES, _LINGER_SECONDS)

    async def _discard(self, most: int, seconds: float) -> None:
        end = self._read + most
        try:
            async with asyncio.timeout(seconds):
                while not self._ended and self._read <= end:
                    await self()
        except TimeoutError:
            return


class ExchangeMiddleware:
    """Wraps the whole application.

    `log` writes the fields of an access-log line, and `client_address` finds its `peer`. `headers`
    returns further headers for a request. `ambiguous` answers a request with several
    `Authorization` headers, so that no other code chooses one of them. `note_forwarded`
    gets the names of the headers of a reverse proxy in each request. Every request is added to
    `counts`, and each of the `observers` is called with it when it has ended.
    """

    def __init__(
        self,
        app: ASGIApp,
        log: AccessLogger | None,
        client_address: Callable[[Scope], str],
        headers: Callable[[Scope], list[tuple[bytes, bytes]]] | None = None,
        *,
        ambiguous: ASGIApp | None = None,
        note_forwarded: Callable[[Scope, Sequence[bytes]], None] = lambda scope, names: None,
        counts: RequestCounts | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._app = app
        self._log = log
        self._client_address = client_address
        self._further = headers
        self._ambiguous = ambiguous or app
        self._note_forwarded = note_forwarded
        self._counts = counts or RequestCounts()
        self._observers = observers
        self._is_observed = bool(observers) or log is not None
        # Ids need not be secret, only unique: the system seeds the generator of each worker.
        self._random_bits = Random().getrandbits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Anything but HTTP passes through unchanged."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        client_transaction_id, length, is_chunked, authorizations, forwarded = _read_head(scope)
        self._note_forwarded(scope, forwarded)
        exchange = Exchange(self._random_bits(128).to_bytes(16).hex(), client_transaction_id)
        scope[_SCOPE_KEY] = exchange
        status = 0
        # In HTTP/2 an unread body costs its stream and not the connection, so it needs no care.
        has_body = is_chunked or length  # as RFC 9112, section 6, declares one
        may_close = has_body and scope["http_version"].startswith("1")
        body = _Body(receive, length) if may_close else None
        closing = False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, closing
            if message["type"] == "http.response.start":
                status = message["status"]
                closing = body is not None and not await body.finish()
                added = _headers(exchange)
                if self._further is not None:
                    added += self._further(scope)
                if closing:
                    added.append(_CLOSE)
                sent = list(message["headers"])
                present = dict(sent)
                message["headers"] = sent + [each for each in added if each[0] not in present]
            await send(message)
            if closing and _is_last(message) and body is not None:
                await body.linger()

        app = self._app if authorizations < 2 else self._ambiguous
        try:
            await app(scope, body or receive, send_with_headers)
        finally:
            seconds = perf_counter() - started
            series = exchange.series or self._counts.of(scope)
            series.add(status, seconds)
            if self._is_observed:
                self._observe(
                    FinishedRequest(scope, exchange, series.operation, status, started, seconds)
                )

    def _observe(self, finished: FinishedRequest) -> None:
        for observe in self._observers:
            observe(finished)
        if self._log is not None:
            self._log(_line(finished, self._client_address(finished.scope)))


def _read_head(scope: Scope) -> tuple[str | None, int | None, bool, int, Sequence[bytes]]:
    """Return the client's transaction id, the declared length of the body, whether the body is
    chunked, the number of `Authorization` headers, and the names of the `X-Forwarded-*` headers. A
    transaction id counts if it is plain ASCII.
    """
    transaction_id: str | None = None
    length: int | None = None
    is_chunked = False
    authorizations = 0
    forwarded: tuple[bytes, ...] = ()
    for name, value in scope["headers"]:
        if name not in _READ_HEADERS:
            continue
        if name == b"authorization":
            authorizations += 1
        elif name == b"transfer-encoding":
            is_chunked = True
        elif name == b"content-length":
            length = int(value)
        elif name.startswith(b"x-forwarded"):
            forwarded += (name,)
        elif not transaction_id and _TRANSACTION_ID.match(value):
            transaction_id = value.decode("ascii")
    return transaction_id, length, is_chunked, authorizations, forwarded


def _is_last(message: Message) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body")


def _headers(exchange: Exchange) -> list[tuple[bytes, bytes]]:
    echoed = exchange.client_transaction_id or exchange.transaction_id
    headers = [*_COMMON_HEADERS, (b"x-transaction-id", echoed.encode())]
    if exchange.rate is not None:
        headers += exchange.rate.headers()
    return headers


def _line(finished: FinishedRequest, peer: str) -> dict[str, object]:
    scope, exchange = finished.scope, finished.exchange
    return {
        "logger": "portico.access",
        "method": scope["method"],
        "path": scope["path"],
        "status": finished.status,
        "milliseconds": round(finished.seconds * 1000, 2),
        "clientId": exchange.client_id and str(exchange.client_id),
        "peer": peer or None,
        "transactionId": exchange.transaction_id,
        "clientTransactionId": exchange.client_transaction_id,
    }
