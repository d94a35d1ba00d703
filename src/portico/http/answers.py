"""Answers: JSON bytes with an ETag, a gzip variant, or nothing at all (behaviour section 2)."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
from litestar import Request, Response

from portico.domain.identity import fingerprint

CONTENT_TYPE = "application/json;charset=utf-8"
GZIP_FROM_BYTES = 1_024
_GZIP_LEVEL = 4
_GZIP_SUFFIX = "-gzip"

AnyRequest = Request[Any, Any, Any]
Answer = Response[bytes]


def encode(payload: object) -> bytes:
    """A payload of wire structs as JSON bytes."""
    return msgspec.json.encode(payload)


def answer_json(
    request: AnyRequest, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    """An answer with a JSON body, compressed when it is long and the client asks for it."""
    sent = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"} | (headers or {})
    if len(body) >= GZIP_FROM_BYTES and wants_gzip(request.headers.get("accept-encoding", "")):
        body = gzip(body)
        sent["Content-Encoding"] = "gzip"
        if "ETag" in sent:
            sent["ETag"] = gzip_tag(sent["ETag"])
    return Response(body, status_code=status, headers=sent, media_type=CONTENT_TYPE)


def answer_read(request: AnyRequest, body: bytes, tag: str) -> Answer:
    """The answer to a GET: with its ETag, and 304 when the client has that version."""
    asked = request.headers.get("if-none-match")
    if asked is not None and names_tag(asked, tag):
        headers = {"ETag": tag, "Cache-Control": "no-store", "Vary": "Accept-Encoding"}
        return Response(b"", status_code=304, headers=headers, media_type=CONTENT_TYPE)
    return answer_json(request, body, headers={"ETag": tag})


def answer_nothing() -> Answer:
    """204: done, and nothing to say."""
    return Response(b"", status_code=204, headers={"Cache-Control": "no-store"})


def entity_tag(body: bytes) -> str:
    """The strong ETag of a body as it is before compression."""
    return f'"{fingerprint(body)}"'


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
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(body) + packer.flush()
