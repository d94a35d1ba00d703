"""Changes of many links at once, with a preview before they are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from starlette.responses import Response

from portico.domain.errors import InvalidInput, StalePrecondition
from portico.domain.links.changes import (
    CHANGE_LIMIT,
    ChangeKind,
    LinkChange,
    LinkDifference,
    LinkSelection,
)
from portico.services.links.changes import LinkChangePreview, change_links, preview_link_change
from portico.services.links.lists import list_filtered_links
from portico.services.links.sections import get_section, list_sections
from portico.services.work import UnitOfWork
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.forms import FieldError, Form, read_id
from portico.web.console.frame.lists import Choice, links_in_words, on_portals, portals_in_words
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import post
from portico.web.console.frame.tiles import tile_of
from portico.web.console.links.list import FILTERS, read_filter, read_order
from portico.web.console.links.portal_states import (
    PortalState,
    portal_states,
    read_portal_changes,
)
from portico.web.console.links.unchanged import (
    SelectionConflict,
    describe_stale,
    find_previewed,
    require_unchanged,
    revision_of,
)
from portico.web.shared.arch import Arch
from portico.web.shared.texts import Text, joined, ngettext
from portico.web.shared.texts import gettext as _

TITLES: Mapping[str, Callable[[int], Text]] = {
    "enable": lambda n: ngettext("Enable %(num)s link", "Enable %(num)s links", n),
    "disable": lambda n: ngettext("Disable %(num)s link", "Disable %(num)s links", n),
    "portals": lambda n: ngettext("Portals of %(num)s link", "Portals of %(num)s links", n),
    "section": lambda n: ngettext("Section of %(num)s link", "Section of %(num)s links", n),
    "delete": lambda n: ngettext("Delete %(num)s link", "Delete %(num)s links", n),
}
"""The title of each action for a number of links."""
NO_SECTION = "none"
"""The value of "No section" among the sections."""
NO_CHOICE: Mapping[str, str] = {
    "section": _('Choose a section, or "No section".'),
    "portals": _("Choose portals to put the links on, or to take them off."),
}


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One link with its change."""

    tile: Arch
    name: str
    before: str
    after: str


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """The preview of a change."""

    title: str
    action: str
    back: str
    link_ids: Sequence[int]
    revision: str
    conflict: SelectionConflict | None
    form: Form
    portals: list[PortalState]
    sections: list[Choice]
    words: str
    rows: list[ChangeRow]
    changes: int
    button: str


@post("/links/bulk")
async def show_change(console: Console) -> Response:
    """Show the preview of a change of the selected links."""
    form = await console.form()
    async with console.reading() as work:
        return await _preview(console, work, await _with_all_that_match(work, form))


@post("/links/bulk/apply")
async def apply_change(console: Console) -> Response:
    """Make the change, or show why it is not possible any more."""
    form = await console.form()
    selection = LinkSelection(link_ids=form.ids("link"))
    try:
        async with console.writing() as work:
            changes = await read_changes(work, form)
            if not changes:
                raise InvalidInput(
                    NO_CHOICE.get(form.value("action"), _("Choose what is to change."))
                )
            await require_unchanged(console.site.threads, work, form, changes)
            done = [await change_links(work, selection, each) for each in changes]
    except StalePrecondition:
        async with console.reading() as work:
            conflict = await describe_stale(console.site.threads, work, form)
            return await _preview(console, work, form, status=409, conflict=conflict)
    except InvalidInput as error:
        async with console.reading() as work:
            failed = form.failed({"change": FieldError(text=error_words(error))})
            return await _preview(console, work, failed, status=422)
    changed = any(each.changed for each in done)
    back = console.back(form, "links")
    return console.go(back, work) if changed else console.go(back, message="nothing")


async def read_changes(work: UnitOfWork, form: Form) -> list[LinkChange]:
    """Return the changes that a form requests, in the order to make them.

    Raises NotFound for a section that is gone.
    """
    action = form.value("action")
    if action == "portals":
        return read_portal_changes(form)
    if action == "section":
        new, chosen = form.value("new_section").strip(), form.value("section")
        if not new and not chosen:
            return []
        if not new and chosen != NO_SECTION:
            new = (await get_section(work, read_id(chosen))).name
        return [LinkChange(kind=ChangeKind.MOVE, section=new)]
    kinds = {kind.value: kind for kind in ChangeKind if kind.value in TITLES}
    return [LinkChange(kind=kinds[action])] if action in kinds else []


async def _with_all_that_match(work: UnitOfWork, form: Form) -> Form:
    """Return the form with the ids of all links that match its filters, if it asks for all."""
    if not form.flag("all"):
        return form
    query = {name: form.value(f"filter.{name}") for name in FILTERS}
    order = read_order(query, work.now, size=CHANGE_LIMIT)
    matches = (await list_filtered_links(work, order, read_filter(query, work.now))).page
    chosen = form.with_values(link=[str(link.id) for link in matches.items], all="")
    if matches.total <= CHANGE_LIMIT:
        return chosen
    words = _(
        "%(total)s links match; the first %(limit)s are changed at once.",
        total=matches.total,
        limit=CHANGE_LIMIT,
    )
    return chosen.failed({"change": FieldError(text=words)})


