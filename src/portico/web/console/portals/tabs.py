"""The tabs of a portal: appearance, access, notice and history; and its preview as a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import msgspec
from starlette.responses import Response

from portico.asgi.routing import Route
from portico.domain.audit import AuditFilter
from portico.domain.links.presentation import seen_by
from portico.domain.people.users import USER_FIELDS
from portico.domain.portals.accent import nearest_accent
from portico.domain.portals.pages import PresentedPortal
from portico.domain.portals.portals import UserPortalSpec, canonical_name
from portico.domain.search import ListQuery, compare
from portico.services.audit.log import list_audit
from portico.services.people.groups import list_groups
from portico.services.people.sessions import effective_groups
from portico.services.people.users import list_users
from portico.services.portals.portals import get_presented_portal, update_portal
from portico.services.portals.visits import list_portal_links
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import DayView, describe_entries
from portico.web.console.frame.conflicts import Conflict
from portico.web.console.frame.edit_routes import edit_routes
from portico.web.console.frame.editing import Change, Edit, Editing, spec_of
from portico.web.console.frame.forms import Form, FormPicture, FormValue
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.moments import moment_of, moment_value
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.frame.tiles import address_of, tile_of
from portico.web.console.portals.domain import DomainNote, domain_note
from portico.web.console.portals.portals import (
    FIELDS,
    LABELS,
    PORTAL_WORDS,
    PortalFacts,
    facts_of,
    read_audience,
)
from portico.web.shared.arch import Arch
from portico.web.shared.pictures import StoredPicture, read_icon, read_logo, read_picture
from portico.web.shared.received_forms import FORM_BYTES, UPLOAD_BYTES
from portico.web.shared.texts import gettext as _


class TabView(msgspec.Struct, frozen=True, kw_only=True):
    """A tab with a form."""

    portal: PortalFacts
    tab: str
    form: Form
    conflict: Conflict | None
    pictures: Mapping[str, str]
    domain: DomainNote


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """The tab of a portal's history."""

    portal: PortalFacts
    tab: str
    days: Sequence[DayView]
    form: None = None
    conflict: None = None


class SeenLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link in the preview."""

    name: str
    description: str
    address: str
    tile: Arch


class SeenSection(msgspec.Struct, frozen=True):
    """A section in the preview."""

    name: str
    links: list[SeenLink]


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """The preview of a portal as somebody else."""

    portal: PortalFacts
    words: str
    groups: list[Choice]
    group: str
    user: str
    sections: list[SeenSection]


@get("/portals/{id}/history")
async def show_history(console: Console) -> Response:
    """Show the changes of a portal, newest first."""
    async with console.reading() as work:
        portal = await get_presented_portal(work, console.record_id)
        page = await list_audit(work, AuditFilter(object_id=portal.id), limit=30)
        view = HistoryView(
            portal=await facts_of(console, work, portal),
            tab="history",
            days=await describe_entries(work, page),
        )
        return await console.page("portal_history.html", work, view, nav="portals")


@get("/portals/{id}/preview")
async def show_preview(console: Console) -> Response:
    """Show a portal's links as a user or a member of a group sees them."""
    query = console.query
    async with console.reading() as work:
        portal = await get_presented_portal(work, console.record_id)
        every = await list_portal_links(work, portal.id)
        groups = (await list_groups(work)).groups
        who, names = await _somebody(work, query, {each.id: each.name for each in groups})
        seen = seen_by(every, names)
        count = sum(len(section.links) for section in seen)
        total = sum(len(section.links) for section in every)
        words = _(
            "%(who)s sees %(count)s of the %(total)s links shown now.",
            who=who,
            count=count,
            total=total,
        )
        view = PreviewView(
            portal=await facts_of(console, work, portal),
            words=words if portal.enabled else _("Nobody sees this portal while it is disabled."),
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
                            tile=tile_of(link, console.base),
                        )
                        for link in section.links
                    ],
                )
                for section in seen
            ],
        )
        return await console.page("portal_preview.html", work, view, nav="portals")


async def _somebody(
    work: UnitOfWork, parameters: Mapping[str, str], groups: Mapping[int, str]
) -> tuple[str, list[str]]:
    """Return the person of the preview in words, and the names of the person's groups."""
    if name := parameters.get("user", "").strip():
        query = ListQuery(condition=compare(USER_FIELDS["name"], "EQ", name), page_size=1)
        users = (await list_users(work, query)).items
        if not users:
            return _("Nobody is called %(name)s. Somebody without a group", name=name), []
        own = await effective_groups(work.users, users[0])
        return users[0].display_name or users[0].name, [groups[g] for g in own if g in groups]
    chosen = parameters.get("group", "")
    for group_id, group in groups.items():
        if str(group_id) == chosen:
            return _("A member of %(group)s", group=group), [group]
    return _("Somebody without a group"), []


