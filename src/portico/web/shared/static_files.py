"""Stylesheets, scripts and pictures of the pages: served from memory under the digest of what they
hold, so that browsers keep them for good and never an old one.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from portico.domain.errors import NotFound
from portico.web.shared.cookies import AnyRequest

MEDIA_TYPES: Mapping[str, str] = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
}
COMPRESSED = {"css", "js", "svg"}
DIGEST_CHARACTERS = 16
CACHE_FOREVER = "public, max-age=31536000, immutable"
# An SVG that is opened by itself must not run anything either.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True)
class StaticFile:
    """What one file holds, plain and, where that helps, gzipped."""

    content: bytes
    gzipped: bytes | None
    media_type: str
    digest: str


class StaticFiles:
    """The files under `web/static` that a browser may ask for."""

    def address(self, name: str) -> str:
        """The address of a file, as in "portal.css". Raises KeyError for one that is not there."""
        return f"/static/{self._files[name].digest}/{name}"

    def answer(self, request: AnyRequest, digest: str, name: str) -> Response[bytes]:
        """The file, for as long as the browser likes. Raises NotFound, also for an old digest."""
        found = self._files.get(name)
        if found is None or found.digest != digest:
            raise NotFound(name)
        headers = {
            "Cache-Control": CACHE_FOREVER,
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Vary": "Accept-Encoding",
        }
        content = found.content
        if found.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            content = found.gzipped
        return Response(content, media_type=found.media_type, headers=headers)

    @cached_property
    def _files(self) -> Mapping[str, StaticFile]:
        found: dict[str, StaticFile] = {}
        _collect(files("portico.web").joinpath("static"), "", found)
        return found


def _collect(folder: Traversable, prefix: str, found: dict[str, StaticFile]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/", found)
            continue
        ending = entry.name.rpartition(".")[2]
        if ending in MEDIA_TYPES:
            found[f"{prefix}{entry.name}"] = _loaded(entry.read_bytes(), ending)


def _loaded(content: bytes, ending: str) -> StaticFile:
    return StaticFile(
        content=content,
        gzipped=gzip.compress(content, 9, mtime=0) if ending in COMPRESSED else None,
        media_type=MEDIA_TYPES[ending],
        digest=hashlib.sha256(content).hexdigest()[:DIGEST_CHARACTERS],
    )


@get("/static/{digest:str}/{name:path}")
async def static_file(
    request: AnyRequest, digest: FromPath[str], name: FromPath[Path]
) -> Response[bytes]:
    """One file, if the digest is that of its present content."""
    static: StaticFiles = request.app.state.site.static
    return static.answer(request, digest, name.as_posix().removeprefix("/"))


ROUTES = (static_file,)
