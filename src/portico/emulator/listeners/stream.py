"""The bytes of one accepted connection: bounded reading, waiting writes, TLS, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from typing import cast

from portico.emulator.listeners.limits import BUFFER_BYTES, Limits

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # struct linger: on, for 0 seconds
_DISCARDED_BYTES = 16 * 1024 * 1024

Address = tuple[str, int]


class ByteStream(asyncio.Protocol):
    """One connection. Only one task reads and writes it.

    After the client has sent its last byte, the stream is `ended` but can still be written to,
    because a client may close only its sending side.
    """

    def __init__(self, connected: Callable[[ByteStream], None], limits: Limits) -> None:
        self._connected = connected
        self._limits = limits
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._held = b""
        self._arrival = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._is_paused = False
        self._is_upgrading = False
        self.is_encrypted = False
        self.has_unread_request = False
        self.ended = asyncio.Event()
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to serve the connection."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has another base class
        self._pause()  # until it is known whether TLS comes first
        self._connected(self)

    def data_received(self, data: bytes) -> None:
        """Store bytes, and stop reading when enough of them wait."""
        self._received += data
        self._arrival.set()
        self._pause_if_full()

    def eof_received(self) -> bool:
        """Note that the client sends no more. Return whether the connection stays open."""
        self.ended.set()
        self._arrival.set()
        return not self.is_encrypted and not self._is_upgrading

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake everything that waits for the connection."""
        for event in (self.ended, self.lost, self._arrival, self._writable):
            event.set()

    def pause_writing(self) -> None:
        """Note that the client does not read as fast as the application writes."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let the application write again."""
        self._writable.set()

    @property
    def client(self) -> Address | None:
        """Return the address and port of the client."""
        return _address(self._transport.get_extra_info("peername"))

    @property
    def server(self) -> Address | None:
        """Return the address and port on which the connection was accepted."""
        return _address(self._transport.get_extra_info("sockname"))

    @property
    def has_received(self) -> bool:
        """Return whether bytes wait to be read."""
        return bool(self._received)

    async def wait_for_bytes(self) -> None:
        """Wait until bytes have arrived or the client has sent its last."""
        while not self._received and not self.ended.is_set():
            self._resume()
            self._arrival.clear()
            await self._arrival.wait()

    async def receive(self, most: int = BUFFER_BYTES) -> bytes:
        """Return at most `most` bytes, waiting for the first. Empty means the end."""
        await self.wait_for_bytes()
        received = bytes(self._received[:most])
        del self._received[:most]
        if len(self._received) <= BUFFER_BYTES:
            self._resume()
        return received

    def give_back(self, data: bytes) -> None:
        """Put bytes that were received back, to be received again before all others."""
        self._received[:0] = data

    def write(self, data: bytes) -> None:
        """Send bytes without waiting. Nothing happens once the connection is lost or closing."""
        data, self._held = self._held + data, b""
        if data and not self.lost.is_set() and not self._transport.is_closing():
            self._transport.write(data)

    def write_soon(self, data: bytes) -> None:
        """Send bytes together with the next ones if those follow at once, to save a packet."""
        self._held += data
        asyncio.get_running_loop().call_soon(self.write, b"")

    async def drain(self) -> None:
        """Wait until the client has read enough. A client that reads too slowly is disconnected."""
        try:
            async with asyncio.timeout(self._limits.write_seconds):
                await self._writable.wait()
        except TimeoutError:
            self.abort()

    async def start_tls(self, context: ssl.SSLContext) -> bool:
        """Make the TLS handshake as the server; return whether it succeeded.

        Bytes that have been received already are the beginning of the handshake.
        """
        self._is_upgrading = True
        early = bytes(self._received)
        self._received.clear()
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self._hand_over, early)  # after `start_tls` has connected
        try:
            transport = await loop.start_tls(
                self._transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=self._limits.handshake_seconds,
                ssl_shutdown_timeout=self._limits.close_seconds,
            )
        except OSError:  # a failed handshake is an SSLError, and a slow one a ConnectionError
            transport = None
        finally:
            self._is_upgrading = False
        if transport is None:
            self.abort()
            self.connection_lost(None)  # which asyncio does not call after a failed handshake
            return False
        self._transport = transport
        self._is_paused = False
        self.is_encrypted = True
        self._pause_if_full()
        return True

    def _hand_over(self, data: bytes) -> None:
        """Give bytes to the protocol that makes the handshake."""
        protocol = self._transport.get_protocol()
        while data and isinstance(protocol, asyncio.BufferedProtocol):
            buffer = memoryview(protocol.get_buffer(len(data)))
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            protocol.buffer_updated(size)
            data = data[size:]

    async def finish(self) -> None:
        """Close the connection after the last answer, so that the client can read all of it.

        Closing while the client still sends would reset the connection, and the client would lose
        the answer (RFC 9112, section 9.6). So the server then first reads on for a short time.
        """
        still_sends = self.has_unread_request or self.has_received
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.close_seconds):
                if still_sends and not self.ended.is_set() and self._transport.can_write_eof():
                    await self._end_sending()
                await self.close()
        self.abort()

    async def close(self) -> None:
        """Send what is still buffered, and close. The caller limits the time."""
        self.close_soon()
        await self.lost.wait()

    def close_soon(self) -> None:
        """Close the connection without waiting."""
        self.write(b"")
        self._transport.close()

    def abort(self) -> None:
        """Drop the connection and all that is buffered."""
        self._transport.abort()

    def reset(self) -> None:
        """Drop the connection with a TCP RST, as a crashed server does."""
        self.write(b"")
        connection: socket.socket | None = self._transport.get_extra_info("socket")
        if connection is not None and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._transport.abort()

    async def _end_sending(self) -> None:
        """Send what is buffered and the end, then read and discard what the client still sends."""
        self.write(b"")
        try:
            self._transport.write_eof()
        except OSError:  # the client is gone, which asyncio has not noticed yet
            return
        discarded = 0
        while discarded < _DISCARDED_BYTES and (data := await self.receive()):
            discarded += len(data)

    def _pause_if_full(self) -> None:
        # During a handshake the transport is about to change, and one read can add only a little.
        if len(self._received) > BUFFER_BYTES and not self._is_upgrading:
            self._pause()

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._is_paused and not self.lost.is_set():
            self._is_paused = False
            self._transport.resume_reading()


def _address(name: object) -> Address | None:
    """Return the host and port of a socket name; an IPv6 name has two more parts."""
    if isinstance(name, tuple) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return None
