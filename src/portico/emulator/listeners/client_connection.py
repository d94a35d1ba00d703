"""What an application can do to the connection of a request, beyond answering it."""

from __future__ import annotations

from portico.emulator.listeners.stream import ByteStream

EXTENSION = "portico.connection"
"""The key of the object in `scope["extensions"]`."""


class ClientConnection:
    """Breaks a connection on purpose. Afterwards the server ignores what the application sends.

    The connection ends when the application returns, at the latest.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.is_taken_over = False

    def reset(self) -> None:
        """End the connection with a TCP RST, before or in the middle of an answer."""
        self.is_taken_over = True
        self._stream.reset()

    def close(self) -> None:
        """Close the connection in the ordinary way, without finishing the answer."""
        self.is_taken_over = True
        self._stream.close_soon()

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, for a malformed answer. They follow what was already sent.

        The bytes are buffered until the client reads them, so send no more than a few kilobytes.
        """
        self.is_taken_over = True
        self._stream.write(data)
