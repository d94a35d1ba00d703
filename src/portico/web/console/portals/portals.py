"""Portals: the list, the form of a new one, and the facts beside the tabs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec
from starlette.responses import Response

from portico.domain.links.changes import ChangeKind, LinkChange, LinkSelection
from portico.domain.links.display_hosts import display_host
from portico.domain.links.links import LINKS_PER_PORTAL
from portico.domain.portals.domains import DomainState, DomainStatus
from portico.domain.portals.pages import Audience, PortalPage, PresentedPortal
from portico.domain.portals.portals import PORTAL_FIELDS, UserPortal, UserPortalSpec
from portico.domain.search import ListQuery, compare
from portico.services.links.changes import change_links
from portico.services.policies import list_aups
from portico.services.portals.domains import domain_statuses
from portico.services.portals.pages import present_portals
from portico.services.portals.portals import (
    create_portal,
    delete_portal,
    get_portal,
    get_presented_portal,
    list_portals,
    update_portal,
)
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.edit_routes import edit_routes
from portico.web.console.frame.editing import Edit, Editing, NounWords, spec_of
from portico.web.console.frame.forms import Form
from portico.web.console.frame.lists import (
    PAGE_SIZE,
    Window,
    address_with,
    page_number,
    portals_in_words,
)
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.frame.words import when
from portico.web.console.portals.choosing import LinkChoices, find_choices
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import ngettext

LABELS: Mapping[str, str] = {
    "name": _("Name"),
    "description": _("Description"),
    "title": _("Title"),
    "slug": _("Short address"),
    "audience": _("Who may see it"),
    "accepts_requests": _("Takes requests"),
    "accent": _("Accent colour"),
    "logo": _("Logo"),
    "favicon": _("Favicon"),
    "domain": _("Own domain"),
    "ext_label": _("Label"),
    "ext_domain": _("Managed below"),
    "notice": _("Notice"),
    "notice_starts": _("Shown from"),
    "notice_ends": _("Shown until"),
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "imageData": "logo",
    "logo": "logo",
    "favicon": "favicon",
    "domain": "domain",
    "extLabel": "ext_label",
    "extDomain": "ext_domain",
    "userNotification": "notice",
    "portico.slug": "slug",
    "portico.title": "title",
    "portico.accent": "accent",
    "accent": "accent",
    "portico.favicon": "favicon",
    "portico.audience": "audience",
    "portico.acceptsRequests": "accepts_requests",
    "portico.noticeStarts": "notice_starts",
    "portico.noticeEnds": "notice_ends",
}
"""The form field of each API field."""
PORTAL_WORDS = NounWords(new=_("New portal"), this=_("this portal"), delete=_("Delete portal"))
Fact = tuple[str, str, str, str]
"""A label, words, a text to copy, and the label of the button that copies it."""
AUDIENCES: Mapping[Audience, str] = {
    Audience.PUBLIC: _("Everyone"),
    Audience.SIGNED_IN: _("Signed-in users"),
}


class PortalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One portal in the list."""

    id: int
    name: str
    address: str
    url: str
    href: str
    links: int
    audience: str
    changed: int
    enabled: bool


class PortalListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of portals."""

    path: str
    text: str
    window: Window
    rows: list[PortalRow]

    def page_href(self, number: int) -> str:
        """Return the address of another page."""
        return address_with(self.path, {"q": self.text}, page=str(number))


class PortalFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts beside the tabs of a portal."""

    id: int
    name: str
    enabled: bool
    href: str
    address_href: str
    links: int
    limit: int
    domain: DomainStatus | None
    facts: list[Fact]


@get("/portals")
async def show_portals(console: Console) -> Response:
    """Show the list of portals."""
    text = console.query.get("q", "").strip()
    async with console.reading() as work:
        query = ListQuery(
            condition=compare(PORTAL_FIELDS["name"], "LIKE", text) if text else None,
            natural=True,
            page=page_number(console.query.get("page", "")),
            page_size=PAGE_SIZE,
        )
        page = await list_portals(work, query)
        portals = await present_portals(work, page.items)
        links = await work.links.count_by_portal([portal.id for portal in portals])
        domains = await domain_statuses_of(console, work, portals)
        view = PortalListView(
            path=f"{console.base}/portals",
            text=text,
            window=Window(page.total, query.page, portals_in_words),
            rows=[
                _row(console, portal, links.get(portal.id, 0), domains.get(portal.id))
                for portal in portals
            ],
        )
        return await console.page("portals.html", work, view, nav="portals")


def _row(
    console: Console, portal: PresentedPortal, links: int, domain: DomainStatus | None
) -> PortalRow:
    address, url = _address(console, portal, domain)
    return PortalRow(
        id=portal.id,
        name=portal.name,
        address=address,
        url=url,
        href=f"{console.base}/portals/{portal.id}",
        links=links,
        audience=AUDIENCES[portal.page.audience],
        changed=portal.modified_time,
        enabled=portal.enabled,
    )


