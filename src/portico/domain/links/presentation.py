"""How a link is shown on a portal: its section, its order there, and the groups that see it.

Portico's own, not on the vendor's wire. Sections and groups go by name at every door; naming one
that does not exist makes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace

from portico.domain.errors import InvalidField
from portico.domain.links.links import Link
from portico.domain.records import MAX_ID, check_name, fold

GROUPS_PER_LINK = 100
LARGEST_ORDER = 1_000_000


@dataclass(frozen=True, kw_only=True)
class LinkPresentation:
    """How one link is shown. No section: after the others; no groups: to all who see the portal.

    `order` counts from 1 in its section; 0 is no place of its own: after those that have one, by
    name. `icon_is_dark` is what is known of the icon's brightness, None for nothing.
    """

    section: str = ""
    order: int = 0
    groups: tuple[str, ...] = ()
    icon_is_dark: bool | None = None


PLAIN = LinkPresentation()
"""How a link is shown that nobody arranged."""


@dataclass(frozen=True, kw_only=True)
class PresentedLink(Link):
    """A link together with how it is shown."""

    presentation: LinkPresentation = PLAIN


@dataclass(frozen=True, kw_only=True)
class PortalSection:
    """The links that a portal shows under one heading; the last may have none."""

    name: str
    links: tuple[PresentedLink, ...]


def present(link: Link, presentation: LinkPresentation = PLAIN) -> PresentedLink:
    """A link together with how it is shown."""
    values = {each.name: getattr(link, each.name) for each in fields(Link)}
    return PresentedLink(**values, presentation=presentation)


def unpresented(link: Link) -> Link:
    """The link alone."""
    return Link(**{each.name: getattr(link, each.name) for each in fields(Link)})


def check_presentation(presentation: LinkPresentation) -> LinkPresentation:
    """The presentation as it will be stored, groups sorted and distinct.

    Raises InvalidField naming the wire field.
    """
    section = presentation.section.strip()
    if section:
        check_name(section, name="portico.section")
    if not 0 <= presentation.order <= LARGEST_ORDER:
        raise InvalidField("portico.order", f"It is a number from 0 to {LARGEST_ORDER}.")
    return replace(presentation, section=section, groups=check_groups(presentation.groups))


def check_groups(names: Iterable[str]) -> tuple[str, ...]:
    """Names of groups, each once, in order. Raises InvalidField naming the wire field."""
    distinct: dict[str, str] = {}
    for name in names:
        checked = check_name(name, name="portico.groups")
        distinct.setdefault(fold(checked), checked)
    if len(distinct) > GROUPS_PER_LINK:
        raise InvalidField("portico.groups", f"A link has at most {GROUPS_PER_LINK} groups.")
    return tuple(distinct[key] for key in sorted(distinct))


def arranged(links: Iterable[PresentedLink], sections: Sequence[str]) -> list[PortalSection]:
    """Links under their headings: sections in the order given, links by order, then name, then id.

    Links without a section come last.
    """
    places = {fold(name): position for position, name in enumerate(sections)}
    last = len(places)

    def place(link: PresentedLink) -> tuple[int, int, str, int]:
        shown = link.presentation
        where = places.get(fold(shown.section), last) if shown.section else MAX_ID
        return where, shown.order or MAX_ID, fold(link.name), link.id

    found: list[PortalSection] = []
    for link in sorted(links, key=place):
        name = link.presentation.section
        if found and found[-1].name == name:
            found[-1] = replace(found[-1], links=(*found[-1].links, link))
        else:
            found.append(PortalSection(name=name, links=(link,)))
    return found


def seen_by(
    sections: Iterable[PortalSection], groups: Collection[str] | None
) -> list[PortalSection]:
    """What the members of the groups see of a portal; None stands for an administrator: all of it.

    A link with no group is seen by everybody; sections that are empty to them are left out.
    """
    if groups is None:
        return list(sections)
    mine = {fold(name) for name in groups}
    found = []
    for section in sections:
        links = tuple(link for link in section.links if _is_for(link.presentation.groups, mine))
        if links:
            found.append(PortalSection(name=section.name, links=links))
    return found


def _is_for(groups: Iterable[str], mine: Collection[str]) -> bool:
    wanted = {fold(name) for name in groups}
    return not wanted or not wanted.isdisjoint(mine)
