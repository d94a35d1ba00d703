"""The TLS listener: HTTPS with a certificate for the name that the client asks for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.client_hello import is_tls, requested_name
from portico.emulator.listeners.http_connection import HttpConnection, ServedApp
from portico.emulator.listeners.listener import serve_requests
from portico.emulator.listeners.refusals import InvalidTarget
from portico.emulator.listeners.stream import ByteStream


@dataclass(frozen=True)
class TlsListener:
    """Serves HTTPS, for the vendor's names and for localhost."""

    certificates: ServerCertificates
    host: str = "127.0.0.1"
    port: int = 0
    scheme: ClassVar[str] = "https"

    async def serve(self, stream: ByteStream, served: ServedApp) -> None:
        """Make the handshake, then answer the requests of one connection."""
        try:
            async with asyncio.timeout(served.limits.handshake_seconds):
                first = await stream.receive()
        except TimeoutError:
            return
        stream.give_back(first)
        if not first:
            return
        if not is_tls(first):
            await _refuse_plain_http(HttpConnection(stream, served))
            return
        context = await self.certificates.prepare(requested_name(first))
        if await stream.start_tls(context):
            await serve_requests(HttpConnection(stream, served))


async def _refuse_plain_http(connection: HttpConnection) -> None:
    request = await connection.next_request()
    if request is not None:
        await connection.refuse(
            request, InvalidTarget("This is the HTTPS port of Portico. Use an https URL.")
        )
