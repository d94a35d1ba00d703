"""Checks of many new links row by row, by the rules of `create_links`, before they are stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from portico.domain.characters import check_visible, hidden_position
from portico.domain.errors import InvalidInput, NameTaken, UnknownReference
from portico.domain.links.links import LinkSpec, check_link, check_portal_room
from portico.domain.links.presentation import LinkPresentation, check_presentation
from portico.domain.records import fold
from portico.services.access import require_admin
from portico.services.links.links import check_bulk_size
from portico.services.work import UnitOfWork


async def check_new_links(
    work: UnitOfWork,
    specs: Sequence[LinkSpec],
    presentations: Sequence[LinkPresentation | None] | None = None,
) -> list[InvalidInput | None]:
    """Return for each of 1 to 500 rows the error that `create_links` would raise, or None.

    When two rows have the same name, or a portal has no room for both, the later row has the error.
    Raises Forbidden, or InvalidField for no rows or too many.
    """
    require_admin(work)
    check_bulk_size(len(specs))
    taken = set(await work.links.ids_by_name([spec.name.strip() for spec in specs]))
    portal_ids = {portal_id for spec in specs for portal_id in spec.portal_ids}
    known = await work.portals.find_all(portal_ids)
    room = Counter(await work.links.count_by_portal(known))
    headings = await _known_headings(work, presentations or ())
    errors: list[InvalidInput | None] = []
    for position, spec in enumerate(specs):
        try:
            _check_row(spec, taken, known, room)
            _check_presentation(presentations[position] if presentations else None, headings)
        except InvalidInput as error:
            errors.append(error)
        else:
            errors.append(None)
        taken.add(fold(spec.name.strip()))
        room.update(set(spec.portal_ids) & set(known))
    return errors


def _check_row(
    spec: LinkSpec,
    taken: Collection[str],
    known: Collection[int],
    room: Mapping[int, int],
) -> None:
    checked = check_link(spec)
    if fold(checked.name) in taken:
        raise NameTaken(checked.name)
    for portal_id in checked.portal_ids:
        if portal_id not in known:
            raise UnknownReference(portal_id)
    for portal_id in checked.portal_ids:
        check_portal_room(portal_id, room[portal_id] + 1)


def _check_presentation(presentation: LinkPresentation | None, known: Collection[str]) -> None:
    """Check section and groups. `known` has the folded names of those that exist."""
    if presentation is None:
        return
    checked = check_presentation(presentation)
    if fold(checked.section) not in known:
        check_visible("portico.section", checked.section)
    for name in checked.groups:
        if fold(name) not in known:
            check_visible("portico.groups", name)


async def _known_headings(
    work: UnitOfWork, presentations: Sequence[LinkPresentation | None]
) -> Collection[str]:
    """Return the folded names of existing sections and groups with invisible characters.

    Only such names are looked up, so nearly always nothing is.
    """
    rows = [each for each in presentations if each is not None]
    sections = [each.section for each in rows if hidden_position(each.section) is not None]
    groups = [name for each in rows for name in each.groups if hidden_position(name) is not None]
    known = set(await work.sections.ids_by_name(sections)) if sections else set()
    return known | (set(await work.groups.ids_by_name(groups)) if groups else set())
