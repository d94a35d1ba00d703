"""The page on which visitors ask for a link, or report one that does not work."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from portico.domain.errors import InvalidInput, NotFound
from portico.domain.portals.requests import TEXT_LIMIT, RequestKind
from portico.services.portals.requests import ask_for_link, report_link
from portico.services.portals.visits import PortalView, require_portal_address, view_portal_links
from portico.web.portal.actions import FORM_BYTES
from portico.web.portal.content import PortalContent
from portico.web.portal.page import render_page
from portico.web.portal.view import TileView
from portico.web.portal.visits import cookies_of, read_form, sent_id, visit_language
from portico.web.shared.branding import portal_path
from portico.web.shared.pages import redirect
from portico.web.shared.received_forms import ReceivedForm
from portico.web.shared.routes import get, post
from portico.web.shared.site import Site


@get("/p/{portal}/request")
async def show_request(site: Site, request: Request, portal: str) -> Response:
    """Show the forms. The query parameter `sent` shows what happens next instead."""
    view, tiles = await _open(site, request, portal)
    chosen = request.query_params.get("link", "")
    return _render(site, request, view, tiles, sent="sent" in request.query_params, link=chosen)


@post("/p/{portal}/request", body_limit=FORM_BYTES)
async def send_request(site: Site, request: Request, portal: str) -> Response:
    """Store a visitor's request. A refused form comes back with the reason."""
    view, tiles = await _open(site, request, portal)
    form = await read_form(site, request, view.visit)
    try:
        await _store(site, view, tiles, form)
    except InvalidInput:
        return _render(site, request, view, tiles, refused=form, link=form.get("link", ""))
    return redirect(f"{portal_path(view.visit.portal)}/request?sent=1")


async def _open(
    site: Site, request: Request, portal: str
) -> tuple[PortalView[PortalContent], list[TileView]]:
    """Return the visit and the links that the visitor sees, by name.

    Raises NotFound if the portal takes no requests.
    """
    address = await require_portal_address(site.runtime, portal)
    view = await view_portal_links(
        site.runtime,
        address,
        cookies_of(site, request),
        lambda visit: site.portal_contents.find(visit, visit_language(request, visit)),
    )
    if not view.visit.portal.page.accepts_requests:
        raise NotFound(portal)
    language = site.renderer.language(visit_language(request, view.visit))
    content = await site.portal_contents.of_view(view, language.code)
    return view, sorted(content.tiles.values(), key=lambda tile: tile.name.casefold())


async def _store(
    site: Site, view: PortalView[PortalContent], tiles: list[TileView], form: ReceivedForm
) -> None:
    text = form.get("text", "")
    if form.get("kind", "") != RequestKind.BROKEN_LINK:
        await ask_for_link(site.runtime, view.visit, text)
        return
    link_id = sent_id(form.get("link", ""))
    name = next((tile.name for tile in tiles if tile.id == link_id), "")
    await report_link(site.runtime, view.visit, link_id, name, text)


def _render(
    site: Site,
    request: Request,
    view: PortalView[PortalContent],
    tiles: list[TileView],
    *,
    sent: bool = False,
    link: str = "",
    refused: ReceivedForm | None = None,
) -> Response:
    kind, text = (refused.get("kind", ""), refused.get("text", "")) if refused else (None, "")
    return render_page(
        site,
        request,
        view.visit,
        "portal/request.html",
        status=200 if refused is None else 422,
        tiles=tiles,
        sent=sent,
        chosen=link,
        refused=kind,
        missing=kind == RequestKind.NEW_LINK and not text.strip(),
        text=text,
        limit=TEXT_LIMIT,
    )


ROUTES = (show_request, send_request)
