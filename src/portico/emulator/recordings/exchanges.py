"""One recorded exchange, whatever the format of its file, and how its bodies are decoded."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from portico.domain.errors import InvalidInput

BODY_LIMIT_BYTES = 64 * 1024 * 1024
_GZIP_START = b"\x1f\x8b"

Json: TypeAlias = Any
"""A value of a JSON document."""

NO_JSON = object()
"""Stands for a body that is empty or is not JSON."""


class RecordingError(InvalidInput):
    """A recording cannot be read. The reason names the file and the exchange."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and its answer. Header names are in lower case, and bodies are not compressed.

    `where` names the file and the position in it, for messages.
    """

    where: str
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    answer_headers: Mapping[str, str]
    answer_body: bytes

    @property
    def host(self) -> str:
        """The host name of the URL, or ""."""
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """The path of the URL."""
        return urlsplit(self.url).path

    @property
    def query(self) -> str:
        """The query of the URL, percent-encoded."""
        return urlsplit(self.url).query


def part_of(exchange: object, name: str, where: str) -> Mapping[str, Any]:
    """Return the request or the response of a recorded exchange. Raises RecordingError."""
    part = exchange.get(name) if isinstance(exchange, Mapping) else None
    if not isinstance(part, Mapping):
        raise RecordingError(f"{where}: It has no {name}.")
    return part


def status_code(status: object, where: str) -> int:
    """Return the status of a recorded response. Raises RecordingError."""
    if not isinstance(status, int):
        raise RecordingError(f"{where}: The response has no status code.")
    return status


def json_of(body: bytes) -> Json:
    """Return the JSON value of a body, or NO_JSON."""
    if not body.strip():
        return NO_JSON
    try:
        return json.loads(body)
    except ValueError:
        return NO_JSON


def decoded_base64(text: str, where: str) -> bytes:
    """Return the bytes that a text encodes. Raises RecordingError."""
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        raise RecordingError(f"{where}: A body is not valid base64.") from None


def uncompressed(body: bytes, headers: Mapping[str, str], where: str) -> bytes:
    """Return a body without its content coding. Raises RecordingError.

    Recorders often decode the body and keep the header, so gzip is recognized by its first bytes.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if body.startswith(_GZIP_START):
        return _inflated(body, zlib.MAX_WBITS | 16, where)
    if coding == "deflate" and body and json_of(body) is NO_JSON:
        return _inflated(body, zlib.MAX_WBITS, where)
    if coding in {"br", "zstd"} and body and json_of(body) is NO_JSON:
        raise RecordingError(
            f"{where}: The body is compressed with {coding}. Record it with gzip or uncompressed."
        )
    return body


def _inflated(body: bytes, window: int, where: str) -> bytes:
    decompressor = zlib.decompressobj(window)
    try:
        content = decompressor.decompress(body, BODY_LIMIT_BYTES)
    except zlib.error:
        raise RecordingError(f"{where}: A compressed body is damaged.") from None
    if decompressor.unconsumed_tail:
        raise RecordingError(f"{where}: A body has more than {BODY_LIMIT_BYTES >> 20} MiB.")
    if not decompressor.eof:
        raise RecordingError(f"{where}: A compressed body is damaged.")
    return content
