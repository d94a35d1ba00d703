"""Connections from the proxy to other hosts, opened only for `--direct` and `--pass-through`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import h11

from portico.emulator.listeners.destinations import Destination
from portico.emulator.listeners.http_connection import HttpConnection
from portico.emulator.listeners.http_exchange import HttpExchange
from portico.emulator.listeners.limits import BUFFER_BYTES, Limits
from portico.emulator.listeners.refusals import Unreachable
from portico.emulator.listeners.stream import ByteStream

# Headers about one connection, which the next one must not get (RFC 9110, section 7.6.1). `expect`
# is among them because the proxy answers it.
_OF_ONE_CONNECTION = frozenset(
    b"connection expect keep-alive proxy-authorization proxy-connection te upgrade".split()
)


class Tunnel:
    """An open connection between a client and another host."""

    def __init__(
        self,
        stream: ByteStream,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: Limits,
    ) -> None:
        self._stream = stream
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._idle: asyncio.Timeout | None = None

    async def relay(self) -> None:
        """Copy bytes both ways until the host or a time limit ends the tunnel."""
        await self._relay(self._upload())

    async def forward(self, request: h11.Request, target: bytes, exchange: HttpExchange) -> None:
        """Send one request to the host, and its answer to the client as it is."""
        headers = [each for each in request.headers if each[0] not in _OF_ONE_CONNECTION]
        protocol = h11.Connection(h11.CLIENT)
        start = h11.Request(
            method=request.method, target=target, headers=[*headers, (b"connection", b"close")]
        )
        await self._send(protocol.send(start))
        await self._relay(self._send_body(exchange, protocol))

    async def _relay(self, upload: Coroutine[Any, Any, None]) -> None:
        """Copy the host's bytes to the client while `upload` runs."""
        try:
            async with (
                asyncio.timeout(self._limits.tunnel_seconds),
                asyncio.timeout(self._limits.tunnel_idle_seconds) as self._idle,
                asyncio.TaskGroup() as tasks,
            ):
                uploading = tasks.create_task(upload)
                while data := await self._reader.read(BUFFER_BYTES):
                    self._note_activity()
                    self._stream.write(data)
                    await self._stream.drain()
                uploading.cancel()
        except (TimeoutError, OSError, ExceptionGroup):  # the group of what the upload raised
            self._stream.abort()

    async def _upload(self) -> None:
        while data := await self._stream.receive():
            await self._send(data)
        if self._stream.lost.is_set():
            self._writer.close()
        elif self._writer.can_write_eof():
            self._writer.write_eof()

    async def _send_body(self, exchange: HttpExchange, protocol: h11.Connection) -> None:
        more = True
        while more and (message := await exchange.receive())["type"] == "http.request":
            more = message["more_body"]
            if message["body"]:
                await self._send(protocol.send(h11.Data(data=message["body"])))
        await self._send(None if more else protocol.send(h11.EndOfMessage()))

    async def _send(self, data: bytes | None) -> None:
        self._note_activity()
        self._writer.write(data or b"")
        await self._writer.drain()

    def _note_activity(self) -> None:
        if self._idle is not None:
            now = asyncio.get_running_loop().time()
            self._idle.reschedule(now + self._limits.tunnel_idle_seconds)


@asynccontextmanager
async def open_tunnel(
    connection: HttpConnection, destination: Destination
) -> AsyncIterator[Tunnel]:
    """Connect a client to another host. Raises TooManyTunnels or Unreachable."""
    limits = connection.served.limits
    with connection.served.connections.tunnelling(connection.stream):
        try:
            async with asyncio.timeout(limits.tunnel_connect_seconds):
                reader, writer = await asyncio.open_connection(
                    destination.host, destination.port, limit=BUFFER_BYTES
                )
        except TimeoutError:
            raise Unreachable(f"Portico cannot connect to {destination}: no answer.") from None
        except OSError as error:
            why = error.strerror or "the connection failed"
            raise Unreachable(f"Portico cannot connect to {destination}: {why}.") from None
        try:
            yield Tunnel(connection.stream, reader, writer, limits)
        finally:
            writer.transport.abort()
