"""The form of a link: create, change, duplicate and delete it, with a preview of its tile."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from typing import TypeVar
from urllib.parse import parse_qs

import msgspec
from starlette.responses import Response

from portico.domain.audit import Action, AuditFilter
from portico.domain.errors import InvalidField, LinkLimitExceeded, UnknownReference
from portico.domain.links.changes import ChangeKind, LinkChange, LinkSelection
from portico.domain.links.display_hosts import display_host
from portico.domain.links.links import KIND, Link, LinkSpec
from portico.domain.links.presentation import (
    PLAIN,
    LinkPresentation,
    PresentedLink,
    split_keywords,
)
from portico.domain.records import fold
from portico.services.audit.log import list_audit
from portico.services.links.changes import change_links
from portico.services.links.links import create_link, delete_link, get_link, update_link
from portico.services.links.sections import list_sections
from portico.services.people.groups import list_groups
from portico.services.portals.portals import name_portals
from portico.services.portals.viewers import LinkViewers, count_link_viewers
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.edit_routes import edit_routes
from portico.web.console.frame.editing import Change, Edit, Editing, NounWords, spec_of
from portico.web.console.frame.forms import Form, FormPicture, FormValue, make_form, read_id
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.moments import moment_of, moment_value, moment_words
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.frame.tiles import icon_tile
from portico.web.console.frame.words import DAY_SECONDS
from portico.web.console.links.addresses import repaired_host, split_address
from portico.web.console.links.icons import IconChooser, chosen_icon, offer_icons
from portico.web.console.links.list import CHOICES_LIMIT
from portico.web.shared.arch import Arch
from portico.web.shared.pictures import read_icon
from portico.web.shared.received_forms import UPLOAD_BYTES
from portico.web.shared.texts import Text, listed, ngettext
from portico.web.shared.texts import gettext as _

S = TypeVar("S", bound=LinkSpec)
LAST_LINK_SECONDS = 90 * DAY_SECONDS
LABELS: Mapping[str, str] = {
    "name": _("Name"),
    "description": _("Description"),
    "protocol": _("Protocol"),
    "host": _("Host"),
    "path": _("Path"),
    "icon": _("Icon"),
    "portals": _("Portals"),
    "section": _("Section"),
    "groups": _("Groups"),
    "keywords": _("Keywords"),
    "starts": _("Shown from"),
    "ends": _("Shown until"),
}
FIELDS: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "protocol": "protocol",
    "link": "host",
    "linkPath": "path",
    "iconText": "icon",
    "icon": "icon",
    "userPortals": "portals",
    "portico.section": "section",
    "portico.groups": "groups",
    "portico.keywords": "keywords",
    "portico.starts": "starts",
    "portico.ends": "ends",
}
"""The form field of each API field."""


class LinkDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of a link shows beside its form."""

    tile: Arch
    icons: IconChooser
    host: str
    path: str
    portals: list[Choice]
    sections: list[Choice]
    groups: list[Choice]
    seen_by: str


class SeenByView(msgspec.Struct, frozen=True):
    """Who sees a link, in a sentence."""

    seen_by: str


@get("/links/new")
async def new_link(console: Console) -> Response:
    """Show an empty form, a copy of another link, or a form for a portal and a section."""
    query = console.query
    async with console.preparing() as work:
        values: dict[str, FormValue] = {
            "enabled": True,
            "protocol": "https://",
            "portals": query.get("portal", "") or await _usual_portal(console, work),
            "section": query.get("section", ""),
        }
        if like := query.get("like", ""):
            stored = await _find(work, read_id(like))
            values = {**_values(stored), "name": f"{stored.name} (copy)"}
            values["icon_data"] = _stored_icon(stored).value
        return await LINK.show(console, work, Edit(make_form(LABELS, **values)))


async def _usual_portal(console: Console, work: UnitOfWork) -> str:
    """Return the portal of the administrator's last new link, or the only portal there is."""
    names = await name_portals(work, CHOICES_LIMIT)
    if len(names) == 1:
        return str(*names)
    own = AuditFilter(
        actor_id=work.principal.actor_id,
        object_type=KIND,
        action=Action.CREATE,
        since=work.now - LAST_LINK_SECONDS,
    )
    entries = (await list_audit(work, own, limit=1)).entries
    last = json.loads(entries[0].after).get("portal_ids", []) if entries else []
    return next((str(each) for each in names if each in last), "")


