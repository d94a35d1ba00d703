"""Every route of the console, under the tenant and the microtenant that it is about."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from portico.web.console import (
    administrators,
    audit,
    aups,
    clients,
    dashboard,
    groups,
    home,
    link_adding,
    link_changes,
    link_editor,
    links,
    microtenants,
    own_password,
    portal_order,
    portal_tabs,
    portals,
    search,
    sections,
    users,
)
from portico.web.console.errors import present_error
from portico.web.console.page import open_console
from portico.web.errors import page_exception_handlers
from portico.web.received_forms import FORM_BYTES

NOUNS = (
    dashboard,
    links,
    link_adding,
    link_changes,
    link_editor,
    portals,
    portal_tabs,
    portal_order,
    sections,
    aups,
    microtenants,
    clients,
    administrators,
    users,
    groups,
    audit,
    search,
    own_password,
    home,
)
PLACE = "/console/{customer:str}/{microtenant:str}"


def console_routers() -> list[Router]:
    """The console, with its own pages of errors."""
    handlers = page_exception_handlers(present_error)
    return [
        Router("/", route_handlers=[home.enter], exception_handlers=handlers),
        Router(
            PLACE,
            route_handlers=[route for noun in NOUNS for route in noun.ROUTES],
            dependencies={"console": Provide(open_console)},
            exception_handlers=handlers,
            request_max_body_size=FORM_BYTES,
        ),
    ]
