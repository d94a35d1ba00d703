"""HTTP/1.1 on one connection: reads requests one after another, and refuses malformed ones."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import h11
from starlette.types import ASGIApp

from portico.emulator.listeners.connections import Connections
from portico.emulator.listeners.http_exchange import HttpExchange, problem_of
from portico.emulator.listeners.limits import Limits
from portico.emulator.listeners.refusals import Refusal
from portico.emulator.listeners.request_scope import make_scope
from portico.emulator.listeners.stream import ByteStream

logger = logging.getLogger("portico")

_REQUEST_ERRORS = {
    431: "The headers of the request are longer than {limit} bytes.",
    501: "The only transfer coding that this server reads is chunked.",
}


@dataclass(frozen=True)
class ServedApp:
    """The application, with what its connections share."""

    app: ASGIApp
    limits: Limits
    connections: Connections
    state: dict[str, Any] = field(default_factory=dict)


class HttpConnection:
    """The requests of one client. Pipelined requests are answered in order."""

    def __init__(self, stream: ByteStream, served: ServedApp) -> None:
        self.stream = stream
        self.served = served
        self._limits = served.limits
        self._protocol = h11.Connection(
            h11.SERVER, max_incomplete_event_size=served.limits.header_bytes
        )
        self._keep_alive = True

    async def next_request(self) -> h11.Request | None:
        """Return the next request, or None if there is none and the connection must close.

        A malformed request is answered with a 400 that says what is wrong.
        """
        if not self._keep_alive or not await self._has_begun():
            return None
        try:
            async with asyncio.timeout(self._limits.header_seconds):
                event = await self._read_event()
        except TimeoutError:
            seconds = self._limits.header_seconds
            await self._refuse_malformed(
                408, f"The headers of the request were not complete after {seconds:g} seconds."
            )
            return None
        except h11.RemoteProtocolError as error:
            await self._refuse_malformed(error.error_status_hint, _sentence(error, self._limits))
            return None
        if not isinstance(event, h11.Request):
            return None
        if (problem := _problem(event)) is not None:
            await self._refuse_malformed(*problem)
            return None
        return event

    async def answer(self, request: h11.Request, app: ASGIApp | None = None) -> None:
        """Answer one request with the application."""
        exchange = self.exchange(request)
        try:
            scope = make_scope(request, self.stream, self.served.state, exchange.connection)
        except Refusal as refusal:
            await self.refuse(request, refusal)
            return
        with self.served.connections.answering(exchange):
            await self._run(app or self.served.app, scope, exchange)
        await self._end(exchange)

    async def refuse(self, request: h11.Request, refusal: Refusal) -> None:
        """Answer one request with an error, whose sentence the status line repeats.

        Clients of a proxy show nothing but the status line.
        """
        exchange = self.exchange(request)
        await exchange.refuse(refusal.status, refusal.sentence, in_status_line=True)
        await self._end(exchange)

    def release(self) -> ByteStream:
        """Return the stream for another use, with what the client sent after the last request."""
        self.stream.give_back(bytes(self._protocol.trailing_data[0]))
        return self.stream

    async def _run(self, app: ASGIApp, scope: Any, exchange: HttpExchange) -> None:  # noqa: ANN401  # ASGI's scope is a union of dicts
        """Run the application; without a whole answer, send a 500 or break the connection."""
        try:
            await app(scope, exchange.receive, exchange.send)
        except Exception as error:
            logger.exception(
                "The application failed: %s", error, extra={"event": "emulator.request_failed"}
            )
        if exchange.is_complete or exchange.connection.is_taken_over:
            return
        if exchange.is_started or self.stream.lost.is_set():
            exchange.connection.close()
        else:
            await exchange.fail()

    async def _end(self, exchange: HttpExchange) -> None:
        """Prepare for the next request if the connection can serve one."""
        whole = exchange.is_complete and not exchange.connection.is_taken_over
        if whole and not await exchange.read_rest():
            whole, self.stream.has_unread_request = False, True
        self._keep_alive = whole and exchange.keep_alive
        if self._keep_alive:
            self._keep_alive = h11.MUST_CLOSE not in self._protocol.states.values()
        if self._keep_alive:
            self._protocol.start_next_cycle()

    async def _refuse_malformed(self, status: int, sentence: str) -> None:
        """Answer something that is no request. Nothing after it can be trusted."""
        self.stream.has_unread_request = True
        if self._protocol.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            exchange = HttpExchange(self.stream, self._protocol, b"GET", self._limits)
            exchange.keep_alive = False
            await exchange.refuse(status, sentence)

    def exchange(self, request: h11.Request) -> HttpExchange:
        """Return the exchange of one request, which reads its body and sends its answer."""
        exchange = HttpExchange(self.stream, self._protocol, request.method, self._limits)
        exchange.keep_alive = not self.served.connections.is_stopping
        return exchange

    async def _has_begun(self) -> bool:
        """Wait for the first byte of a request; return False if the client sends none."""
        if self._protocol.trailing_data[0]:
            return True
        with self.served.connections.idling(self.stream):
            try:
                async with asyncio.timeout(self._limits.idle_seconds):
                    await self.stream.wait_for_bytes()
            except TimeoutError:
                return False
        return self.stream.has_received

    async def _read_event(self) -> object:
        # h11 applies its limit to headers that are not complete, so it must not get more at once.
        room = self._limits.header_bytes + 1 - len(self._protocol.trailing_data[0])
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            data = await self.stream.receive(max(room, 1))
            room -= len(data)
            self._protocol.receive_data(data)
        return event


def _problem(request: h11.Request) -> tuple[int, str] | None:
    """Return the status and sentence for a request that h11 accepts and this server refuses.

    Two servers could disagree about where a request ends that has two lengths (request smuggling).
    """
    if not request.http_version.startswith(b"1."):
        return 505, "This server speaks HTTP/1.1."
    names = [name for name, _ in request.headers]
    if b"transfer-encoding" not in names:
        return None
    if b"content-length" in names:
        return 400, "A request cannot have both Content-Length and Transfer-Encoding."
    if request.http_version < b"1.1":
        return 400, "An HTTP/1.0 request cannot have Transfer-Encoding."
    return None


def _sentence(error: h11.RemoteProtocolError, limits: Limits) -> str:
    known = _REQUEST_ERRORS.get(error.error_status_hint)
    if known is not None:
        return known.format(limit=limits.header_bytes)
    return f"This is not a valid HTTP/1.1 request: {problem_of(error)}."
