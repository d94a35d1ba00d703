"""What a request to a portal carries: its cookies, its form and its language."""

from __future__ import annotations

from starlette.requests import Request

from portico.domain.errors import NotFound
from portico.domain.records import MAX_ID
from portico.services.portals.visits import (
    PortalCookies,
    PortalVisit,
    require_portal_address,
    visit_portal,
)
from portico.web.shared.cookies import FORM, VISITOR, language_of, portal_cookie
from portico.web.shared.csrf import checked_form
from portico.web.shared.received_forms import ReceivedForm
from portico.web.shared.site import Site


def cookies_of(site: Site, request: Request) -> PortalCookies:
    """Return the cookies that decide what a request may see."""
    return PortalCookies(
        session_token=lambda customer_id: site.cookies.read(request, portal_cookie(customer_id)),
        visitor_token=site.cookies.read(request, VISITOR),
    )


async def visit(site: Site, request: Request, portal: str) -> PortalVisit:
    """Return the visit to the portal at an id or slug. Raises NotFound or SignInRequired."""
    address = await require_portal_address(site.runtime, portal)
    return await visit_portal(site.runtime, address, cookies_of(site, request))


def csrf_token(site: Site, request: Request, visit: PortalVisit) -> str:
    """Return the token that the visitor's forms carry: the session's, else the cookie's."""
    if visit.signed_in is None:
        return site.cookies.form_token(request)
    return visit.signed_in.session.csrf_token


async def read_form(site: Site, request: Request, visit: PortalVisit) -> ReceivedForm:
    """Return the form that the visitor sent. Raises what `checked_form` raises."""
    token = (
        site.cookies.read(request, FORM)
        if visit.signed_in is None
        else visit.signed_in.session.csrf_token
    )
    return await checked_form(site.threads, request, token)


def visit_language(request: Request, visit: PortalVisit) -> str:
    """Return the code of the language that the visitor reads."""
    return language_of(request, visit.signed_in.user.language if visit.signed_in else "")


def sent_id(text: str) -> int:
    """Return the id in a form or a path. Raises NotFound for text that is no id."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else 0
    if not 0 < number <= MAX_ID:
        raise NotFound(text[:20])
    return number
