"""Puts the stand-in's page into the console: the emulator's handlers in the console's frame."""

from __future__ import annotations

from portico.asgi.routing import RouteGroup
from portico.emulator.page.handlers import NAV, change_part, show_page
from portico.web.console.frame.errors import present_error
from portico.web.console.frame.routes import get, post
from portico.web.console.routes import SCOPE_PATH
from portico.web.shared.compression import CompressedPages
from portico.web.shared.errors import page_errors
from portico.web.shared.received_forms import FORM_BYTES
from portico.web.shared.site import FurtherPage

TEMPLATES = ("portico.emulator",)
CONSOLE_PAGES = (FurtherPage(path=NAV, title="Stand-in", icon="flask"),)


def stand_in_page() -> RouteGroup:
    """Return the routes of the page, with the console's session, error pages and limits."""
    return RouteGroup(
        prefix=SCOPE_PATH,
        routes=(get(f"/{NAV}")(show_page), post(f"/{NAV}/{{part}}")(change_part)),
        errors=page_errors(present_error),
        layers=(CompressedPages,),
        body_limit=FORM_BYTES,
    )
