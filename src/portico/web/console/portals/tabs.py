"""The tabs of one portal: appearance, access, notice, history, and what a person would see."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.audit import AuditFilter
from portico.domain.errors import InvalidInput
from portico.domain.links.presentation import seen_by
from portico.domain.people.users import USER_FIELDS
from portico.domain.portals.accent import nearest_accent
from portico.domain.portals.pages import PortalPage, PresentedPortal
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.search import ListQuery, compare
from portico.services.access import require_admin
from portico.services.audit.log import list_audit
from portico.services.people.groups import list_groups
from portico.services.people.users import effective_groups, list_users
from portico.services.portals.pages import list_portal_links
from portico.services.portals.portals import update_portal
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import DayView, describe_entries
from portico.web.console.frame.conflicts import Conflict, render_conflict
from portico.web.console.frame.forms import Form, make_form, place_error
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.page import Answer, Console, SentForm
from portico.web.console.frame.tiles import address_of, tile_of
from portico.web.console.portals.domain import DomainNote, domain_note
from portico.web.console.portals.portals import (
    FIELDS,
    LABELS,
    PortalFacts,
    facts_of,
    find_portal,
    read_audience,
    spec_of,
)
from portico.web.shared.arch import Arch
from portico.web.shared.pictures import StoredPicture, read_icon, read_logo, read_picture
from portico.web.shared.received_forms import UPLOAD_BYTES

Wanted = tuple[UserPortalSpec, PortalPage]


@dataclass(frozen=True, kw_only=True)
class TabView:
    """What a tab with a form shows."""

    portal: PortalFacts
    tab: str
    form: Form
    conflict: Conflict | None
    pictures: Mapping[str, str]
    domain: DomainNote


@dataclass(frozen=True, kw_only=True)
class HistoryView:
    """What the tab of a portal's changes shows."""

    portal: PortalFacts
    tab: str
    days: Sequence[DayView]
    form: None = None
    conflict: None = None


@dataclass(frozen=True, kw_only=True)
class SeenLink:
    """A link as a person sees it."""

    name: str
    description: str
    address: str
    tile: Arch


@dataclass(frozen=True)
class SeenSection:
    """The links under one heading."""

    name: str
    links: list[SeenLink]


@dataclass(frozen=True, kw_only=True)
class PreviewView:
    """What the page shows that looks at a portal as somebody else."""

    portal: PortalFacts
    words: str
    groups: list[Choice]
    group: str
    user: str
    sections: list[SeenSection]


@get("/portals/{portal:str}/appearance")
async def show_appearance(console: NamedDependency[Console]) -> Answer:
    """Name, title, logo, favicon, colour."""
    return await _show(console, "appearance")


@post("/portals/{portal:str}/appearance", status_code=303, request_max_body_size=UPLOAD_BYTES)
async def save_appearance(console: NamedDependency[Console]) -> Answer:
    """Stores how a portal looks."""
    form = await console.form()
    try:
        logo = await console.picture(form, "logo", read_logo)
        favicon = await console.picture(form, "favicon", read_icon)
    except InvalidInput as error:
        return await _show_failed(console, "appearance", form, error)

    def wanted(stored: PresentedPortal) -> Wanted:
        spec = replace(
            spec_of(stored),
            name=form.value("name"),
            description=form.value("description"),
            enabled=form.flag("enabled"),
            image_data=_picture(form, "logo", logo, stored.image_data),
        )
        page = replace(
            stored.page,
            title=form.value("title"),
            accent=form.value("accent"),
            favicon=_picture(form, "favicon", favicon, stored.page.favicon),
        )
        return spec, page

    return await _save(console, "appearance", form, wanted)


@get("/portals/{portal:str}/access")
async def show_access(console: NamedDependency[Console]) -> Answer:
    """Who may see a portal, and at which addresses."""
    return await _show(console, "access")


@post("/portals/{portal:str}/access", status_code=303)
async def save_access(console: NamedDependency[Console]) -> Answer:
    """Stores who may see a portal, and where."""
    form = await console.form()

    def wanted(stored: PresentedPortal) -> Wanted:
        spec = replace(
            spec_of(stored),
            domain=form.value("domain").strip(),
            ext_label=form.value("ext_label").strip(),
            ext_domain=form.value("ext_domain").strip(),
        )
        slug = form.value("slug").strip()
        return spec, replace(stored.page, slug=slug, audience=read_audience(form))

    return await _save(console, "access", form, wanted)


@get("/portals/{portal:str}/notice")
async def show_notice(console: NamedDependency[Console]) -> Answer:
    """The notice above a portal's links."""
    return await _show(console, "notice")


@post("/portals/{portal:str}/notice", status_code=303)
async def save_notice(console: NamedDependency[Console]) -> Answer:
    """Stores the notice."""
    form = await console.form()

    def wanted(stored: PresentedPortal) -> Wanted:
        spec = replace(
            spec_of(stored),
            user_notification=form.value("notice"),
            user_notification_enabled=form.flag("notice_enabled"),
        )
        return spec, stored.page

    return await _save(console, "notice", form, wanted)


@get("/portals/{portal:str}/history")
async def show_history(console: NamedDependency[Console]) -> Answer:
    """What was changed about a portal, newest first."""
    async with console.reading() as work:
        portal = await find_portal(work, console.path_id("portal"))
        page = await list_audit(work, AuditFilter(object_id=portal.id), limit=30)
        view = HistoryView(
            portal=await facts_of(console, work, portal),
            tab="history",
            days=await describe_entries(work, page),
        )
        return await console.page("portal_history.html", work, view, place="portals")


