"""Puts the stand-in's page into the console: the emulator's routes in the console's frame."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from portico.asgi.routing import OwnRouter
from portico.emulator.page.routes import NAV, ROUTES
from portico.web.console.frame.errors import present_error
from portico.web.console.frame.page import open_console
from portico.web.console.routes import SCOPE_PATH
from portico.web.shared.compression import CompressedPages
from portico.web.shared.errors import page_exception_handlers
from portico.web.shared.received_forms import FORM_BYTES
from portico.web.shared.site import FurtherPage

TEMPLATES = ("portico.emulator",)
CONSOLE_PAGES = (FurtherPage(path=NAV, title="Stand-in", icon="flask"),)


def stand_in_page() -> Router:
    """Return the routes of the page, with the console's session, error pages and limits."""
    return OwnRouter(
        SCOPE_PATH,
        route_handlers=list(ROUTES),
        dependencies={"console": Provide(open_console)},
        exception_handlers=page_exception_handlers(present_error),
        middleware=[CompressedPages],
        request_max_body_size=FORM_BYTES,
    )
