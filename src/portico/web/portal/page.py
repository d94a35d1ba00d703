"""The portal as people meet it: the page, the policy before it, and the little they may change."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath

from portico.domain.errors import ConcurrentChange, NotFound
from portico.domain.links.link_finder import QUERY_LIMIT
from portico.domain.portals.pages import Audience
from portico.domain.records import MAX_ID
from portico.domain.tenancy.identity import Role
from portico.services.people.sessions import SignedInUser
from portico.services.portals.activity import (
    PendingPolicy,
    Visitor,
    accept_aup,
    aup_to_accept,
    list_favourites,
    list_recent,
    record_opening,
    set_favourite,
)
from portico.services.portals.pages import (
    PortalVisit,
    find_portal_address,
    visit_portal,
    visitors_work,
)
from portico.web.portal.content import PortalContent
from portico.web.portal.view import (
    FAVOURITES_SHOWN,
    BrandingView,
    find_tiles,
    make_aup,
    make_branding,
    make_day,
    make_notice,
    make_recents,
    make_visitor,
    nearest_tile,
)
from portico.web.shared.cookies import (
    FORM,
    LANGUAGE,
    THEME,
    THEMES,
    VISITOR,
    YEAR_SECONDS,
    AnyRequest,
    chosen_theme,
    language_of,
)
from portico.web.shared.csrf import checked_form
from portico.web.shared.hosts import portal_at_host
from portico.web.shared.languages import LANGUAGES
from portico.web.shared.pages import page_answer, redirect, safe_next
from portico.web.shared.received_forms import ReceivedForm
from portico.web.shared.sessions import (
    CONSOLE_HOME,
    SignInNeeded,
    administrator_of,
    sign_in_address,
    user_of,
)
from portico.web.shared.site import Site

FORM_BYTES = 16 * 1024
Page = Response[bytes]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Somebody at an enabled portal that this somebody may see."""

    visit: PortalVisit
    signed_in: SignedInUser | None
    face: BrandingView
    mark: str

    @property
    def visitor(self) -> Visitor:
        """The user, or the browser by its mark."""
        if self.signed_in is None:
            return Visitor(mark=self.mark)
        user = self.signed_in.user
        return Visitor(user_id=user.id, name=user.display_name or user.name)

    @property
    def group_ids(self) -> frozenset[int]:
        """The groups of the user; a visitor is in none."""
        return frozenset() if self.signed_in is None else self.signed_in.group_ids


async def visit_address(site: Site, address: str) -> PortalVisit:
    """The enabled portal at an id or a slug. Raises NotFound."""
    place = await find_portal_address(site.runtime, address)
    if place is None:
        raise NotFound(address)
    async with site.database.read(place.customer_id) as connection:
        return await visit_portal(connection, place)


async def arrive(site: Site, request: AnyRequest, address: str) -> Arrival:
    """Who comes to which portal. Raises NotFound, or SignInNeeded for one that is not public."""
    return await _arrive(site, request, await visit_address(site, address))


async def _arrive(
    site: Site, request: AnyRequest, visit: PortalVisit, *, home: str = ""
) -> Arrival:
    signed_in = await user_of(site, request, visit.scope.customer_id)
    face = make_branding(visit.portal, home=home)
    door = sign_in_address(f"{face.base}/sign-in", request)
    if signed_in is None and visit.portal.page.audience is not Audience.PUBLIC:
        raise SignInNeeded(door)
    return Arrival(
        visit=visit,
        signed_in=signed_in,
        face=make_branding(visit.portal, home=home, sign_in=door),
        mark=site.cookies.read(request, VISITOR),
    )


async def content_for(site: Site, request: AnyRequest, arrival: Arrival) -> PortalContent:
    """The links that are there for whoever arrived."""
    async with site.database.read(arrival.visit.scope.customer_id) as connection:
        work = visitors_work(
            site.runtime,
            connection,
            arrival.visit,
            user_id=arrival.visitor.user_id or 0,
            transaction_id=site.transaction_id(request),
        )
        return await site.portal_contents.get(
            work,
            arrival.visit.portal.id,
            arrival.face,
            arrival.group_ids,
            renderer=site.renderer,
            language=_language(request, arrival),
        )


