"""The routes of the console; addresses begin with the tenant and the microtenant."""

from __future__ import annotations

from collections.abc import Sequence

from portico.asgi.routing import Route, RouteGroup
from portico.web.console import home
from portico.web.console.audit import log as audit
from portico.web.console.frame.errors import present_error
from portico.web.console.links import adding as link_adding
from portico.web.console.links import changes as link_changes
from portico.web.console.links import editor as link_editor
from portico.web.console.links import exporting as link_exporting
from portico.web.console.links import icons as link_icons
from portico.web.console.links import list as links
from portico.web.console.links import sections
from portico.web.console.people import (
    administrators,
    groups,
    members,
    own_password,
    own_second_factor,
    password_links,
    providers,
    second_factor_rule,
    users,
)
from portico.web.console.policies import acceptances
from portico.web.console.policies import policies as aups
from portico.web.console.portals import choosing as link_choosing
from portico.web.console.portals import dashboard, everywhere, portals, requests, search
from portico.web.console.portals import order as portal_order
from portico.web.console.portals import sees as what_people_see
from portico.web.console.portals import tabs as portal_tabs
from portico.web.console.tenancy import clients, microtenants
from portico.web.shared.compression import CompressedPages
from portico.web.shared.errors import page_errors
from portico.web.shared.received_forms import FORM_BYTES

NOUNS = (
    dashboard,
    links,
    link_adding,
    link_changes,
    link_editor,
    link_exporting,
    link_icons,
    portals,
    portal_tabs,
    portal_order,
    everywhere,
    link_choosing,
    requests,
    sections,
    aups,
    acceptances,
    microtenants,
    clients,
    administrators,
    users,
    groups,
    members,
    what_people_see,
    password_links,
    providers,
    audit,
    search,
    own_password,
    own_second_factor,
    second_factor_rule,
    home,
)
SCOPE_PATH = "/console/{customer}/{microtenant}"


def console_groups() -> list[RouteGroup]:
    """Return the routes of the console, with its error pages."""
    entry = RouteGroup(
        routes=(home.enter,), errors=page_errors(present_error), layers=(CompressedPages,)
    )
    return [
        entry,
        console_group([route for noun in NOUNS for route in noun.ROUTES]),
    ]


def console_group(routes: Sequence[Route]) -> RouteGroup:
    """Return the routes below the address of a microtenant, with the console's limits."""
    return RouteGroup(
        prefix=SCOPE_PATH,
        routes=routes,
        errors=page_errors(present_error),
        layers=(CompressedPages,),
        body_limit=FORM_BYTES,
    )