async def _store(console: Console, work: UnitOfWork, change: Change[PresentedPortal]) -> None:
    requested = change.requested
    spec = spec_of(requested, UserPortalSpec)
    suffix = console.site.managed_suffix
    await update_portal(work, requested.id, spec, managed_suffix=suffix, page=requested.page)


def _appearance_values(portal: PresentedPortal) -> Mapping[str, FormValue]:
    return {
        "name": portal.name,
        "description": portal.description,
        "enabled": portal.enabled,
        "title": portal.page.title,
        "accent": portal.page.accent,
    }


def _appearance(form: Form, portal: PresentedPortal) -> PresentedPortal:
    page = replace(
        portal.page,
        title=form.value("title"),
        accent=form.value("accent"),
        favicon=form.picture("favicon", FormPicture(portal.page.favicon)).text,
    )
    return replace(
        portal,
        name=form.value("name"),
        description=form.value("description"),
        enabled=form.flag("enabled"),
        image_data=form.picture("logo", FormPicture(portal.image_data)).text,
        page=page,
    )


def _access_values(portal: PresentedPortal) -> Mapping[str, FormValue]:
    return {
        "slug": portal.page.slug,
        "audience": portal.page.audience.value,
        "accepts_requests": portal.page.accepts_requests,
        "domain": portal.domain,
        "ext_label": portal.ext_label,
        "ext_domain": portal.ext_domain,
    }


def _access(form: Form, portal: PresentedPortal) -> PresentedPortal:
    slug = form.value("slug").strip()
    return replace(
        portal,
        domain=form.value("domain").strip(),
        ext_label=form.value("ext_label").strip(),
        ext_domain=form.value("ext_domain").strip(),
        page=replace(
            portal.page,
            slug=slug,
            audience=read_audience(form),
            accepts_requests=form.flag("accepts_requests"),
        ),
    )


def _notice_values(portal: PresentedPortal) -> Mapping[str, FormValue]:
    return {
        "notice": portal.user_notification,
        "notice_enabled": portal.user_notification_enabled,
        "notice_starts": moment_value(portal.page.notice_starts),
        "notice_ends": moment_value(portal.page.notice_ends),
    }


def _notice(form: Form, portal: PresentedPortal) -> PresentedPortal:
    return replace(
        portal,
        user_notification=form.value("notice"),
        user_notification_enabled=form.flag("notice_enabled"),
        page=replace(
            portal.page,
            notice_starts=moment_of(form.value("notice_starts")),
            notice_ends=moment_of(form.value("notice_ends")),
        ),
    )


def _with_repair(form: Form) -> Form:
    """Return the form with the nearest valid colour as a suggestion for an invalid accent."""
    wrong, accent = form.errors.get("accent"), form.value("accent").strip().lower()
    if wrong is None or not re.fullmatch("#[0-9a-f]{6}", accent):
        return form
    return form.failed({"accent": replace(wrong, fix=nearest_accent(accent))})


async def _page(
    tab: str, console: Console, work: UnitOfWork, edit: Edit[PresentedPortal]
) -> Response:
    assert edit.stored is not None
    portal, form = edit.stored, edit.form
    facts = await facts_of(console, work, portal)
    logo = form.picture("logo", FormPicture(portal.image_data)).text
    favicon = form.picture("favicon", FormPicture(portal.page.favicon)).text
    pictures = {"logo": logo, "favicon": favicon}
    view = TabView(
        portal=facts,
        tab=tab,
        form=form,
        conflict=edit.conflict,
        pictures={name: text if read_picture(text) else "" for name, text in pictures.items()},
        domain=domain_note(work, facts.domain, canonical_name(portal, console.site.managed_suffix)),
    )
    return await console.page(f"portal_{tab}.html", work, view, nav="portals", status=edit.status)


def _tab(
    name: str,
    values: Callable[[PresentedPortal], Mapping[str, FormValue]],
    requested: Callable[[Form, PresentedPortal], PresentedPortal],
    form_bytes: int = FORM_BYTES,
    **pictures: Callable[[str, bytes], StoredPicture],
) -> list[Route]:
    tab = Editing(
        words=PORTAL_WORDS,
        path="portals",
        suffix=f"/{name}",
        nav="portals",
        labels=LABELS,
        fields=FIELDS,
        find=get_presented_portal,
        name_of=lambda portal: portal.name,
        page=partial(_page, name),
        values=values,
        requested=requested,
        store=_store,
        after=lambda portal_id, form: f"portals/{portal_id}/{name}",
        pictures=pictures,
        repair=_with_repair,
        form_bytes=form_bytes,
    )
    return edit_routes(tab)


ROUTES = [
    show_history,
    show_preview,
    *_tab("access", _access_values, _access),
    *_tab("notice", _notice_values, _notice),
    *_tab(
        "appearance",
        _appearance_values,
        _appearance,
        UPLOAD_BYTES,
        logo=read_logo,
        favicon=read_icon,
    ),
]