async def _find(work: UnitOfWork, link_id: int, *, lock: bool = False) -> PresentedLink:
    (link,) = await work.presentation.present((await get_link(work, link_id, lock=lock)).page.items)
    return link


def _values(link: PresentedLink) -> Mapping[str, FormValue]:
    return {
        "name": link.name,
        "description": link.description,
        "enabled": link.enabled,
        "protocol": link.protocol or "https://",
        "host": link.link,
        "path": link.link_path,
        "portals": [str(each) for each in link.portal_ids],
        "section": link.presentation.section,
        "groups": link.presentation.groups,
        "keywords": ", ".join(link.presentation.keywords),
        "starts": moment_value(link.presentation.starts),
        "ends": moment_value(link.presentation.ends),
    }


def _with_form(form: Form, spec: S, presentation: LinkPresentation) -> tuple[S, LinkPresentation]:
    """Return a link and its presentation with the values of the form."""
    icon = chosen_icon(form, FormPicture(spec.icon_text, presentation.icon_is_dark))
    host, path, protocol = form.value("host").strip(), form.value("path"), form.value("protocol")
    if "://" in host:
        # Without JavaScript, a pasted address arrives unsplit.
        protocol, host, path = astuple(split_address(host))
    return replace(
        spec,
        name=form.value("name"),
        description=form.value("description"),
        enabled=form.flag("enabled"),
        icon_text=icon.text,
        link=host,
        link_path=path,
        protocol=_same_protocol(protocol, spec.protocol),
        portal_ids=form.ids("portals"),
    ), replace(
        presentation,
        section=form.value("new_section").strip() or form.value("section"),
        groups=tuple(sorted({*form.values("groups"), *_new_groups(form)})),
        icon_is_dark=icon.is_dark,
        keywords=split_keywords(",".join(form.values("keywords"))),
        starts=moment_of(form.value("starts")),
        ends=moment_of(form.value("ends")),
    )


def _new_groups(form: Form) -> list[str]:
    names = (each.strip() for each in form.value("new_groups").split(","))
    return [name for name in names if name]


async def _require_chosen(work: UnitOfWork, form: Form) -> None:
    """Require that what was chosen still exists. Only the fields for new names create anything.

    Raises InvalidField.
    """
    section, groups = form.value("section"), form.values("groups")
    if section and not await work.sections.ids_by_name([section]):
        raise InvalidField(
            "portico.section",
            _('There is no section "%(name)s". Choose another, or create it.', name=section),
        )
    known = await work.groups.ids_by_name(groups) if groups else {}
    for name in groups:
        if fold(name) not in known:
            raise InvalidField(
                "portico.groups",
                _('There is no group "%(name)s". Choose another, or create it.', name=name),
            )


def _requested(form: Form, stored: PresentedLink) -> PresentedLink:
    link, presentation = _with_form(form, stored, stored.presentation)
    return replace(link, presentation=presentation)


def _stored_icon(link: PresentedLink) -> FormPicture:
    return FormPicture(link.icon_text, link.presentation.icon_is_dark)


def _same_protocol(chosen: str, stored: str) -> str:
    """Return the protocol to store. No protocol means https, so it is not filled in."""
    return "" if chosen == "https://" and not stored else chosen


async def _create(console: Console, work: UnitOfWork, form: Form) -> Link:
    await _require_chosen(work, form)
    return await create_link(work, *_with_form(form, LinkSpec(name=""), PLAIN))


async def _store(console: Console, work: UnitOfWork, change: Change[PresentedLink]) -> None:
    await _require_chosen(work, change.form)
    presentation = change.requested.presentation
    if fold(presentation.section) != fold(change.before.presentation.section):
        presentation = replace(presentation, order=0)
    spec = spec_of(change.requested, LinkSpec)
    await update_link(work, change.before.id, spec, presentation)


async def _switch(console: Console, work: UnitOfWork, link_id: int, enabled: bool) -> None:
    kind = ChangeKind.ENABLE if enabled else ChangeKind.DISABLE
    await change_links(work, LinkSelection(link_ids=(link_id,)), LinkChange(kind=kind))


async def _confirm(console: Console, work: UnitOfWork, link: PresentedLink) -> Confirmation:
    known = await work.portals.find_all(link.portal_ids)
    portals = tuple(known[each].name for each in link.portal_ids if each in known)
    words = _("People no longer find it on these portals:")
    if not portals:
        words = _("It is on no portal, so nobody sees it now.")
    return Confirmation(words=words, touched=portals, undoable=True)


