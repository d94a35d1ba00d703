"""The portal's page: its links, or the policy that the visitor must accept first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from portico.domain.finding import QUERY_LIMIT
from portico.domain.portals.pages import PortalAddress
from portico.domain.records import Scope
from portico.services.people.console_access import may_change
from portico.services.portals.visits import (
    PortalView,
    PortalVisit,
    require_portal_address,
    view_portal,
)
from portico.web.portal.content import PortalContent
from portico.web.portal.view import (
    FAVOURITES_SHOWN,
    LONG_PORTAL,
    find_tiles,
    make_aup,
    make_day,
    make_notice,
    make_recents,
    make_visitor,
    nearest_tile,
)
from portico.web.portal.visits import cookies_of, csrf_token, visit_language
from portico.web.shared.branding import make_branding
from portico.web.shared.cookies import CONSOLE, FORM, chosen_theme
from portico.web.shared.pages import page_answer, redirect
from portico.web.shared.routes import get
from portico.web.shared.sessions import CONSOLE_HOME, portal_at_host, sign_in_address
from portico.web.shared.site import Site


@get("/")
async def own_domain(site: Site, request: Request) -> Response:
    """Show the portal whose own domain received the request; redirect others to the console."""
    address = await portal_at_host(site, request)
    if address is None:
        return redirect(CONSOLE_HOME)
    return await _show_portal(site, request, address, home="/")


@get("/p/{portal}")
async def portal_page(site: Site, request: Request, portal: str) -> Response:
    """Show the portal at an id or slug. The query parameter `q` searches its links."""
    address = await require_portal_address(site.runtime, portal)
    return await _show_portal(site, request, address)


async def _show_portal(
    site: Site, request: Request, address: PortalAddress, *, home: str = ""
) -> Response:
    def find_cached(visit: PortalVisit) -> PortalContent | None:
        return site.portal_contents.find(visit, visit_language(request, visit))

    view = await view_portal(site.runtime, address, cookies_of(site, request), find_cached)
    language = site.renderer.language(visit_language(request, view.visit))
    if view.policy is not None:
        aup = make_aup(view.policy.aup, view.policy.version, language)
        return render_page(site, request, view.visit, "portal/aup.html", home=home, aup=aup)
    return await _show_links(site, request, view, home)


async def _show_links(
    site: Site, request: Request, view: PortalView[PortalContent], home: str
) -> Response:
    visit = view.visit
    language = site.renderer.language(visit_language(request, visit))
    content = await site.portal_contents.of_view(view, language.code)
    tiles = list(content.tiles.values())
    favourites = [link_id for link_id in view.favourites if link_id in content.tiles]
    query = request.query_params.get("q", "").strip()[:QUERY_LIMIT]
    matches = find_tiles(query, tiles) if query else ()
    return render_page(
        site,
        request,
        visit,
        "portal/page.html",
        home=home,
        day=make_day(site.runtime.now, language),
        notice=make_notice(visit.portal, visit.now),
        query=query,
        matches=matches,
        nearest=nearest_tile(query, tiles) if query and not matches else None,
        total=len(tiles),
        is_long=len(tiles) >= LONG_PORTAL,
        headings=content.headings,
        favourites=[content.tiles[link_id] for link_id in favourites[:FAVOURITES_SHOWN]],
        is_ordering="order" in request.query_params,
        recents=make_recents(view.recents, content.tiles, site.runtime.now, language),
        sections=content.starred(favourites),
        takes_requests=visit.portal.page.accepts_requests,
        can_add=not tiles and await _may_add_links(site, request, visit),
    )


async def _may_add_links(site: Site, request: Request, visit: PortalVisit) -> bool:
    """Return whether an administrator of the portal is also signed in on this browser."""
    portal = visit.portal
    scope = Scope(customer_id=portal.customer_id, microtenant_id=portal.microtenant_id)
    return await may_change(site.runtime, site.cookies.read(request, CONSOLE), scope)


def render_page(
    site: Site,
    request: Request,
    visit: PortalVisit,
    template: str,
    *,
    home: str = "",
    status: int = 200,
    **values: object,
) -> Response:
    """Render a page of a portal in its frame, with the cookie of an anonymous visitor's forms."""
    branding = make_branding(visit.portal, home=home)
    csrf = csrf_token(site, request, visit)
    visitor = None
    if visit.signed_in is not None:
        visitor = make_visitor(visit.visitor.name, visit.signed_in.user.email)
    html = site.renderer.render(
        template,
        visit_language(request, visit),
        branding=branding,
        sign_in_address=sign_in_address(f"{branding.base}/sign-in", request),
        theme=chosen_theme(request),
        visitor=visitor,
        csrf=csrf,
        here=branding.home,
        **values,
    )
    cookies = [] if visitor else [site.cookies.make(FORM, csrf)]
    return page_answer(html, status=status, cookies=cookies)


ROUTES = (own_domain, portal_page)