def _address(
    console: Console, portal: PresentedPortal, domain: DomainStatus | None
) -> tuple[str, str]:
    """Return the address that opens a portal, for display and in full."""
    if routes(domain):
        return display_host(portal.domain), f"https://{portal.domain}"
    path = f"/p/{portal.page.slug or portal.id}"
    return path, console.site.origins.origin(console.request) + path


async def _create(console: Console, work: UnitOfWork, form: Form) -> UserPortal:
    portal = await create_portal(
        work,
        UserPortalSpec(name=form.value("name"), enabled=form.flag("enabled")),
        managed_suffix=console.site.managed_suffix,
        page=PortalPage(slug=form.value("slug").strip(), audience=read_audience(form)),
    )
    if link_ids := form.ids("link"):
        change = LinkChange(kind=ChangeKind.ADD_PORTALS, portal_ids=(portal.id,))
        await change_links(work, LinkSelection(link_ids=link_ids), change)
    return portal


async def _details(console: Console, work: UnitOfWork, edit: Edit[PresentedPortal]) -> LinkChoices:
    return await find_choices(console, work, edit.form, room=LINKS_PER_PORTAL)


async def _switch(console: Console, work: UnitOfWork, portal_id: int, enabled: bool) -> None:
    stored = await get_portal(work, portal_id, lock=True)
    spec = replace(spec_of(stored, UserPortalSpec), enabled=enabled)
    await update_portal(work, portal_id, spec, managed_suffix=console.site.managed_suffix)


async def _confirm(console: Console, work: UnitOfWork, portal: PresentedPortal) -> Confirmation:
    links = (await work.links.count_by_portal([portal.id])).get(portal.id, 0)
    words = ngettext(
        "It shows %(num)s link. A portal is deleted when none is on it any more.",
        "It shows %(num)s links. A portal is deleted when none is on it any more.",
        links,
    )
    if not links:
        words = _("No link is on it. Its address leads nowhere afterwards.")
    return Confirmation(words=words)


def read_audience(form: Form) -> Audience:
    """Return the audience in a form, by default signed-in users."""
    chosen = form.value("audience")
    return Audience(chosen) if chosen in set(Audience) else Audience.SIGNED_IN


async def domain_statuses_of(
    console: Console, work: UnitOfWork, portals: Iterable[UserPortal]
) -> dict[int, DomainStatus]:
    """Return whether the portals' own domains open them, for portals that have one."""
    public_host = console.site.origins.public_host
    return await domain_statuses(work, portals, public_host=public_host)


def routes(status: DomainStatus | None) -> bool:
    """Return whether a portal's own domain opens it."""
    return status is not None and status.state is DomainState.ROUTES


async def facts_of(console: Console, work: UnitOfWork, portal: PresentedPortal) -> PortalFacts:
    """Return the facts beside the tabs of a portal."""
    links = await work.links.count_by_portal([portal.id])
    path = f"/p/{portal.page.slug or portal.id}"
    whole = console.site.origins.origin(console.request) + path
    facts: list[Fact] = [(_("Address"), path, whole, _("Copy address"))]
    domain = (await domain_statuses_of(console, work, [portal])).get(portal.id)
    if routes(domain):
        host = display_host(portal.domain)
        facts.append((_("Domain"), host, f"https://{portal.domain}", _("Copy domain")))
    elif domain is not None:
        host = display_host(portal.domain)
        words = _("%(host)s (does not open this portal)", host=host)
        facts.append((_("Domain"), words, "", ""))
    facts += [
        (_("Who may see it"), AUDIENCES[portal.page.audience], "", ""),
        (_("Notice"), _notice_words(portal, work.now), "", ""),
        (_("Acceptable use"), await _policy_words(work), "", ""),
    ]
    return PortalFacts(
        id=portal.id,
        name=portal.name,
        enabled=portal.enabled,
        href=f"{console.base}/portals/{portal.id}",
        address_href=path,
        links=links.get(portal.id, 0),
        limit=LINKS_PER_PORTAL,
        domain=domain,
        facts=facts,
    )


def _notice_words(portal: PresentedPortal, now: int) -> str:
    starts, ends = portal.page.notice_starts, portal.page.notice_ends
    if not portal.user_notification_enabled:
        return _("Not shown")
    if ends and ends <= now:
        return _("Ended %(time)s", time=when(ends, now))
    return _("From %(time)s", time=when(starts, now)) if starts > now else _("Shown")


async def _policy_words(work: UnitOfWork) -> str:
    policies = (await list_aups(work, ListQuery(page_size=500))).items
    enabled = [policy for policy in policies if policy.enabled]
    return enabled[0].name or _("Accepted once") if enabled else _("None here")


PORTAL = Editing(
    words=PORTAL_WORDS,
    path="portals",
    nav="portals",
    heading=_("Portals"),
    template="portal_new.html",
    labels=LABELS,
    fields=FIELDS,
    find=get_presented_portal,
    name_of=lambda portal: portal.name,
    details=_details,
    blank={"enabled": True, "audience": Audience.SIGNED_IN.value},
    create=_create,
    switch=_switch,
    confirm=_confirm,
    remove=delete_portal,
    after=lambda portal_id, form: f"portals/{portal_id}",
)
ROUTES = [show_portals, *edit_routes(PORTAL)]
