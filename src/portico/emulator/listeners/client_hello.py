"""The first message of a TLS client: whether it is one, and which host it asks for."""

from __future__ import annotations

_HANDSHAKE_RECORD = 22
_CLIENT_HELLO = 1
_SERVER_NAME = 0
_HEADERS = 5 + 4 + 2 + 32  # of the record and the message, the version, and the random bytes


def is_tls(data: bytes) -> bool:
    """Return whether the first bytes of a connection are those of a TLS client."""
    return data[:1] == bytes([_HANDSHAKE_RECORD])


def requested_name(data: bytes) -> str | None:
    """Return the host name of a ClientHello, in lower case.

    None if it names no host, or if it is malformed or has not arrived whole. OpenSSL judges it
    later in any case.
    """
    if not is_tls(data) or data[5:6] != bytes([_CLIENT_HELLO]):
        return None
    reader = _Reader(data[_HEADERS:])
    try:
        reader.block(1)  # session
        reader.block(2)  # ciphers
        reader.block(1)  # compression
        extensions = _Reader(reader.block(2))
        while extensions.left:
            kind, content = extensions.number(2), extensions.block(2)
            if kind == _SERVER_NAME:
                names = _Reader(content)
                names.number(2)  # length of the list, which has one entry
                names.number(1)  # its kind, a host name
                return names.block(2).decode("ascii").lower()
    except (EOFError, UnicodeDecodeError):
        return None
    return None


class _Reader:
    """Reads numbers and blocks with their length in front. Raises EOFError at the end."""

    def __init__(self, data: bytes) -> None:
        self.left = data

    def number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def block(self, length_size: int) -> bytes:
        return self._take(self.number(length_size))

    def _take(self, size: int) -> bytes:
        if len(self.left) < size:
            raise EOFError
        taken, self.left = self.left[:size], self.left[size:]
        return taken
