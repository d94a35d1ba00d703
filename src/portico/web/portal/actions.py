"""What a visitor changes on a portal: acceptance, theme and language, favourites, openings."""

from __future__ import annotations

import secrets
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from portico.domain.errors import ConcurrentChange
from portico.services.portals.acceptance import accept_policy
from portico.services.portals.activity import (
    order_favourites,
    record_opening,
    set_favourite,
)
from portico.services.portals.visits import PortalVisit, SignInRequired
from portico.web.portal.visits import read_form, sent_id, visit
from portico.web.shared.branding import portal_path
from portico.web.shared.cookies import LANGUAGE, THEME, THEMES, VISITOR, YEAR_SECONDS, Cookie
from portico.web.shared.languages import LANGUAGES
from portico.web.shared.pages import redirect, safe_next, with_cookies
from portico.web.shared.received_forms import ReceivedForm
from portico.web.shared.routes import post
from portico.web.shared.site import Site

FORM_BYTES = 16 * 1024


@post("/p/{portal}/aup", body_limit=FORM_BYTES)
async def accept(site: Site, request: Request, portal: str) -> Response:
    """Record that the visitor accepted the policy in the version of the form, then go on."""
    visited = await visit(site, request, portal)
    form = await read_form(site, request, visited)
    cookies: list[Cookie] = []
    visitor = visited.visitor
    if visitor.user_id is None and not visitor.token:
        visitor = replace(visitor, token=secrets.token_urlsafe(24))
        cookies = [site.cookies.make(VISITOR, visitor.token, seconds=YEAR_SECONDS)]
    aup_id, version = sent_id(form.get("aup", "")), form.get("version", "")
    try:
        await accept_policy(site.runtime, visited.portal, aup_id, version, visitor)
    except ConcurrentChange:
        # The next page shows the policy again, with its new text.
        cookies = []
    return redirect(_next(form, visited), cookies=cookies)


@post("/p/{portal}/preferences", body_limit=FORM_BYTES)
async def set_preferences(site: Site, request: Request, portal: str) -> Response:
    """Set the theme or the language in the browser's cookies."""
    visited = await visit(site, request, portal)
    form = await read_form(site, request, visited)
    choices = ((THEME, "theme", THEMES), (LANGUAGE, "language", LANGUAGES))
    cookies = [
        site.cookies.preference(name, form[field])
        for name, field, known in choices
        if form.get(field) in known
    ]
    return _done(request, form, visited, cookies)


@post("/p/{portal}/favourites", body_limit=FORM_BYTES)
async def mark_favourite(site: Site, request: Request, portal: str) -> Response:
    """Add a link to the user's favourites or remove it. Without `on`, toggle it."""
    visited, user_id = await _user(site, request, portal)
    form = await read_form(site, request, visited)
    on = form.get("on", "")
    await set_favourite(
        site.runtime,
        visited.portal,
        sent_id(form.get("link", "")),
        user_id=user_id,
        group_ids=visited.group_ids,
        is_favourite=on == "1" if on else None,
    )
    return _done(request, form, visited)


@post("/p/{portal}/favourites/order", body_limit=FORM_BYTES)
async def move_favourites(site: Site, request: Request, portal: str) -> Response:
    """Put the user's favourites in the order of the ids in `links`, separated by commas."""
    visited, user_id = await _user(site, request, portal)
    form = await read_form(site, request, visited)
    ids = [sent_id(text) for text in form.get("links", "").split(",")]
    await order_favourites(site.runtime, visited.portal, ids, user_id=user_id)
    return _done(request, form, visited)


@post("/p/{portal}/opened/{link}", body_limit=FORM_BYTES)
async def count_opening(site: Site, request: Request, portal: str, link: str) -> Response:
    """Count the opening of a link. The page's script sends this while the browser follows it."""
    visited = await visit(site, request, portal)
    await read_form(site, request, visited)
    await record_opening(
        site.runtime,
        visited.portal,
        sent_id(link),
        user_id=visited.visitor.user_id,
        group_ids=visited.group_ids,
    )
    return Response(status_code=204)


async def _user(site: Site, request: Request, portal: str) -> tuple[PortalVisit, int]:
    """Return the visit of a user, and the user's id. Raises NotFound or SignInRequired."""
    visited = await visit(site, request, portal)
    if visited.signed_in is None:
        raise SignInRequired(visited.portal)
    return visited, visited.signed_in.user.id


def _next(form: ReceivedForm, visited: PortalVisit) -> str:
    return safe_next(form.get("next", ""), portal_path(visited.portal))


def _done(
    request: Request,
    form: ReceivedForm,
    visited: PortalVisit,
    cookies: list[Cookie] | None = None,
) -> Response:
    """Answer the page's script with no content, and a plain form with a redirect to the page."""
    if "x-requested-with" in request.headers:
        return with_cookies(Response(status_code=204), cookies or [])
    return redirect(_next(form, visited), cookies=cookies or [])


ROUTES = (accept, set_preferences, mark_favourite, move_favourites, count_opening)
