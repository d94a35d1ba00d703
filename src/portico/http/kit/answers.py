"""Answers of the API: JSON with an ETag, compressed or not, or no body at all."""

from __future__ import annotations

import zlib
from collections import deque

import msgspec
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from portico.domain.tenancy.identity import fingerprint

CONTENT_TYPE = "application/json;charset=utf-8"
GZIP_FROM_BYTES = 1_024
JSON = (b"content-type", CONTENT_TYPE.encode())
NO_STORE = (b"cache-control", b"no-store")
VARY = (b"vary", b"Accept-Encoding")
_GZIP_LEVEL = 4
_GZIP_SUFFIX = "-gzip"
_WITHOUT_BODY = {204, 304}


class Answer:
    """A finished answer, which is an ASGI application.

    Header names are in lower case. Content-Length and Content-Type are added when it is sent.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, body: bytes, *, status: int, headers: dict[str, str]) -> None:
        self.body = body
        self.status = status
        self.headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, as an ASGI application."""
        if self.status not in _WITHOUT_BODY:
            self.headers.append(JSON)
        await send_whole(send, self.status, self.headers, self.body)


async def send_whole(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Send an answer with a complete body. Adds Content-Length to `headers`."""
    if status not in _WITHOUT_BODY:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def encode(payload: object) -> bytes:
    """Return a payload of wire structs as JSON."""
    return msgspec.json.encode(payload)


def answer_json(
    request: Request, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    """Return an answer with a JSON body, compressed if it is long and the client accepts gzip."""
    whole = {"cache-control": "no-store", "vary": "Accept-Encoding"} | (headers or {})
    if len(body) >= GZIP_FROM_BYTES and wants_gzip(request.headers.get("accept-encoding", "")):
        body = gzip(body)
        whole["content-encoding"] = "gzip"
        if "etag" in whole:
            whole["etag"] = gzip_tag(whole["etag"])
    return Answer(body, status=status, headers=whole)


def answer_read(request: Request, body: bytes, tag: str) -> Answer:
    """Return the answer to a GET with its ETag, or 304 if the client has that version."""
    known = request.headers.get("if-none-match")
    if known is not None and names_tag(known, tag):
        headers = {"etag": tag, "cache-control": "no-store", "vary": "Accept-Encoding"}
        return Answer(b"", status=304, headers=headers)
    return answer_json(request, body, headers={"etag": tag})


def answer_nothing() -> Answer:
    """Return an answer with status 204 and no body."""
    return Answer(b"", status=204, headers={"cache-control": "no-store"})


def entity_tag(*parts: bytes) -> str:
    """Return the strong ETag of an uncompressed body, given whole or in parts."""
    return f'"{fingerprint(*parts)}"'


def names_tag(header: str, tag: str) -> bool:
    """Return whether an If-Match or If-None-Match header has the tag, compressed or not, or `*`.

    A weak tag matches too, since proxies weaken the strong tags that they compress.
    """
    if header.strip() == "*":
        return True
    current = tag.strip('"')
    for entry in header.split(","):
        opaque = entry.strip().removeprefix("W/").strip('"')
        if opaque.removesuffix(_GZIP_SUFFIX) == current:
            return True
    return False


def gzip_tag(tag: str) -> str:
    """Return the ETag of the compressed body."""
    return f'{tag[:-1]}{_GZIP_SUFFIX}"'


def wants_gzip(accept_encoding: str) -> bool:
    """Return whether an Accept-Encoding header allows gzip (RFC 9110, section 12.5.3)."""
    any_coding = False
    for entry in accept_encoding.lower().split(","):
        coding, _, weight = entry.partition(";")
        accepted = weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
        if coding.strip() == "gzip":
            return accepted
        if coding.strip() == "*":
            any_coding = accepted
    return any_coding


def gzip(body: bytes) -> bytes:
    """Return the body compressed, always the same bytes for the same body."""
    return b"".join(gzip_parts(deque([body])))


def gzip_parts(parts: deque[bytes]) -> deque[bytes]:
    """Return a body compressed in parts, and remove the parts that were given."""
    compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    compressed: deque[bytes] = deque()
    while parts:
        compressed.append(compressor.compress(parts.popleft()))
    compressed.append(compressor.flush())
    return compressed
