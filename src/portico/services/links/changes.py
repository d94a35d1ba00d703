"""Use-cases that change many links at once, each with a preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from portico.domain.characters import check_visible
from portico.domain.errors import InvalidInput, UnknownReference
from portico.domain.links.changes import (
    ChangeKind,
    LinkChange,
    LinkDifference,
    LinkSelection,
    apply_change,
    check_change,
)
from portico.domain.links.links import KIND, check_portal_room
from portico.domain.links.presentation import PresentedLink
from portico.domain.portals.portals import UserPortal
from portico.domain.records import check_name, fold
from portico.services import recording
from portico.services.access import require_admin
from portico.services.links.lists import select_links
from portico.services.links.presentation import store_presentations
from portico.services.work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class PortalRoom:
    """The number of links on a portal before and after a change."""

    portal: UserPortal
    before: int
    after: int


@dataclass(frozen=True, kw_only=True)
class LinkChangePreview:
    """The effect of a change: the links that it changes and those that it does not.

    `portals` get or lose links. `new_sections` and `new_groups` would be created. A change with a
    `refusal` cannot be made.
    """

    changed: tuple[LinkDifference, ...]
    unchanged: tuple[PresentedLink, ...]
    portals: Mapping[int, PortalRoom]
    new_sections: tuple[str, ...] = ()
    new_groups: tuple[str, ...] = ()
    refusal: InvalidInput | None = None


async def preview_link_change(
    work: UnitOfWork, selection: LinkSelection, change: LinkChange
) -> LinkChangePreview:
    """Return the effect of a change without making it. Its `refusal` is a rule that it breaks.

    Raises Forbidden, NotFound for a link that is gone, InvalidField for too many links.
    """
    require_admin(work)
    links = await select_links(work, selection)
    try:
        change = check_change(change)
        differences = [
            LinkDifference(before=link, after=apply_change(link, change)) for link in links
        ]
    except InvalidInput as error:
        return LinkChangePreview(changed=(), unchanged=tuple(links), portals={}, refusal=error)
    changed = tuple(each for each in differences if each.after != each.before)
    rooms = await _rooms(work, changed)
    sections, groups = await _new_sections(work, change), await _new_groups(work, change)
    known = await work.portals.find_all(change.portal_ids)
    return LinkChangePreview(
        changed=changed,
        unchanged=tuple(each.before for each in differences if each.after == each.before),
        portals=rooms,
        new_sections=sections,
        new_groups=groups,
        refusal=_refusal(change, rooms, known) or _hidden_names(sections, groups),
    )


async def change_links(
    work: UnitOfWork, selection: LinkSelection, change: LinkChange
) -> LinkChangePreview:
    """Make a change completely or not at all, and return its effect.

    Raises the refusal of the preview, and its errors.
    """
    preview = await preview_link_change(work, selection, change)
    if preview.refusal is not None:
        raise preview.refusal
    if change.kind is ChangeKind.DELETE:
        deleted = [each.before for each in preview.changed]
        await work.link_sets.remove_all([link.id for link in deleted])
        await recording.record_deletion(work, KIND, *deleted)
        return preview
    changes = [
        (each.before, _stamped(work, each.after, change))
        for each in preview.changed
        if each.after is not None
    ]
    after = [stored for _, stored in changes]
    match change.kind:
        case ChangeKind.ENABLE | ChangeKind.DISABLE:
            await work.link_sets.set_enabled(after, change.kind is ChangeKind.ENABLE)
        case ChangeKind.ADD_PORTALS | ChangeKind.REMOVE_PORTALS:
            await work.link_sets.reassign(after)
        case _:
            await store_presentations(work, after, [link for link, _ in changes])
    await recording.record_updates(work, KIND, changes)
    return preview


async def reorder_links(work: UnitOfWork, section: str, link_ids: Sequence[int]) -> None:
    """Put links into a section ("" for none) in the order given, from position 1.

    Other links of the section keep their positions. Raises NotFound, InvalidField or Forbidden.
    """
    require_admin(work)
    heading = check_name(section, name="portico.section") if section.strip() else ""
    distinct = tuple(dict.fromkeys(link_ids))
    links = await select_links(work, LinkSelection(link_ids=distinct))
    before = {link.id: link for link in links}
    changes = []
    for order, link_id in enumerate(distinct, 1):
        link = before[link_id]
        presentation = replace(link.presentation, section=heading, order=order)
        if presentation != link.presentation:
            changes.append((link, replace(link, presentation=presentation)))
    await store_presentations(work, [after for _, after in changes], links)
    await recording.record_updates(work, KIND, changes)


def _stamped(work: UnitOfWork, link: PresentedLink, change: LinkChange) -> PresentedLink:
    """Return the link with new stamps, unless only its presentation changes.

    The presentation is no part of the vendor's object, whose stamps these are.
    """
    if change.kind in {ChangeKind.MOVE, ChangeKind.SET_GROUPS}:
        return link
    return replace(link, modified_time=work.now, modified_by=work.principal.actor_id)


async def _rooms(work: UnitOfWork, changed: Iterable[LinkDifference]) -> dict[int, PortalRoom]:
    """Return the portals that get or lose links, with their numbers of links."""
    moved: Counter[int] = Counter()
    for each in changed:
        moved.subtract(each.before.portal_ids)
        moved.update(() if each.after is None else each.after.portal_ids)
    reached = [portal_id for portal_id, links in moved.items() if links]
    portals = await work.portals.find_all(reached, lock=True)
    present = await work.links.count_by_portal(reached)
    return {
        portal_id: PortalRoom(
            portal=portal,
            before=present.get(portal_id, 0),
            after=present.get(portal_id, 0) + moved[portal_id],
        )
        for portal_id, portal in portals.items()
    }


def _refusal(
    change: LinkChange, rooms: dict[int, PortalRoom], known: Container[int]
) -> InvalidInput | None:
    try:
        for portal_id in change.portal_ids:
            if portal_id not in known:
                raise UnknownReference(portal_id)
        for portal_id, room in rooms.items():
            if room.after > room.before:
                check_portal_room(portal_id, room.after, room.portal.name)
    except InvalidInput as error:
        return error
    return None


def _hidden_names(sections: Iterable[str], groups: Iterable[str]) -> InvalidInput | None:
    """Return what is wrong with the names of sections and groups that a change would create."""
    try:
        for section in sections:
            check_visible("portico.section", section)
        for group in groups:
            check_visible("portico.groups", group)
    except InvalidInput as error:
        return error
    return None


async def _new_sections(work: UnitOfWork, change: LinkChange) -> tuple[str, ...]:
    if change.kind is not ChangeKind.MOVE or not change.section:
        return ()
    known = await work.sections.ids_by_name([change.section])
    return () if fold(change.section) in known else (change.section,)


async def _new_groups(work: UnitOfWork, change: LinkChange) -> tuple[str, ...]:
    if change.kind is not ChangeKind.SET_GROUPS or not change.groups:
        return ()
    known = await work.groups.ids_by_name(change.groups)
    return tuple(name for name in change.groups if fold(name) not in known)
