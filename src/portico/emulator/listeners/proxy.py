"""The forward proxy: serves the application under the vendor's names, and refuses other hosts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import h11

from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.destinations import HTTP_PORT, Destination, Destinations
from portico.emulator.listeners.http_connection import HttpConnection, ServedApp
from portico.emulator.listeners.listener import serve_requests
from portico.emulator.listeners.refusals import InvalidTarget, Refusal
from portico.emulator.listeners.request_scope import split_target
from portico.emulator.listeners.stream import ByteStream
from portico.emulator.listeners.tunnels import open_tunnel

_CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass(frozen=True)
class ProxyListener:
    """Serves clients that have the address of the stand-in in HTTPS_PROXY."""

    certificates: ServerCertificates
    destinations: Destinations
    host: str = "127.0.0.1"
    port: int = 0
    scheme: ClassVar[str] = "http"

    async def serve(self, stream: ByteStream, served: ServedApp) -> None:
        """Answer requests until a tunnel takes the connection or it must close."""
        connection = HttpConnection(stream, served)
        is_open = True
        while is_open and (request := await connection.next_request()) is not None:
            try:
                is_open = await self._handle(connection, request)
            except Refusal as refusal:
                await connection.refuse(request, refusal)

    async def _handle(self, connection: HttpConnection, request: h11.Request) -> bool:
        """Serve one request; return whether the connection can serve another one."""
        if request.method == b"CONNECT":
            await self._connect(connection, Destination.parse(request.target.decode("ascii")))
            return False
        authority, target = split_target(request)
        if authority is None or request.target[:5].lower() != b"http:":
            raise InvalidTarget(
                "This is the proxy port of Portico: it serves CONNECT and http URLs only. Send "
                "other requests to the HTTP port."
            )
        destination = Destination.parse(authority.decode("ascii"), HTTP_PORT)
        if self.destinations.is_served(destination, HTTP_PORT):
            await connection.answer(request)
            return True
        async with open_tunnel(connection, destination) as tunnel:
            await tunnel.forward(request, target, connection.exchange(request))
        return False

    async def _connect(self, connection: HttpConnection, destination: Destination) -> None:
        """Serve the application under a vendor's name, or open a tunnel to another host."""
        is_served = self.destinations.is_served(destination)
        stream, served = connection.release(), connection.served
        if not is_served:
            async with open_tunnel(connection, destination) as tunnel:
                stream.write(_CONNECTED)
                await tunnel.relay()
            return
        context = await self.certificates.prepare(destination.host)
        stream.write(_CONNECTED)
        with served.connections.idling(stream):
            is_encrypted = await stream.start_tls(context)
        if is_encrypted:
            await serve_requests(HttpConnection(stream, served))
