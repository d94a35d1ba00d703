"""Puts the stand-in's page into the console: the emulator's handlers in the console's frame."""

from __future__ import annotations

from portico.asgi.routing import RouteGroup
from portico.emulator.page.handlers import NAV, change_part, show_page
from portico.web.console.frame.routes import get, post
from portico.web.console.routes import console_group
from portico.web.shared.site import FurtherPage

TEMPLATES = ("portico.emulator",)
CONSOLE_PAGES = (FurtherPage(path=NAV, title="Stand-in", icon="flask"),)


def stand_in_page() -> RouteGroup:
    """Return the routes of the page, with the console's session, error pages and limits."""
    return console_group([get(f"/{NAV}")(show_page), post(f"/{NAV}/{{part}}")(change_part)])
