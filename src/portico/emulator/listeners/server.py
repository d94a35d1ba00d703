"""Serves one ASGI application on several listeners, with one lifespan and a graceful stop."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from starlette.types import ASGIApp

from portico.emulator.listeners.connections import Connections
from portico.emulator.listeners.http_connection import ServedApp
from portico.emulator.listeners.lifespan import Lifespan
from portico.emulator.listeners.limits import Limits
from portico.emulator.listeners.listener import BACKLOG, Listener, bind
from portico.emulator.listeners.stream import Address, ByteStream

logger = logging.getLogger("portico")

_NO_ROOM = (
    b"HTTP/1.1 503 Too many connections\r\nconnection: close\r\ncontent-length: 0\r\n"
    b"retry-after: 1\r\n\r\n"
)


class RunningServer:
    """The open listeners of a served application, in the order in which they were given."""

    def __init__(self, served: ServedApp) -> None:
        self._served = served
        self._servers: list[asyncio.Server] = []
        self.addresses: list[Address] = []
        self.urls: list[str] = []

    @property
    def connection_count(self) -> int:
        """Return how many connections are open."""
        return len(self._served.connections)

    @property
    def busy_count(self) -> int:
        """Return how many requests the application is answering."""
        return self._served.connections.answering_count

    async def open(self, listeners: Sequence[Listener]) -> None:
        """Open every listener, or none. Raises CannotListen."""
        sockets: list[socket.socket] = []
        try:
            for listener in listeners:
                sockets.append(bind(listener))
        except BaseException:
            for each in sockets:
                each.close()
            raise
        for listener, bound in zip(listeners, sockets, strict=True):
            await self._open(listener, bound)

    async def close(self) -> None:
        """Refuse new connections, let requests finish for `stop_seconds`, then end them all."""
        for server in self._servers:
            server.close()
        await self._served.connections.stop(self._served.limits.stop_seconds)

    async def _open(self, listener: Listener, bound: socket.socket) -> None:
        connected = partial(self._accept, listener)
        limits = self._served.limits
        server = await asyncio.get_running_loop().create_server(
            lambda: ByteStream(connected, limits), sock=bound, backlog=BACKLOG
        )
        self._servers.append(server)
        host, port = bound.getsockname()[:2]
        self.addresses.append((host, port))
        self.urls.append(f"{listener.scheme}://{f'[{host}]' if ':' in host else host}:{port}")

    def _accept(self, listener: Listener, stream: ByteStream) -> None:
        connections = self._served.connections
        if connections.is_stopping:
            stream.abort()
        elif connections.has_room():
            connections.add(asyncio.create_task(self._serve(listener, stream)), stream)
        else:
            stream.write(_NO_ROOM)
            stream.close_soon()

    async def _serve(self, listener: Listener, stream: ByteStream) -> None:
        try:
            await listener.serve(stream, self._served)
            await stream.finish()
        except Exception as error:
            event = {"event": "emulator.connection_failed"}
            logger.exception("A connection failed: %s", error, extra=event)
        finally:
            stream.abort()


@asynccontextmanager
async def serve_app(
    app: ASGIApp, listeners: Sequence[Listener], limits: Limits | None = None
) -> AsyncIterator[RunningServer]:
    """Start the application, open the listeners, and stop everything at the end of the block.

    The application has started when the block begins. Raises its error if it cannot start, and
    CannotListen if a port is not free. Needs asyncio's own event loop: on uvloop, TLS
    handshakes hang.
    """
    limits = limits or Limits()
    lifespan = Lifespan(app)
    await lifespan.start()
    try:
        server = RunningServer(ServedApp(app, limits, Connections(limits), lifespan.state))
        await server.open(listeners)
        try:
            yield server
        finally:
            await server.close()
    finally:
        await lifespan.stop()