async def _preview(
    console: Console,
    work: UnitOfWork,
    form: Form,
    *,
    status: int = 200,
    conflict: SelectionConflict | None = None,
) -> Response:
    chosen = await find_previewed(work, form)
    selection = LinkSelection(link_ids=tuple(link.id for link in chosen))
    changes = await read_changes(work, form)
    previews = [await preview_link_change(work, selection, each) for each in changes]
    refusal = next((each.refusal for each in previews if each.refusal), None)
    if refusal is not None:
        form = form.failed({"change": FieldError(text=error_words(refusal))})
    changed = {each.before.id for preview in previews for each in preview.changed}
    action = form.value("action")
    view = ChangeView(
        title=TITLES.get(action, _change_title)(len(chosen)),
        action=action,
        back=console.back(form, "links"),
        link_ids=selection.link_ids,
        revision=await revision_of(console.site.threads, chosen, changes),
        conflict=conflict,
        form=form,
        portals=await portal_states(work, chosen, form) if action == "portals" else [],
        sections=await _section_choices(work) if action == "section" else [],
        words=joined(map(_words, previews), " ") or NO_CHOICE.get(action, ""),
        rows=[
            _row(
                console,
                each,
                _portal_names(preview),
                action,
            )
            for preview in previews
            for each in preview.changed
        ],
        changes=0 if refusal else len(changed),
        button=_button(action, len(changed), previews),
    )
    return await console.page("links_change.html", work, view, nav="links", status=status)


async def _section_choices(work: UnitOfWork) -> list[Choice]:
    sections = (await list_sections(work)).sections
    return [
        Choice(NO_SECTION, _("No section")),
        *(Choice(str(each.id), each.name) for each in sections),
    ]


def _change_title(links: int) -> Text:
    return ngettext("Change %(num)s link", "Change %(num)s links", links)


def _button(action: str, changed: int, previews: Sequence[LinkChangePreview]) -> Text:
    portals = {portal_id for preview in previews for portal_id in preview.portals}
    if action == "delete" and portals:
        return _(
            "Delete %(links)s from %(portals)s",
            links=links_in_words(changed),
            portals=portals_in_words(len(portals)),
        )
    if action in {"portals", "section"}:
        return _change_title(changed)
    return TITLES.get(action, _change_title)(changed)


def _words(preview: LinkChangePreview) -> Text:
    """Return the effect of a change in a few sentences."""
    sentences = []
    changed, unchanged = len(preview.changed), len(preview.unchanged)
    if any(each.after is None for each in preview.changed):
        sentences.append(
            ngettext("%(num)s link is deleted.", "%(num)s links are deleted.", changed)
        )
    elif changed:
        sentences.append(ngettext("%(num)s link changes.", "%(num)s links change.", changed))
    if unchanged:
        sentences.append(
            ngettext("%(num)s link stays as it is.", "%(num)s links stay as they are.", unchanged)
        )
    for room in preview.portals.values():
        before = links_in_words(room.before)
        sentences.append(
            _(
                "%(name)s: %(before)s, then %(after)s.",
                name=room.portal.name,
                before=before,
                after=room.after,
            )
        )
    for name in preview.new_sections:
        sentences.append(_("The section %(name)s is created.", name=name))
    return joined(sentences, " ")


def _row(
    console: Console, each: LinkDifference, portals: Mapping[int, str], action: str
) -> ChangeRow:
    before, after = each.before, each.after
    if after is None:
        values: tuple[str, str] = ("", on_portals(len(before.portal_ids)))
    elif action == "section":
        values = (before.presentation.section, after.presentation.section or _("No section"))
    elif action == "portals":
        values = ("", _portal_words(set(before.portal_ids), set(after.portal_ids), portals))
    else:
        values = (_("Enabled"), _("Disabled"))
        if not before.enabled:
            values = (values[1], values[0])
    tile = tile_of(before, console.base)
    return ChangeRow(tile=tile, name=before.name, before=values[0], after=values[1])


def _portal_names(preview: LinkChangePreview) -> dict[int, str]:
    return {each.portal.id: each.portal.name for each in preview.portals.values()}


def _portal_words(before: set[int], after: set[int], portals: Mapping[int, str]) -> str:
    moved = [f"+ {portals.get(each, each)}" for each in sorted(after - before)]
    moved += [f"\N{MINUS SIGN} {portals.get(each, each)}" for each in sorted(before - after)]
    return ", ".join(moved)


ROUTES = [show_change, apply_change]
