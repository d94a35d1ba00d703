"""Serves the documentation site at `/docs/`, as `scripts/docs` built it into the package.

A wheel has its texts compressed. Where it has not been built, the API reference is there alone.
"""

from __future__ import annotations

import gzip
import json
from asyncio import to_thread
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from portico.asgi.routing import RouteGroup, route
from portico.domain.errors import NotFound
from portico.web.reference import STYLESHEET, read_stylesheet, render_reference
from portico.web.shared.errors import page_errors, present_message

SITE = Path(__file__).parent / "site"
THEME_SCRIPT = "sha256-ySvT2PEZeueHGC1y2crNuNTfphBynFPP7i+U21fEgX0="
"""The hash of the one script within Furo's pages, which sets the theme before they appear."""
POLICY = (
    f"default-src 'none'; script-src 'self' '{THEME_SCRIPT}'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
REFERENCE_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
COMPRESSED = {".css", ".html", ".js", ".json", ".svg"}
COMPRESSED_END = ".gz"


def documentation_routes(openapi: Callable[[], bytes], site: Path = SITE) -> RouteGroup:
    """Return the routes of the documentation. `openapi` returns the OpenAPI document as JSON."""

    @route("GET", "/docs")
    async def front(request: Request) -> Response:
        """Return the first page. Links of the site need the slash at the end of its address."""
        if not _ends_with_slash(request):
            return Response(status_code=308, headers={"Location": "/docs/"})
        return await to_thread(read_page, request, "index.html")

    @route("GET", "/docs/{name:path}")
    async def page(request: Request) -> Response:
        """Return a file of the site."""
        index = "/index.html" if _ends_with_slash(request) else ""
        return await to_thread(read_page, request, request.path_params["name"] + index)

    def read_page(request: Request, name: str) -> Response:
        if _find(site, "index.html") is not None:
            return read_file(request, site, name)
        text = render_reference(json.loads(openapi()))
        status = 200 if name == "index.html" else 404
        headers = {"Content-Security-Policy": REFERENCE_POLICY}
        return Response(text.encode(), status_code=status, media_type="text/html", headers=headers)

    @route("GET", f"/static/{STYLESHEET}")
    async def stylesheet(request: Request) -> Response:
        """Return the stylesheet of the API reference that stands alone."""
        return Response(await to_thread(read_stylesheet), media_type="text/css")

    return RouteGroup(routes=(front, page, stylesheet), errors=page_errors(present_message))


def _ends_with_slash(request: Request) -> bool:
    """Return whether the address was sent with a slash at its end, which the router removes."""
    path: bytes = request.scope["raw_path"]
    return path.partition(b"?")[0].endswith(b"/")


def read_file(request: Request, site: Path, name: str) -> Response:
    """Return a file of a built site, or 304. Raises NotFound for a name outside of the site."""
    try:
        path = _find(site, name)
    except (OSError, ValueError):  # a name that no file can have: too long, or with a zero byte
        path = None
    if path is None:
        raise NotFound(name)
    known = path.stat()
    tag = f'"{known.st_mtime_ns:x}-{known.st_size:x}"'
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "ETag": tag,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    content, suffix = path.read_bytes(), Path(name).suffix
    is_compressed = path.suffix == COMPRESSED_END
    if suffix in COMPRESSED and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        content = content if is_compressed else gzip.compress(content, 6, mtime=0)
    elif is_compressed:
        content = gzip.decompress(content)
    media_type = MEDIA_TYPES.get(suffix, "text/plain")
    return Response(content, media_type=media_type, headers=headers)


def _find(site: Path, name: str) -> Path | None:
    """Return the file of a site with a name, or the compressed one that a wheel has instead."""
    root, path = site.resolve(), (site / name).resolve()
    if not path.is_relative_to(root) or path == root:
        return None
    compressed = path.with_name(path.name + COMPRESSED_END)
    return next((each for each in (path, compressed) if each.is_file()), None)
