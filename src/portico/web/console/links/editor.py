"""The form of one link: made, changed, duplicated, deleted, with the tile as people will see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import (
    InvalidField,
    InvalidInput,
    LinkLimitExceeded,
    UnknownReference,
)
from portico.domain.links.display_hosts import display_host
from portico.domain.links.links import Link, LinkSpec
from portico.domain.links.presentation import PLAIN, LinkPresentation, PresentedLink
from portico.domain.records import fold
from portico.domain.search import ListQuery
from portico.services.access import require_admin
from portico.services.links.links import create_link, delete_link, get_link, update_link
from portico.services.links.sections import list_sections
from portico.services.links.shown import present_links
from portico.services.people.groups import list_groups
from portico.services.portals.portals import list_portals
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation, ask
from portico.web.console.frame.conflicts import Conflict, render_conflict
from portico.web.console.frame.forms import FieldError, Form, make_form, place_error, read_id
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.page import Answer, Console, SentForm
from portico.web.console.frame.tiles import icon_tile
from portico.web.console.links.addresses import repaired_host, split_address
from portico.web.console.links.list import CHOICES_LIMIT
from portico.web.shared.arch import Arch
from portico.web.shared.pictures import StoredPicture, read_icon
from portico.web.shared.received_forms import UPLOAD_BYTES

LABELS: Mapping[str, str] = {
    "name": "Name",
    "description": "Description",
    "protocol": "Protocol",
    "host": "Host",
    "path": "Path",
    "icon": "Icon",
    "portals": "Portals",
    "section": "Section",
    "groups": "Groups",
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
}
"""The form's name for each field of the wire."""


@dataclass(frozen=True, kw_only=True)
class LinkView:
    """What the page of one link shows; without `href` it is a new one."""

    title: str
    id: int
    href: str
    form: Form
    tile: Arch
    host: str
    path: str
    portals: list[Choice]
    sections: list[str]
    groups: list[Choice]
    seen_by: str
    conflict: Conflict | None = None


@dataclass(frozen=True)
class WantedLink:
    """What a form says of a link."""

    spec: LinkSpec
    shown: LinkPresentation


@get("/links/new")
async def new_link(console: NamedDependency[Console]) -> Answer:
    """An empty form, or one like another link, or one for a portal and a section."""
    query = console.query
    async with console.preparing() as work:
        form = make_form(
            LABELS,
            enabled="on",
            protocol="https://",
            portals=[query["portal"]] if query.get("portal") else [],
            section=query.get("section", ""),
        )
        picture = ""
        if like := query.get("like", ""):
            stored = await _stored(work, read_id(like))
            form = _form_of(stored).with_values(name=f"{stored.name} (copy)", revision="")
            picture = stored.icon_text
        return await _page(console, work, form, icon_text=picture)


@post("/links/new", status_code=303, request_max_body_size=UPLOAD_BYTES)
async def add_link(console: NamedDependency[Console]) -> Answer:
    """Stores a new link, or shows what is wrong with it."""
    form = replace(await console.form(), labels=LABELS)
    wanted = None
    try:
        uploaded = await console.picture(form, "icon", read_icon)
        async with console.writing() as work:
            wanted = _wanted(form, uploaded, _icon_kept(form))
            await create_link(work, wanted.spec, wanted.shown)
    except InvalidInput as error:
        async with console.reading() as work:
            failed = _failed(form, error, wanted)
            icon_text = wanted.spec.icon_text if wanted else ""
            return await _page(console, work, failed, icon_text=icon_text, status=422)
    return console.go("links", work)


@get("/links/{link:str}")
async def show_link(console: NamedDependency[Console]) -> Answer:
    """The form of a stored link."""
    async with console.reading() as work:
        stored = await _stored(work, console.path_id("link"))
        return await _page(console, work, _form_of(stored), stored, icon_text=stored.icon_text)


