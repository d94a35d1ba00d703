"""The outermost layer of the stand-in: it records every request of the vendor's API."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.domain.records import Clock
from portico.emulator.journal.entries import (
    Body,
    Entry,
    Header,
    SentAnswer,
    SentRequest,
    StruckBy,
)
from portico.emulator.journal.journal import Journal, Sent
from portico.emulator.journal.masking import masked_body, masked_headers
from portico.emulator.journal.unread_fields import unread_fields
from portico.emulator.operations import Operations
from portico.emulator.vendor_requests import (
    TenantClock,
    TenantOfClient,
    VendorRequest,
    claims_of,
    client_of_sign_in,
    is_vendor_path,
    vendor_request,
)

READ_BYTES = 256 * 1024
"""How much of a body is read for its fields and its token."""

STORED_BYTES = 64 * 1024
"""How much of a body an entry has."""

_TOKEN = re.compile(rb'"access_token"\s*:\s*"([^"]+)"')
_SECONDS = re.compile(r"\s*(\d{1,9})s?\s*", re.IGNORECASE)


@dataclass(slots=True)
class _Captured:
    """A body as it passes: its beginning, and its whole size."""

    size: int = 0
    start: bytearray = field(default_factory=bytearray)

    def add(self, part: bytes) -> None:
        self.size += len(part)
        self.start += part[: READ_BYTES - len(self.start)]

    @property
    def is_whole(self) -> bool:
        return len(self.start) == self.size


@dataclass(slots=True)
class _Exchange:
    """What passed between the client and the application. `started` is in monotonic seconds."""

    started: float
    recorded: bool = False
    received: _Captured = field(default_factory=_Captured)
    sent: _Captured = field(default_factory=_Captured)
    status: int | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


class JournalMiddleware:
    """Records the requests that pass. Portico's own pages and control routes are left out.

    `clock` dates the entries, and `monotonic` measures durations. `tenant_of_client` finds the
    tenant of a sign-in.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        journal: Journal,
        operations: Operations,
        clock: TenantClock,
        monotonic: Clock,
        tenant_of_client: TenantOfClient,
    ) -> None:
        self._app = app
        self._journal = journal
        self._operations = operations
        self._clock = clock
        self._monotonic = monotonic
        self._tenant_of_client = tenant_of_client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and record it, even if the connection ends without an answer."""
        if scope["type"] != "http" or not is_vendor_path(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = vendor_request(scope, self._operations)
        sent = Sent(
            request.client_id or request.address,
            request.method,
            request.path,
            scope["query_string"].decode("latin-1"),
        )
        exchange = _Exchange(started=self._monotonic())
        self._journal.begin(sent, exchange.started)

        async def watched_receive() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                exchange.received.add(message["body"])
            return message

        async def watched_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                exchange.headers = [(bytes(n), bytes(v)) for n, v in message["headers"]]
            elif message["type"] == "http.response.body":
                exchange.sent.add(message["body"])
                if not message.get("more_body"):
                    # A client that has its answer must find the request in the journal.
                    await self._record(scope, request, sent, exchange)
            await send(message)

        try:
            await self._app(scope, watched_receive, watched_send)
        finally:
            await self._record(scope, request, sent, exchange)

    async def _record(
        self, scope: Scope, request: VendorRequest, sent: Sent, exchange: _Exchange
    ) -> None:
        """Add the entry of a request, unless that is done."""
        if exchange.recorded:
            return
        exchange.recorded = True
        ended = self._monotonic()
        await self._find_caller(scope, request, exchange)
        entry = _entry(self._journal.next_id(), scope, request, exchange, sent.query)
        entry.time = round(self._clock(request.customer_id), 3)
        entry.milliseconds = round((ended - exchange.started) * 1000, 3)
        self._journal.add(entry, sent, ended=ended)

    async def _find_caller(self, scope: Scope, request: VendorRequest, exchange: _Exchange) -> None:
        if request.operation is None or not request.operation.signs_in:
            return
        issued = _TOKEN.search(exchange.sent.start)
        if issued is not None:
            client_id, customer_id = claims_of(issued[1].decode("latin-1"))
            request.client_id, request.customer_id = client_id, customer_id
        if request.client_id is None:
            request.client_id = client_of_sign_in(scope, bytes(exchange.received.start))
        if request.client_id is not None and request.customer_id is None:
            request.customer_id = await self._tenant_of_client(request.client_id)


def _entry(
    entry_id: str, scope: Scope, request: VendorRequest, exchange: _Exchange, query: str
) -> Entry:
    headers = scope["headers"]
    form = b"x-www-form-urlencoded" in _header(headers, b"content-type")
    content = bytes(exchange.received.start)
    operation = request.operation
    ignored: tuple[str, ...] = ()
    if operation is not None and exchange.received.is_whole:
        ignored = tuple(unread_fields(operation, query, content, form=form))
    struck = None
    if request.fault is not None:
        struck = StruckBy(request.fault, request.effect or "")
    return Entry(
        id=entry_id,
        time=0.0,
        method=request.method,
        scheme=scope.get("scheme", "http"),
        host=_header(headers, b"host").decode("latin-1"),
        path=scope["path"],
        query=query,
        operation=request.operation_id,
        customer_id=request.customer_id,
        client_id=request.client_id,
        microtenant_id=parse_qs(query).get("microtenantId", [None])[-1],
        address=request.address,
        request=SentRequest(
            headers=_headers(headers), body=_body(content, exchange.received, form=form)
        ),
        answer=_answer(exchange),
        milliseconds=0.0,
        fault=struck,
        unread_fields=ignored,
        retry_after_seconds=_retry_after(exchange),
    )


def _answer(exchange: _Exchange) -> SentAnswer | None:
    if exchange.status is None:
        return None
    content = bytes(exchange.sent.start)
    if _header(exchange.headers, b"content-encoding") == b"gzip":
        content = _unpacked(content)
    return SentAnswer(
        status=exchange.status,
        headers=_headers(exchange.headers),
        body=_body(content, exchange.sent, form=False),
    )


def _unpacked(content: bytes) -> bytes:
    """Return the beginning of a compressed body, or nothing if it is damaged."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content, READ_BYTES)
    except zlib.error:
        return b""


def _body(content: bytes, captured: _Captured, *, form: bool) -> Body:
    text = masked_body(content.decode("utf-8", "replace"), form=form)
    cut = not captured.is_whole or len(text) > STORED_BYTES
    return Body(text=text[:STORED_BYTES], size=captured.size, cut=cut)


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> tuple[Header, ...]:
    return tuple(Header(name, value) for name, value in masked_headers(headers))


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return next((value for name, value in headers if name.lower() == wanted), b"")


def _retry_after(exchange: _Exchange) -> float | None:
    """Return the seconds that the answer tells the client to wait, or None."""
    value = _SECONDS.fullmatch(_header(exchange.headers, b"retry-after").decode("latin-1"))
    return None if value is None else float(value[1])
