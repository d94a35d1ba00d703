"""Answers with one file: a picture, a manifest, a style sheet."""

from __future__ import annotations

from starlette.responses import Response

from portico.domain.errors import NotFound
from portico.web.shared.pictures import Picture

IMMUTABLE = "private, max-age=31536000, immutable"
"""How long a browser may cache a file whose address contains a digest of its content."""

_POLICY = "default-src 'none'; sandbox"


def file_answer(content: bytes, media_type: str, *, cached: str = IMMUTABLE) -> Response:
    """Return an answer with a file, which no other site can use."""
    headers = {
        "Cache-Control": cached,
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(content, media_type=media_type, headers=headers)


def picture_answer(picture: Picture | None) -> Response:
    """Return an answer with a picture. Raises NotFound without one."""
    if picture is None:
        raise NotFound("picture")
    return file_answer(picture.content, picture.media_type)
