"""Style sheets, scripts and pictures of the pages, served from memory.

Their addresses contain a digest of the content, so browsers cache them for ever. Files that a page
needs together are joined into one, see `JOINED`.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from portico.asgi.routing import route
from portico.domain.errors import NotFound

MEDIA_TYPES: Mapping[str, str] = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
}
# Files that are served as one, in this order. Scripts share their names at the top level.
JOINED: Mapping[str, Sequence[str]] = {
    "portal.css": (
        "tokens.css",
        "arch.css",
        "elements.css",
        "portal/base.css",
        "portal/bar.css",
        "portal/messages.css",
        "portal/columns.css",
        "portal/long.css",
        "portal/find.css",
        "portal/favourites.css",
        "portal/tiles.css",
        "portal/results.css",
        "portal/aup.css",
        "portal/forms.css",
        "portal/requests.css",
        "portal/print.css",
    ),
    "portal.js": (
        "finding.js",
        "portal/page.js",
        "portal/times.js",
        "portal/favourites.js",
        "portal/recent.js",
        "portal/results.js",
        "portal/keys.js",
        "portal/menu.js",
    ),
    "console.css": (
        "vendor/tabler/tabler.used.css",
        "tokens.css",
        "arch.css",
        "elements.css",
        "console/base.css",
        "console/shell.css",
        "console/controls.css",
        "console/menus.css",
        "console/lists.css",
        "console/editor.css",
        "console/picker.css",
        "console/pages.css",
        "console/adding.css",
        "console/narrow.css",
    ),
    "console.js": (
        "console/page.js",
        "console/list.js",
        "console/choices.js",
        "console/picker.js",
        "console/editor.js",
        "console/icons.js",
        "console/order.js",
    ),
}
COMPRESSED = {"css", "js", "svg"}
DIGEST_CHARACTERS = 16
CACHE_FOREVER = "public, max-age=31536000, immutable"
# An SVG must not run scripts when it is opened by itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class StaticFile(msgspec.Struct, frozen=True):
    """The content of one file, also gzipped if that makes it smaller."""

    content: bytes
    gzipped: bytes | None
    media_type: str
    digest: str


class StaticFiles:
    """The files under `web/static`."""

    def address(self, name: str) -> str:
        """Return the address of a file such as "portal.css". Raises KeyError for an unknown one."""
        return f"/static/{self._files[name].digest}/{name}"

    def answer(self, request: Request, digest: str, name: str) -> Response:
        """Return a file. Raises NotFound, also for the digest of an earlier version."""
        file = self._files.get(name)
        if file is None or file.digest != digest:
            raise NotFound(name)
        headers = {
            "Cache-Control": CACHE_FOREVER,
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Vary": "Accept-Encoding",
        }
        content = file.content
        if file.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            content = file.gzipped
        return Response(content, media_type=file.media_type, headers=headers)

    @cached_property
    def _files(self) -> Mapping[str, StaticFile]:
        collected: dict[str, StaticFile] = {}
        _collect(files("portico.web").joinpath("static"), "", collected)
        for name, parts in JOINED.items():
            content = b"\n".join(collected[each].content for each in parts)
            collected[name] = _loaded(content, name.rpartition(".")[2])
        return collected


def _collect(folder: Traversable, prefix: str, collected: dict[str, StaticFile]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/", collected)
            continue
        name = entry.name.removesuffix(".gz")  # a wheel has large files compressed
        ending = name.rpartition(".")[2]
        if ending in MEDIA_TYPES:
            content = entry.read_bytes()
            content = content if name == entry.name else gzip.decompress(content)
            collected[f"{prefix}{name}"] = _loaded(content, ending)


def _loaded(content: bytes, ending: str) -> StaticFile:
    return StaticFile(
        content=content,
        gzipped=gzip.compress(content, 9, mtime=0) if ending in COMPRESSED else None,
        media_type=MEDIA_TYPES[ending],
        digest=hashlib.sha256(content).hexdigest()[:DIGEST_CHARACTERS],
    )


@route("GET", "/static/{digest}/{name:path}")
async def static_file(request: Request) -> Response:
    """Return a file, if the digest is that of its content."""
    static: StaticFiles = request.app.state.site.static
    return static.answer(request, request.path_params["digest"], request.path_params["name"])


ROUTES = (static_file,)
