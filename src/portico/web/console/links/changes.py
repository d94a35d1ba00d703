"""Changes of many links at once, with a preview before they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from litestar import post
from litestar.di import NamedDependency

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
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.tiles import tile_of
from portico.web.console.frame.words import counted
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

VERBS: Mapping[str, str] = {
    "enable": "Enable",
    "disable": "Disable",
    "portals": "Put on portals",
    "section": "Move to a section",
    "delete": "Delete",
}
NO_SECTION = "none"
"""The value of "No section" among the sections."""
NO_CHOICE: Mapping[str, str] = {
    "section": 'Choose a section, or "No section".',
    "portals": "Choose portals to put the links on, or to take them off.",
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


@post("/links/bulk", status_code=200)
async def show_change(console: NamedDependency[Console]) -> Answer:
    """Show the preview of a change of the selected links."""
    form = await console.form()
    async with console.reading() as work:
        return await _preview(console, work, await _with_all_that_match(work, form))


@post("/links/bulk/apply", status_code=303)
async def apply_change(console: NamedDependency[Console]) -> Answer:
    """Make the change, or show why it is not possible any more."""
    form = await console.form()
    selection = LinkSelection(link_ids=form.ids("link"))
    try:
        async with console.writing() as work:
            changes = await read_changes(work, form)
            if not changes:
                raise InvalidInput(NO_CHOICE.get(form.value("action"), "Choose what is to change."))
            await require_unchanged(work, form, changes)
            done = [await change_links(work, selection, each) for each in changes]
    except StalePrecondition:
        async with console.reading() as work:
            conflict = await describe_stale(work, form)
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
    kinds = {kind.value: kind for kind in ChangeKind if kind.value in VERBS}
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
    words = f"{matches.total} links match; the first {CHANGE_LIMIT} are changed at once."
    return chosen.failed({"change": FieldError(text=words)})


async def _preview(
    console: Console,
    work: UnitOfWork,
    form: Form,
    *,
    status: int = 200,
    conflict: SelectionConflict | None = None,
) -> Answer:
    chosen = await find_previewed(work, form)
    selection = LinkSelection(link_ids=tuple(link.id for link in chosen))
    changes = await read_changes(work, form)
    previews = [await preview_link_change(work, selection, each) for each in changes]
    refusal = next((each.refusal for each in previews if each.refusal), None)
    if refusal is not None:
        form = form.failed({"change": FieldError(text=error_words(refusal))})
    changed = {each.before.id for preview in previews for each in preview.changed}
    action = form.value("action")
    links = counted(len(chosen), "link", "links")
    view = ChangeView(
        title=_title(action, links),
        action=action,
        back=console.back(form, "links"),
        link_ids=selection.link_ids,
        revision=revision_of(chosen, changes),
        conflict=conflict,
        form=form,
        portals=await portal_states(work, chosen, form) if action == "portals" else [],
        sections=await _section_choices(work) if action == "section" else [],
        words=" ".join(map(_words, previews)) or NO_CHOICE.get(action, ""),
        rows=[
            _row(
                console,
                each,
                {p.portal.id: p.portal.name for p in preview.portals.values()},
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
        Choice(NO_SECTION, "No section"),
        *(Choice(str(each.id), each.name) for each in sections),
    ]


def _title(action: str, links: str) -> str:
    if action == "portals":
        return f"Portals of {links}"
    if action == "section":
        return f"Section of {links}"
    return f"{VERBS.get(action, 'Change')} {links}"


def _button(action: str, changed: int, previews: Sequence[LinkChangePreview]) -> str:
    links = counted(changed, "link", "links")
    if action == "delete":
        portals = {portal_id for preview in previews for portal_id in preview.portals}
        return f"Delete {links}" + (
            f" from {counted(len(portals), 'portal', 'portals')}" if portals else ""
        )
    if action in {"portals", "section"}:
        return f"Change {links}"
    return f"{VERBS.get(action, 'Change')} {links}"


def _words(preview: LinkChangePreview) -> str:
    """Return the effect of a change in a few sentences."""
    sentences = []
    deleted = any(each.after is None for each in preview.changed)
    verbs = (
        ("link is deleted", "links are deleted") if deleted else ("link changes", "links change")
    )
    if preview.changed:
        sentences.append(f"{counted(len(preview.changed), *verbs)}.")
    if preview.unchanged:
        one, many = "link stays as it is", "links stay as they are"
        sentences.append(f"{counted(len(preview.unchanged), one, many)}.")
    for room in preview.portals.values():
        before = counted(room.before, "link", "links")
        sentences.append(f"{room.portal.name}: {before}, then {room.after}.")
    for name in preview.new_sections:
        sentences.append(f"The section {name} is created.")
    return " ".join(sentences)


def _row(
    console: Console, each: LinkDifference, portals: Mapping[int, str], action: str
) -> ChangeRow:
    before, after = each.before, each.after
    if after is None:
        was = counted(len(before.portal_ids), "portal", "portals")
        values = ("", f"on {was}" if before.portal_ids else "on no portal")
    elif action == "section":
        values = (before.presentation.section, after.presentation.section or "No section")
    elif action == "portals":
        values = ("", _portal_words(set(before.portal_ids), set(after.portal_ids), portals))
    else:
        values = ("On", "Off") if before.enabled else ("Off", "On")
    tile = tile_of(before, console.base)
    return ChangeRow(tile=tile, name=before.name, before=values[0], after=values[1])


def _portal_names(preview: LinkChangePreview) -> dict[int, str]:
    return {each.portal.id: each.portal.name for each in preview.portals.values()}


def _portal_words(before: set[int], after: set[int], portals: Mapping[int, str]) -> str:
    moved = [f"+ {portals.get(each, each)}" for each in sorted(after - before)]
    moved += [f"\N{MINUS SIGN} {portals.get(each, each)}" for each in sorted(before - after)]
    return ", ".join(moved)


ROUTES = [show_change, apply_change]