def _with_repair(form: Form) -> Form:
    """Return the form with a suggestion for an invalid host."""
    if (error := form.errors.get("host")) is None:
        return form
    return form.failed({"host": replace(error, fix=repaired_host(form.value("host")))})


async def _details(console: Console, work: UnitOfWork, edit: Edit[PresentedLink]) -> LinkDetails:
    form, stored = edit.form, edit.stored
    portals = await name_portals(work, CHOICES_LIMIT)
    icon = chosen_icon(form, _stored_icon(stored) if stored else FormPicture())
    icons = await console.site.threads.run(
        lambda: offer_icons(form.value("icon_find"), form.value("host"), form.value("icon_pick"))
    )
    return LinkDetails(
        tile=icon_tile(form.value("name") or "N", icon.text, is_dark=icon.is_dark),
        icons=icons,
        host=display_host(form.value("host")),
        path=form.value("path"),
        portals=[Choice(str(each), name) for each, name in portals.items()],
        sections=[Choice(each.name, each.name) for each in (await list_sections(work)).sections],
        groups=[Choice(each.name, each.name) for each in (await list_groups(work)).groups],
        seen_by=await _seen_by(work, form),
    )


@get("/links/seen-by")
async def show_viewers(console: Console) -> Response:
    """Show who would see a link with the values of a form."""
    sent = parse_qs(console.request.scope["query_string"].decode("latin-1"), errors="replace")
    form = Form(sent={name: tuple(values) for name, values in sent.items()})
    async with console.reading() as work:
        view = SeenByView(seen_by=await _seen_by(work, form))
        return await console.page("link_seen_by.html", work, view, nav="links")


async def _seen_by(work: UnitOfWork, form: Form) -> str:
    """Return who sees the link, and how many people that is."""
    if not form.flag("enabled"):
        return _("Nobody while it is disabled.")
    starts, ends = moment_of(form.value("starts")), moment_of(form.value("ends"))
    if 0 < ends <= work.now:
        return _("Nobody: it was shown until %(time)s.", time=moment_words(ends))
    portal_ids = form.ids("portals")
    if not portal_ids:
        return _("Nobody: it is on no portal.")
    groups = sorted({*form.values("groups"), *_new_groups(form)})
    if starts > work.now:
        return _("Nobody before %(time)s.", time=moment_words(starts))
    viewers = await count_link_viewers(work, portal_ids, groups)
    if not viewers.open:
        return _("Nobody while its portals are disabled.")
    return _viewer_words(viewers, groups)


def _viewer_words(viewers: LinkViewers, groups: Sequence[str]) -> Text:
    places = _joined([portal.name for portal in viewers.open])
    users = ngettext("%(num)s user", "%(num)s users", viewers.users)
    if viewers.more:
        users = ngettext("%(num)s user or more", "%(num)s users or more", viewers.users)
    if viewers.public:
        where = _joined([portal.name for portal in viewers.public])
        return _(
            "Everybody who has the address of %(where)s. Signed in, on %(places)s: %(users)s.",
            where=where,
            places=places,
            users=users,
        )
    if groups:
        return _(
            "Members of %(groups)s, on %(places)s: %(users)s.",
            groups=_joined(groups),
            places=places,
            users=users,
        )
    return _("Everybody who signs in, on %(places)s: %(users)s.", places=places, users=users)


def _joined(names: Sequence[str]) -> Text:
    more = [_("%(num)s more", num=len(names) - 4)] if len(names) > 4 else []
    return listed([*names[:4], *more])


LINK = Editing(
    words=NounWords(new=_("New link"), this=_("this link"), delete=_("Delete link")),
    path="links",
    nav="links",
    heading=_("Links"),
    template="link.html",
    labels=LABELS,
    fields=FIELDS,
    error_fields={UnknownReference: "portals", LinkLimitExceeded: "portals"},
    find=_find,
    name_of=lambda link: link.name,
    details=_details,
    values=_values,
    requested=_requested,
    create=_create,
    store=_store,
    switch=_switch,
    confirm=_confirm,
    remove=delete_link,
    pictures={"icon": read_icon},
    repair=_with_repair,
    form_bytes=UPLOAD_BYTES,
)
ROUTES = [new_link, show_viewers, *edit_routes(LINK)]