@get("/portals/{portal:str}/preview")
async def show_preview(console: NamedDependency[Console]) -> Answer:
    """A portal's links as a member of a group, or one user, sees them."""
    query = console.query
    async with console.reading() as work:
        portal = await find_portal(work, console.path_id("portal"))
        every = await list_portal_links(work, portal.id)
        groups = (await list_groups(work)).groups
        who, names = await _somebody(work, query, {each.id: each.name for each in groups})
        seen = seen_by(every, names)
        shown = sum(len(section.links) for section in seen)
        total = sum(len(section.links) for section in every)
        told = f"{who} sees {shown} of the {total} enabled links."
        view = PreviewView(
            portal=await facts_of(console, work, portal),
            words=told if portal.enabled else "Nobody sees this portal while it is disabled.",
            groups=[Choice(str(each.id), each.name) for each in groups],
            group=query.get("group", ""),
            user=query.get("user", ""),
            sections=[
                SeenSection(
                    section.name,
                    [
                        SeenLink(
                            name=link.name,
                            description=link.description,
                            address=address_of(link),
                            tile=tile_of(link),
                        )
                        for link in section.links
                    ],
                )
                for section in seen
            ],
        )
        return await console.page("portal_preview.html", work, view, place="portals")


async def _somebody(
    work: UnitOfWork, query: Mapping[str, str], groups: Mapping[int, str]
) -> tuple[str, list[str]]:
    """Who looks, in words, and the names of that person's groups."""
    if name := query.get("user", "").strip():
        wanted = ListQuery(condition=compare(USER_FIELDS["name"], "EQ", name), page_size=1)
        found = (await list_users(work, wanted)).items
        if not found:
            return f"Nobody is called {name}. Somebody without a group", []
        own = await effective_groups(work, found[0])
        return found[0].display_name or found[0].name, [groups[g] for g in own if g in groups]
    chosen = query.get("group", "")
    for group_id, group in groups.items():
        if str(group_id) == chosen:
            return f"A member of {group}", [group]
    return "Somebody without a group", []


async def _show(console: Console, tab: str) -> Answer:
    async with console.reading() as work:
        portal = await find_portal(work, console.path_id("portal"))
        return await _page(console, work, tab, portal, _form_of(portal))


async def _save(
    console: Console,
    tab: str,
    form: SentForm,
    make_wanted: Callable[[PresentedPortal], Wanted],
) -> Answer:
    """Stores what a tab says, or shows what is wrong or what somebody else changed meanwhile."""
    form = replace(form, labels=LABELS)
    portal_id = console.path_id("portal")
    try:
        async with console.writing() as work:
            require_admin(work)
            stored = await find_portal(work, portal_id, lock=True)
            spec, page = make_wanted(stored)
            fresh = form.value("revision") == version_of(stored)
            if fresh:
                suffix = console.site.managed_suffix
                await update_portal(work, portal_id, spec, managed_suffix=suffix, page=page)
    except InvalidInput as error:
        return await _show_failed(console, tab, form, error)
    if fresh:
        return console.go(f"portals/{portal_id}/{tab}", work)
    async with console.reading() as work:
        conflict = await render_conflict(work, "portal", stored, _values(spec, page))
        newer = form.with_values(revision=version_of(stored))
        return await _page(console, work, tab, stored, newer, conflict, status=409)


async def _show_failed(console: Console, tab: str, form: SentForm, error: InvalidInput) -> Answer:
    """The tab again, with what is wrong beside its field."""
    async with console.reading() as work:
        stored = await find_portal(work, console.path_id("portal"))
        failed = _with_repair(place_error(replace(form, labels=LABELS), error, FIELDS))
        return await _page(console, work, tab, stored, failed, status=422)


def _with_repair(form: Form) -> Form:
    """The form with the nearest colour that passes, where the accent is the one at fault."""
    wrong, accent = form.errors.get("accent"), form.value("accent").strip().lower()
    if wrong is None or not re.fullmatch("#[0-9a-f]{6}", accent):
        return form
    return form.failed({"accent": replace(wrong, fix=nearest_accent(accent))})


def _values(spec: UserPortalSpec, page: PortalPage) -> dict[str, Any]:
    return asdict(spec) | {f"page.{name}": value for name, value in asdict(page).items()}


def _form_of(portal: PresentedPortal) -> Form:
    return make_form(
        LABELS,
        revision=version_of(portal),
        name=portal.name,
        description=portal.description,
        enabled="on" if portal.enabled else "",
        title=portal.page.title,
        accent=portal.page.accent,
        slug=portal.page.slug,
        audience=portal.page.audience.value,
        domain=portal.domain,
        ext_label=portal.ext_label,
        ext_domain=portal.ext_domain,
        notice=portal.user_notification,
        notice_enabled="on" if portal.user_notification_enabled else "",
    )


def _picture(form: Form, name: str, uploaded: StoredPicture | None, stored: str) -> str:
    if uploaded:
        return uploaded.data_uri
    return "" if form.flag(f"{name}_none") else stored


async def _page(
    console: Console,
    work: UnitOfWork,
    tab: str,
    portal: PresentedPortal,
    form: Form,
    conflict: Conflict | None = None,
    *,
    status: int = 200,
) -> Answer:
    pictures = {"logo": portal.image_data, "favicon": portal.page.favicon}
    facts = await facts_of(console, work, portal)
    view = TabView(
        portal=facts,
        tab=tab,
        form=form,
        conflict=conflict,
        pictures={name: text if read_picture(text) else "" for name, text in pictures.items()},
        domain=domain_note(work, facts.domain),
    )
    return await console.page(f"portal_{tab}.html", work, view, place="portals", status=status)


ROUTES = [
    show_appearance,
    save_appearance,
    show_access,
    save_access,
    show_notice,
    save_notice,
    show_history,
    show_preview,
]
