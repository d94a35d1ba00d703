"""What every listener has: an address to bind, and how it serves an accepted connection."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from typing import ClassVar, Protocol

from portico.domain.errors import Unavailable
from portico.emulator.listeners.http_connection import HttpConnection, ServedApp
from portico.emulator.listeners.stream import ByteStream

BACKLOG = 512


class CannotListen(Unavailable):
    """The address of a listener cannot be bound."""


class Listener(Protocol):
    """A port, and what happens on its connections. Port 0 is any free port."""

    scheme: ClassVar[str]

    @property
    def host(self) -> str:
        """Return the address or name to bind."""

    @property
    def port(self) -> int:
        """Return the port to bind."""

    async def serve(self, stream: ByteStream, served: ServedApp) -> None:
        """Serve one connection until it must close."""


@dataclass(frozen=True)
class HttpListener:
    """Serves plain HTTP."""

    host: str = "127.0.0.1"
    port: int = 0
    scheme: ClassVar[str] = "http"

    async def serve(self, stream: ByteStream, served: ServedApp) -> None:
        """Answer the requests of one connection."""
        await serve_requests(HttpConnection(stream, served))


async def serve_requests(connection: HttpConnection) -> None:
    """Answer requests with the application until the connection must close."""
    while (request := await connection.next_request()) is not None:
        await connection.answer(request)


def bind(listener: Listener) -> socket.socket:
    """Return a listening socket for a listener. Raises CannotListen with the reason."""
    where = f"{listener.host}:{listener.port}"
    try:
        found = socket.getaddrinfo(
            listener.host, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"Another program listens on {where}. Choose another port, or 0 for a free one."
            ) from None
        raise CannotListen(f"Portico cannot listen on {where}: {error.strerror}.") from None