@get("/")
async def own_domain(site: NamedDependency[Site], request: AnyRequest) -> Page:
    """The portal whose own domain the request was sent to; any other host leads to the console."""
    place = await portal_at_host(site, request)
    if place is None:
        return redirect(CONSOLE_HOME)
    async with site.database.read(place.customer_id) as connection:
        visit = await visit_portal(connection, place)
    return await _show(site, request, await _arrive(site, request, visit, home="/"))


@get("/p/{portal:str}")
async def portal_page(
    site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]
) -> Page:
    """A portal by its id or slug; `q` asks for the links that match it."""
    return await _show(site, request, await arrive(site, request, portal))


@post("/p/{portal:str}/aup", status_code=303, request_max_body_size=FORM_BYTES)
async def accept(site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]) -> Page:
    """Records that the policy is accepted in the words that were read, then goes on."""
    arrival = await arrive(site, request, portal)
    form = await _form(site, request, arrival)
    cookies: list[Cookie] = []
    visitor = arrival.visitor
    if visitor.user_id is None and not visitor.mark:
        visitor = Visitor(mark=secrets.token_urlsafe(24))
        cookies = [site.cookies.make(VISITOR, visitor.mark, seconds=YEAR_SECONDS)]
    try:
        await accept_aup(
            site.runtime, arrival.visit.portal, _id(form, "aup"), _text(form, "version"), visitor
        )
    except ConcurrentChange:
        # The next page is the policy again, in its new words.
        cookies = []
    return redirect(safe_next(_text(form, "next"), arrival.face.base), cookies=cookies)


@post("/p/{portal:str}/preferences", status_code=200, request_max_body_size=FORM_BYTES)
async def prefer(site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]) -> Page:
    """Keeps the theme or the language that the reader chose, in the browser alone."""
    arrival = await arrive(site, request, portal)
    form = await _form(site, request, arrival)
    cookies = [
        site.cookies.preference(name, _text(form, field))
        for name, field, known in ((THEME, "theme", THEMES), (LANGUAGE, "language", LANGUAGES))
        if _text(form, field) in known
    ]
    return _done(request, form, arrival, cookies)


@post("/p/{portal:str}/favourites", status_code=200, request_max_body_size=FORM_BYTES)
async def favour(site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str]) -> Page:
    """Makes a link a favourite, or no favourite any more; without `on` the other of the two."""
    arrival = await arrive(site, request, portal)
    user_id = arrival.visitor.user_id
    if user_id is None:
        raise SignInNeeded(arrival.face.sign_in)
    form = await _form(site, request, arrival)
    link_id, on = _id(form, "link"), _text(form, "on")
    if not on:
        kept = await list_favourites(site.runtime, arrival.visit.scope.customer_id, user_id)
    await set_favourite(
        site.runtime,
        arrival.visit.portal,
        link_id,
        user_id=user_id,
        group_ids=arrival.group_ids,
        wanted=on == "1" if on else link_id not in kept,
    )
    return _done(request, form, arrival)


@post("/p/{portal:str}/opened/{link:str}", status_code=204, request_max_body_size=FORM_BYTES)
async def opened(
    site: NamedDependency[Site], request: AnyRequest, portal: FromPath[str], link: FromPath[str]
) -> None:
    """Counts that a link was opened; the page says so while the browser follows the link."""
    arrival = await arrive(site, request, portal)
    await _form(site, request, arrival)
    await record_opening(
        site.runtime,
        arrival.visit.portal,
        _number(link),
        user_id=arrival.visitor.user_id,
        group_ids=arrival.group_ids,
    )