@post("/links/{link:str}", status_code=303, request_max_body_size=UPLOAD_BYTES)
async def change_link(console: NamedDependency[Console]) -> Answer:
    """Stores a changed link; shows what is wrong, or what somebody else changed meanwhile."""
    form = replace(await console.form(), labels=LABELS)
    link_id = console.path_id("link")
    stored, wanted = None, None
    try:
        uploaded = await console.picture(form, "icon", read_icon)
        async with console.writing() as work:
            require_admin(work)
            stored = await _stored(work, link_id, lock=True)
            kept = PictureKept(stored.icon_text, stored.presentation.icon_is_dark)
            wanted = _wanted(form, uploaded, kept, stored)
            fresh = form.value("revision") == version_of(stored)
            if fresh:
                await update_link(work, link_id, wanted.spec, wanted.shown)
    except InvalidInput as error:
        async with console.reading() as work:
            stored = stored or await _stored(work, link_id)
            failed = _failed(form, error, wanted)
            icon_text = wanted.spec.icon_text if wanted else ""
            return await _page(console, work, failed, stored, icon_text=icon_text, status=422)
    if fresh:
        return console.go("links", work)
    async with console.reading() as work:
        conflict = await _conflict(work, stored, wanted)
        newer = _kept_icon(form, wanted).with_values(revision=version_of(stored))
        return await _page(
            console, work, newer, stored, wanted.spec.icon_text, conflict, status=409
        )


@get("/links/{link:str}/delete")
async def ask_to_delete(console: NamedDependency[Console]) -> Answer:
    """What deleting a link touches."""
    async with console.reading() as work:
        found = await get_link(work, console.path_id("link"))
        link = found.page.items[0]
        (stored,) = await present_links(work, [link])
        portals = [found.portals[each].name for each in link.portal_ids if each in found.portals]
        href = f"{console.base}/links/{link.id}"
        view = Confirmation(
            title=f"Delete {link.name}",
            crumbs=(("Links", f"{console.base}/links"), (link.name, href)),
            words="People no longer find it on these portals:"
            if portals
            else "It is on no portal, so nobody sees it now.",
            touched=tuple(portals),
            action=f"{href}/delete",
            button="Delete link",
            cancel=href,
            revision=version_of(stored),
            undoable=True,
        )
        return await ask(console, work, view, place="links")


@post("/links/{link:str}/delete", status_code=303)
async def remove_link(console: NamedDependency[Console]) -> Answer:
    """Deletes a link."""
    await console.form()
    async with console.writing() as work:
        await delete_link(work, console.path_id("link"))
    return console.go("links", work)


@dataclass(frozen=True)
class PictureKept:
    """The icon that a form keeps when it brings no other."""

    text: str = ""
    is_dark: bool | None = None


def _icon_kept(form: Form) -> PictureKept:
    """An icon that was read from an upload before, when the form had to be shown again."""
    kept = form.value("icon_kept")
    if not kept.startswith(("dark:data:image/", "light:data:image/")):
        return PictureKept()
    brightness, _, text = kept.partition(":")
    return PictureKept(text, brightness == "dark")


async def _stored(work: UnitOfWork, link_id: int, *, lock: bool = False) -> PresentedLink:
    found = await get_link(work, link_id, lock=lock)
    (stored,) = await present_links(work, found.page.items)
    return stored


def _form_of(link: PresentedLink) -> Form:
    return make_form(
        LABELS,
        revision=version_of(link),
        name=link.name,
        description=link.description,
        enabled="on" if link.enabled else "",
        protocol=link.protocol or "https://",
        host=link.link,
        path=link.link_path,
        portals=[str(each) for each in link.portal_ids],
        section=link.presentation.section,
        groups=link.presentation.groups,
        icon_kept=_kept_text(link.icon_text, link.presentation.icon_is_dark),
    )


def _kept_text(icon_text: str, is_dark: bool | None) -> str:
    return f"{'dark' if is_dark else 'light'}:{icon_text}" if icon_text else ""


