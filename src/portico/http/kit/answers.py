"""Answers: JSON bytes with an ETag, a gzip variant, or nothing at all."""

from __future__ import annotations

import zlib
from collections import deque
from typing import Any

import msgspec
from litestar import Request
from litestar.types import Receive, Scope, Send

from portico.domain.tenancy.identity import fingerprint

CONTENT_TYPE = "application/json;charset=utf-8"
GZIP_FROM_BYTES = 1_024
JSON = (b"content-type", CONTENT_TYPE.encode())
NO_STORE = (b"cache-control", b"no-store")
VARY = (b"vary", b"Accept-Encoding")
_GZIP_LEVEL = 4
_GZIP_SUFFIX = "-gzip"
_WITHOUT_BODY = {204, 304}

AnyRequest = Request[Any, Any, Any]


class Answer:
    """A finished answer, sent as it is: the framework's own response would be rendered once more.

    Header names are in lower case; the length, and the type of a body, are added when it is sent.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, body: bytes, *, status: int, headers: dict[str, str]) -> None:
        self.body = body
        self.status = status
        self.headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it, as an ASGI application of its own."""
        if self.status not in _WITHOUT_BODY:
            self.headers.append(JSON)
        await send_whole(send, self.status, self.headers, self.body)

    def to_asgi_response(self, **_: object) -> Answer:
        """What the framework asks of the answer to an error."""
        return self


async def send_whole(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Sends an answer whose body is all there; its length is added to `headers`."""
    if status not in _WITHOUT_BODY:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def encode(payload: object) -> bytes:
    """A payload of wire structs as JSON bytes."""
    return msgspec.json.encode(payload)


def answer_json(
    request: AnyRequest, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    """An answer with a JSON body, compressed when it is long and the client asks for it."""
    sent = {"cache-control": "no-store", "vary": "Accept-Encoding"} | (headers or {})
    if len(body) >= GZIP_FROM_BYTES and wants_gzip(request.headers.get("accept-encoding", "")):
        body = gzip(body)
        sent["content-encoding"] = "gzip"
        if "etag" in sent:
            sent["etag"] = gzip_tag(sent["etag"])
    return Answer(body, status=status, headers=sent)


def answer_read(request: AnyRequest, body: bytes, tag: str) -> Answer:
    """The answer to a GET: with its ETag, and 304 when the client has that version."""
    asked = request.headers.get("if-none-match")
    if asked is not None and names_tag(asked, tag):
        headers = {"etag": tag, "cache-control": "no-store", "vary": "Accept-Encoding"}
        return Answer(b"", status=304, headers=headers)
    return answer_json(request, body, headers={"etag": tag})


def answer_nothing() -> Answer:
    """204: done, and nothing to say."""
    return Answer(b"", status=204, headers={"cache-control": "no-store"})


def entity_tag(*parts: bytes) -> str:
    """The strong ETag of a body, whole or in parts, as it is before compression."""
    return f'"{fingerprint(*parts)}"'


def names_tag(header: str, tag: str) -> bool:
    """Whether an If-Match or If-None-Match header names the tag, in either encoding, or `*`.

    A weak tag matches as well: the tags are strong, so a proxy that weakened one lost nothing.
    """
    if header.strip() == "*":
        return True
    wanted = tag.strip('"')
    for entry in header.split(","):
        opaque = entry.strip().removeprefix("W/").strip('"')
        if opaque.removesuffix(_GZIP_SUFFIX) == wanted:
            return True
    return False


def gzip_tag(tag: str) -> str:
    """The ETag of the compressed form."""
    return f'{tag[:-1]}{_GZIP_SUFFIX}"'


def wants_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header takes gzip (RFC 9110, section 12.5.3)."""
    star = False
    for entry in accept_encoding.lower().split(","):
        coding, _, weight = entry.partition(";")
        taken = weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
        if coding.strip() == "gzip":
            return taken
        if coding.strip() == "*":
            star = taken
    return star


def gzip(body: bytes) -> bytes:
    """The body in gzip form, the same bytes for the same body."""
    return b"".join(gzip_parts(deque([body])))


def gzip_parts(parts: deque[bytes]) -> deque[bytes]:
    """A body in gzip form, in parts; those that are given are used up."""
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    packed: deque[bytes] = deque()
    while parts:
        packed.append(packer.compress(parts.popleft()))
    packed.append(packer.flush())
    return packed
