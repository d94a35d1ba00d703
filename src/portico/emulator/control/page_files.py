"""`/_portico/page`: the stylesheet and the script of the stand-in's page in the console."""

from __future__ import annotations

from importlib.resources import files

from litestar import Response, get

FOLDER = files("portico.emulator.page") / "static"
NOT_CACHED = {"Cache-Control": "no-cache"}


@get("/page/stand-in.css", include_in_schema=False, sync_to_thread=True)
def read_stylesheet() -> Response[bytes]:
    """Return the stylesheet of the page."""
    return Response(
        (FOLDER / "stand-in.css").read_bytes(), media_type="text/css", headers=NOT_CACHED
    )


@get("/page/stand-in.js", include_in_schema=False, sync_to_thread=True)
def read_script() -> Response[bytes]:
    """Return the script of the page."""
    return Response(
        (FOLDER / "stand-in.js").read_bytes(), media_type="text/javascript", headers=NOT_CACHED
    )


ROUTES = (read_stylesheet, read_script)