def _wanted(
    form: SentForm,
    uploaded: StoredPicture | None,
    kept: PictureKept,
    stored: PresentedLink | None = None,
) -> WantedLink:
    """What a form says."""
    again = _icon_kept(form)
    icon = kept if again.text in ("", kept.text) else again
    if uploaded:
        icon = PictureKept(uploaded.data_uri, uploaded.is_dark)
    elif form.flag("icon_none"):
        icon = PictureKept()
    host, path, protocol = form.value("host").strip(), form.value("path"), form.value("protocol")
    if "://" in host:
        # Without a script the form splits a pasted address now.
        protocol, host, path = astuple(split_address(host))
    base = _spec_of(stored) if stored else LinkSpec(name="")
    spec = replace(
        base,
        name=form.value("name"),
        description=form.value("description"),
        enabled=form.flag("enabled"),
        icon_text=icon.text,
        link=host,
        link_path=path,
        protocol=_same_protocol(protocol, base.protocol),
        portal_ids=form.ids("portals"),
    )
    shown = stored.presentation if stored else PLAIN
    section = form.value("section").strip()
    new_groups = [each.strip() for each in form.value("new_groups").split(",") if each.strip()]
    presentation = replace(
        shown,
        section=section,
        order=shown.order if fold(section) == fold(shown.section) else 0,
        groups=(*form.values("groups"), *new_groups),
        icon_is_dark=icon.is_dark,
    )
    return WantedLink(spec, presentation)


def _spec_of(link: Link) -> LinkSpec:
    return LinkSpec(**{each.name: getattr(link, each.name) for each in fields(LinkSpec)})


def _same_protocol(chosen: str, stored: str) -> str:
    """No protocol means https: a link that has none keeps having none when https is chosen."""
    return "" if chosen == "https://" and not stored else chosen


def _failed(form: Form, error: InvalidInput, wanted: WantedLink | None) -> Form:
    """The form with the use-case's words beside the field, and a repair where one is known."""
    portals = isinstance(error, UnknownReference | LinkLimitExceeded)
    failed = place_error(form, error, FIELDS, otherwise="portals" if portals else "")
    if isinstance(error, InvalidField) and error.field == "link":
        fix = repaired_host(form.value("host"))
        failed = failed.failed({"host": FieldError(text=error.why, fix=fix)})
    return _kept_icon(failed, wanted) if wanted else failed


def _kept_icon(form: Form, wanted: WantedLink) -> Form:
    kept = _kept_text(wanted.spec.icon_text, wanted.shown.icon_is_dark)
    return form.with_values(icon_kept=kept)


async def _conflict(work: UnitOfWork, stored: PresentedLink, wanted: WantedLink) -> Conflict:
    named = {**dict.fromkeys(stored.portal_ids), **dict.fromkeys(wanted.spec.portal_ids)}
    portals = {p.id: p.name for p in (await work.portals.find_all(named)).values()}
    values = asdict(wanted.spec)
    values |= {
        "presentation.section": wanted.shown.section,
        "presentation.groups": tuple(sorted(wanted.shown.groups)),
    }
    return await render_conflict(work, "link", stored, values, portals)


async def _page(
    console: Console,
    work: UnitOfWork,
    form: Form,
    stored: Link | None = None,
    icon_text: str = "",
    conflict: Conflict | None = None,
    *,
    status: int = 200,
) -> Answer:
    portals = (await list_portals(work, ListQuery(page_size=CHOICES_LIMIT))).items
    groups = (await list_groups(work)).groups
    chosen = form.values("portals")
    is_dark = form.value("icon_kept").startswith("dark:")
    view = LinkView(
        title=stored.name if stored else "New link",
        id=stored.id if stored else 0,
        href=f"{console.base}/links/{stored.id}" if stored else "",
        form=form,
        tile=icon_tile(form.value("name") or "N", icon_text, is_dark=is_dark),
        host=display_host(form.value("host")),
        path=form.value("path"),
        portals=[Choice(str(each.id), each.name) for each in portals],
        sections=[each.name for each in (await list_sections(work)).sections],
        groups=[Choice(each.name, each.name) for each in groups],
        seen_by=_seen_by(
            form, [each.name for each in portals if str(each.id) in chosen], form.values("groups")
        ),
        conflict=conflict,
    )
    return await console.page("link.html", work, view, place="links", status=status)


def _seen_by(form: Form, portals: Sequence[str], groups: Sequence[str]) -> str:
    """Who sees the link, in a sentence."""
    if not form.flag("enabled"):
        return "Nobody while it is disabled."
    if not portals:
        return "Nobody: it is on no portal."
    who = f"Members of {_joined(groups)}" if groups else "Everyone who sees the portal"
    return f"{who}, on {_joined(portals)}."


def _joined(names: Sequence[str]) -> str:
    shown = list(names[:4]) + ([f"{len(names) - 4} more"] if len(names) > 4 else [])
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


ROUTES = [new_link, add_link, show_link, change_link, ask_to_delete, remove_link]