async def _show(site: Site, request: AnyRequest, arrival: Arrival) -> Page:
    pending = await aup_to_accept(site.runtime, arrival.visit.portal, arrival.visitor)
    if pending is not None:
        return _show_aup(site, request, arrival, pending)
    content = await content_for(site, request, arrival)
    favourites: list[int] = []
    opened_lately: list[tuple[int, int]] = []
    if arrival.signed_in is not None:
        customer_id, user_id = arrival.visit.scope.customer_id, arrival.signed_in.user.id
        kept = await list_favourites(site.runtime, customer_id, user_id)
        favourites = [link_id for link_id in kept if link_id in content.tiles]
        recent = await list_recent(site.runtime, customer_id, user_id)
        opened_lately = [(each.link_id, each.time) for each in recent]
    language = site.renderer.language(_language(request, arrival))
    query = request.query_params.get("q", "").strip()[:QUERY_LIMIT]
    tiles = list(content.tiles.values())
    found = find_tiles(query, tiles) if query else ()
    return _answer(
        site,
        request,
        arrival,
        "portal/page.html",
        day=make_day(site.runtime.now, language),
        notice=make_notice(arrival.visit.portal),
        query=query,
        found=found,
        nearest=nearest_tile(query, tiles) if query and not found else None,
        total=len(tiles),
        favourites=[content.tiles[link_id] for link_id in favourites[:FAVOURITES_SHOWN]],
        recents=make_recents(opened_lately, content.tiles, site.runtime.now, language),
        sections=content.starred(favourites),
        can_add=not tiles and await _may_add(site, request, arrival),
    )


async def _may_add(site: Site, request: AnyRequest, arrival: Arrival) -> bool:
    """Whether the browser also has an administrator of the portal signed in."""
    try:
        administrator = await administrator_of(site, request)
    except SignInNeeded:
        return False
    scope = arrival.visit.scope
    return any(
        grant.customer_id == scope.customer_id
        and grant.role is Role.ADMIN
        and grant.microtenant_id in {None, scope.microtenant_id}
        for grant in administrator.grants
    )


def _show_aup(site: Site, request: AnyRequest, arrival: Arrival, pending: PendingPolicy) -> Page:
    language = site.renderer.language(_language(request, arrival))
    aup = make_aup(pending.aup, pending.version, language)
    return _answer(site, request, arrival, "portal/aup.html", aup=aup)


def _answer(
    site: Site, request: AnyRequest, arrival: Arrival, template: str, **values: object
) -> Page:
    cookies: list[Cookie] = []
    if arrival.signed_in is None:
        csrf = site.cookies.form_token(request)
        cookies = [site.cookies.make(FORM, csrf)]
        visitor = None
    else:
        csrf = arrival.signed_in.session.csrf_token
        user = arrival.signed_in.user
        visitor = make_visitor(user.display_name or user.name, user.email)
    html = site.renderer.render(
        template,
        _language(request, arrival),
        face=arrival.face,
        theme=chosen_theme(request),
        visitor=visitor,
        csrf=csrf,
        here=arrival.face.home,
        **values,
    )
    return page_answer(html, cookies=cookies)


def _done(
    request: AnyRequest, form: ReceivedForm, arrival: Arrival, cookies: list[Cookie] | None = None
) -> Page:
    """Nothing more for the page's script; a form goes back to the page."""
    if "x-requested-with" in request.headers:
        return Response(b"", status_code=204, cookies=cookies or [])
    return redirect(safe_next(_text(form, "next"), arrival.face.base), cookies=cookies or [])


async def _form(site: Site, request: AnyRequest, arrival: Arrival) -> ReceivedForm:
    signed_in = arrival.signed_in
    return await checked_form(
        site.threads,
        request,
        site.cookies.read(request, FORM) if signed_in is None else signed_in.session.csrf_token,
    )


def _language(request: AnyRequest, arrival: Arrival) -> str:
    return language_of(request, arrival.signed_in.user.language if arrival.signed_in else "")


def _text(form: ReceivedForm, name: str) -> str:
    return form.get(name, "")


def _id(form: ReceivedForm, name: str) -> int:
    return _number(_text(form, name))


def _number(text: str) -> int:
    """An id that was sent. Raises NotFound for anything that cannot be one."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else 0
    if not 0 < number <= MAX_ID:
        raise NotFound(text[:20])
    return number


ROUTES = (own_domain, portal_page, accept, prefer, favour, opened)
