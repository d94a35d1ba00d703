"""The changes that the console can make to many links at once, and their effect on one link."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from portico.domain.errors import InvalidField
from portico.domain.links.filters import LinkFilter
from portico.domain.links.links import PORTALS_PER_LINK
from portico.domain.links.presentation import LinkPresentation, PresentedLink, check_groups
from portico.domain.records import check_name, fold

CHANGE_LIMIT = 500
"""The largest number of links of one change, so that its transaction is short."""


class ChangeKind(StrEnum):
    """The kind of a change."""

    ENABLE = "enable"
    DISABLE = "disable"
    ADD_PORTALS = "add_portals"
    REMOVE_PORTALS = "remove_portals"
    MOVE = "move"
    SET_GROUPS = "set_groups"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class LinkChange:
    """One change. `portal_ids`, `section` and `groups` are for the kinds that need them.

    The section "" means none, and no groups mean everyone.
    """

    kind: ChangeKind
    portal_ids: tuple[int, ...] = ()
    section: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LinkSelection:
    """The links to change: those with the ids, or all that match the filter."""

    link_ids: tuple[int, ...] = ()
    filter: LinkFilter | None = None


@dataclass(frozen=True, kw_only=True)
class LinkDifference:
    """A link before and after a change. `after` is None for a deleted link."""

    before: PresentedLink
    after: PresentedLink | None


def check_change(change: LinkChange) -> LinkChange:
    """Return the change with its names as they will be stored. Raises InvalidField."""
    if change.kind in {ChangeKind.ADD_PORTALS, ChangeKind.REMOVE_PORTALS}:
        if not change.portal_ids:
            raise InvalidField("userPortals", "It is required: at least one portal.")
        return replace(change, portal_ids=tuple(sorted(set(change.portal_ids))))
    if change.kind is ChangeKind.MOVE and change.section.strip():
        return replace(change, section=check_name(change.section, name="portico.section"))
    return replace(change, section="", groups=check_groups(change.groups))


def apply_change(link: PresentedLink, change: LinkChange) -> PresentedLink | None:
    """Return the link after the change, or None if it is deleted. Raises InvalidField.

    The caller sets the stamps. A link that moves to another section has no order there.
    """
    match change.kind:
        case ChangeKind.DELETE:
            return None
        case ChangeKind.ENABLE | ChangeKind.DISABLE:
            return replace(link, enabled=change.kind is ChangeKind.ENABLE)
        case ChangeKind.ADD_PORTALS:
            return _on(link, {*link.portal_ids, *change.portal_ids})
        case ChangeKind.REMOVE_PORTALS:
            return _on(link, set(link.portal_ids) - set(change.portal_ids))
        case ChangeKind.MOVE | ChangeKind.SET_GROUPS:
            return replace(link, presentation=_rearranged(link.presentation, change))


def _rearranged(presentation: LinkPresentation, change: LinkChange) -> LinkPresentation:
    """Return the presentation after the change: the same object if only letter case differs."""
    if change.kind is ChangeKind.SET_GROUPS:
        same = set(map(fold, change.groups)) == set(map(fold, presentation.groups))
        return presentation if same else replace(presentation, groups=change.groups)
    same = fold(change.section) == fold(presentation.section)
    return presentation if same else replace(presentation, section=change.section, order=0)


def _on(link: PresentedLink, portal_ids: set[int]) -> PresentedLink:
    if len(portal_ids) > PORTALS_PER_LINK:
        raise InvalidField("userPortals", f"A link can be on at most {PORTALS_PER_LINK} portals.")
    return replace(link, portal_ids=tuple(sorted(portal_ids)))
