"""Checks of many links row by row, by the rules for storing them, before they are stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from portico.domain.characters import check_visible, hidden_position
from portico.domain.errors import InvalidInput, NameTaken, UnknownReference
from portico.domain.links.links import LinkSpec, check_link, check_portal_room
from portico.domain.links.presentation import (
    LinkPresentation,
    PresentedLink,
    check_presentation,
)
from portico.domain.portals.portals import UserPortal
from portico.domain.records import fold
from portico.services.access import require_admin
from portico.services.links.links import check_bulk_size
from portico.services.work import UnitOfWork

NEW = 0
"""In place of an id: the name is taken by a new link of another row."""


async def check_rows(
    work: UnitOfWork,
    specs: Sequence[LinkSpec],
    presentations: Sequence[LinkPresentation | None] | None = None,
    replaced: Sequence[PresentedLink | None] | None = None,
) -> list[InvalidInput | None]:
    """Return for each of 1 to 500 rows the error that storing it would raise, or None.

    `replaced` has the stored links that rows change. When two rows have the same name, change the
    same link, or a portal has no room for both, the later row has the error.
    Raises Forbidden, or InvalidField for no rows or too many.
    """
    require_admin(work)
    check_bulk_size(len(specs))
    befores = list(replaced or [None] * len(specs))
    checks = _RowChecks(
        taken=dict(await work.links.ids_by_name([spec.name.strip() for spec in specs])),
        known=await work.portals.find_all({each for spec in specs for each in spec.portal_ids}),
        headings=await _known_headings(work, presentations or ()),
    )
    checks.room.update(await work.links.count_by_portal(checks.known))
    for spec, before in zip(specs, befores, strict=True):
        checks.room.subtract(set(before.portal_ids) - set(spec.portal_ids) if before else ())
    shown = presentations or [None] * len(specs)
    return [checks.error_of(*row) for row in zip(specs, shown, befores, strict=True)]


@dataclass(kw_only=True)
class _RowChecks:
    """Checks rows in turn, and remembers the names and places that they take.

    `taken` has the ids of links by folded name, `room` the numbers of links on portals.
    """

    taken: dict[str, int]
    known: Mapping[int, UserPortal]
    headings: Collection[str]
    room: Counter[int] = field(default_factory=Counter)
    changed: set[int] = field(default_factory=set)

    def error_of(
        self, spec: LinkSpec, shown: LinkPresentation | None, before: PresentedLink | None
    ) -> InvalidInput | None:
        """Return the error of one row."""
        added = set(spec.portal_ids) - set(before.portal_ids if before else ())
        error: InvalidInput | None = None
        try:
            self._check(spec, added, before)
            _check_presentation(shown, self.headings)
        except InvalidInput as raised:
            error = raised
        self.taken.setdefault(fold(spec.name.strip()), NEW)
        if before:
            self.changed.add(before.id)
        self.room.update(added & set(self.known))
        return error

    def _check(self, spec: LinkSpec, added: Collection[int], before: PresentedLink | None) -> None:
        checked = check_link(spec, stored_name=before.name if before else "")
        if before and before.id in self.changed:
            raise InvalidInput(f"Another row changes {before.name} too. Leave one of them out.")
        holder = self.taken.get(fold(checked.name))
        if holder is not None and (before is None or holder != before.id):
            raise NameTaken(checked.name)
        for portal_id in checked.portal_ids:
            if portal_id not in self.known:
                raise UnknownReference(portal_id)
        for portal_id in sorted(added):
            check_portal_room(portal_id, self.room[portal_id] + 1, self.known[portal_id].name)


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
