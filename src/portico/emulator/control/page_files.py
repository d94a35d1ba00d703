"""`/_portico/page`: the stylesheet and the script of the stand-in's page in the console."""

from __future__ import annotations

import asyncio
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from portico.asgi.routing import Route

FOLDER = files("portico.emulator.page") / "static"
NOT_CACHED = {"Cache-Control": "no-cache"}


def _page_file(name: str, media_type: str) -> Route:
    """Return the route of a file. It has no description, so nothing lists it."""

    async def read_page_file(_: Request) -> Response:
        content = await asyncio.to_thread((FOLDER / name).read_bytes)
        return Response(content, media_type=media_type, headers=NOT_CACHED)

    path = f"/page/{name}"
    return Route(method="GET", paths=(path,), handle=read_page_file, name="read_page_file")


ROUTES = (_page_file("stand-in.css", "text/css"), _page_file("stand-in.js", "text/javascript"))
