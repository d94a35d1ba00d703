"""The TLS listener: HTTPS with a certificate for the name that the client asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.http_connection import HttpConnection, ServedApp
from portico.emulator.listeners.listener import serve_requests
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
        if await stream.start_tls(self.certificates.context_for()):
            await serve_requests(HttpConnection(stream, served))
