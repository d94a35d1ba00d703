"""Changes that the console makes to many links at once, and what each does to one link."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from portico.domain.errors import InvalidField
from portico.domain.links.filters import LinkFilter
from portico.domain.links.links import PORTALS_PER_LINK
from portico.domain.links.presentation import LinkPresentation, PresentedLink, check_groups
from portico.domain.records import check_name, fold

CHANGE_LIMIT = 500
"""How many links one change reaches at most: what a transaction does in a moment."""


class ChangeKind(StrEnum):
    """What is done to the links."""

    ENABLE = "enable"
    DISABLE = "disable"
    ADD_PORTALS = "add_portals"
    REMOVE_PORTALS = "remove_portals"
    MOVE = "move"
    SET_GROUPS = "set_groups"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class LinkChange:
    """One change: `portal_ids`, `section` and `groups` belong to the kinds that speak of them.

    A section "" means none, no groups mean everybody.
    """

    kind: ChangeKind
    portal_ids: tuple[int, ...] = ()
    section: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LinkSelection:
    """The links that a change is meant for: those named, or all that pass a filter."""

    link_ids: tuple[int, ...] = ()
    wanted: LinkFilter | None = None


@dataclass(frozen=True, kw_only=True)
class LinkDifference:
    """A link as it is and as it will be; None for one that will be gone."""

    before: PresentedLink
    after: PresentedLink | None


def check_change(change: LinkChange) -> LinkChange:
    """The change with its names as they will be stored. Raises InvalidField."""
    if change.kind in {ChangeKind.ADD_PORTALS, ChangeKind.REMOVE_PORTALS}:
        if not change.portal_ids:
            raise InvalidField("userPortals", "It is required: at least one portal.")
        return replace(change, portal_ids=tuple(sorted(set(change.portal_ids))))
    if change.kind is ChangeKind.MOVE and change.section.strip():
        return replace(change, section=check_name(change.section, name="portico.section"))
    return replace(change, section="", groups=check_groups(change.groups))


def apply_change(link: PresentedLink, change: LinkChange) -> PresentedLink | None:
    """The link after the change; None when it is gone. Raises InvalidField.

    Stamps are the caller's. A link that moves to another section has no place of its own there.
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
            return replace(link, presentation=_presented_anew(link.presentation, change))


def _presented_anew(shown: LinkPresentation, change: LinkChange) -> LinkPresentation:
    """How a link is shown after the change: as before when that means the same."""
    if change.kind is ChangeKind.SET_GROUPS:
        same = set(map(fold, change.groups)) == set(map(fold, shown.groups))
        return shown if same else replace(shown, groups=change.groups)
    same = fold(change.section) == fold(shown.section)
    return shown if same else replace(shown, section=change.section, order=0)


def _on(link: PresentedLink, portal_ids: set[int]) -> PresentedLink:
    if len(portal_ids) > PORTALS_PER_LINK:
        raise InvalidField("userPortals", f"A link is on at most {PORTALS_PER_LINK} portals.")
    return replace(link, portal_ids=tuple(sorted(portal_ids)))
