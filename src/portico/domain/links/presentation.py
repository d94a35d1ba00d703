"""How portals show a link: its section and order, the groups that see it, and its keywords.

The vendor's API has no fields for this. Sections and groups are given by name, and created if they
do not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace

from portico.domain.characters import check_visible
from portico.domain.errors import InvalidField
from portico.domain.links.links import Link
from portico.domain.periods import check_period, is_current, next_date
from portico.domain.records import MAX_ID, check_name, check_text, fold, natural_key

GROUPS_PER_LINK = 100
LARGEST_ORDER = 1_000_000
KEYWORDS_PER_LINK = 20
KEYWORD_LIMIT = 64


@dataclass(frozen=True, kw_only=True)
class LinkPresentation:
    """How one link is shown. Links without a section come last; without groups everyone sees them.

    `order` counts from 1 in the section. Links with order 0 come after those, by name.
    `icon_is_dark` is None if the brightness of the icon is unknown. People also find the link by
    its `keywords`. Portals show it from `starts` until before `ends` (`domain/periods.py`).
    """

    section: str = ""
    order: int = 0
    groups: tuple[str, ...] = ()
    icon_is_dark: bool | None = None
    keywords: tuple[str, ...] = ()
    starts: int = 0
    ends: int = 0


PLAIN = LinkPresentation()
"""The presentation of a link by default."""


@dataclass(frozen=True, kw_only=True)
class PresentedLink(Link):
    """A link together with its presentation."""

    presentation: LinkPresentation = PLAIN


@dataclass(frozen=True, kw_only=True)
class PortalSection:
    """The links that a portal shows under one heading, which is empty for links without one."""

    name: str
    links: tuple[PresentedLink, ...]


_OF_LINK = tuple(each.name for each in fields(Link))


def present(link: Link, presentation: LinkPresentation = PLAIN) -> PresentedLink:
    """Return a link together with its presentation."""
    values = {name: getattr(link, name) for name in _OF_LINK}
    return PresentedLink(**values, presentation=presentation)


def unpresented(link: Link) -> Link:
    """Return a link without its presentation."""
    return Link(**{name: getattr(link, name) for name in _OF_LINK})


def check_presentation(presentation: LinkPresentation) -> LinkPresentation:
    """Return the presentation as it will be stored, with distinct keywords and sorted groups.

    Raises InvalidField that names the field of the API.
    """
    section = presentation.section.strip()
    if section:
        check_name(section, name="portico.section")
    if not 0 <= presentation.order <= LARGEST_ORDER:
        raise InvalidField("portico.order", f"It must be a number from 0 to {LARGEST_ORDER}.")
    check_period(
        presentation.starts,
        presentation.ends,
        starts_field="portico.starts",
        ends_field="portico.ends",
    )
    return replace(
        presentation,
        section=section,
        groups=check_groups(presentation.groups),
        keywords=check_keywords(presentation.keywords),
    )


def check_groups(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of groups sorted and distinct. Raises InvalidField."""
    distinct: dict[str, str] = {}
    for name in names:
        checked = check_name(name, name="portico.groups")
        distinct.setdefault(fold(checked), checked)
    if len(distinct) > GROUPS_PER_LINK:
        raise InvalidField("portico.groups", f"A link can have at most {GROUPS_PER_LINK} groups.")
    return tuple(distinct[key] for key in sorted(distinct))


def check_keywords(words: Iterable[str]) -> tuple[str, ...]:
    """Return keywords without duplicates, ignoring case, in their order. Raises InvalidField."""
    distinct: dict[str, str] = {}
    for word in words:
        checked = _check_keyword(word.strip())
        distinct.setdefault(fold(checked), checked)
    if len(distinct) > KEYWORDS_PER_LINK:
        raise InvalidField(
            "portico.keywords",
            f"A link can have at most {KEYWORDS_PER_LINK} keywords; these are {len(distinct)}.",
        )
    return tuple(distinct.values())


def _check_keyword(word: str) -> str:
    if not word:
        raise InvalidField("portico.keywords", "A keyword cannot be empty.")
    if any(each in word for each in ",;"):
        raise InvalidField(
            "portico.keywords",
            "A keyword cannot contain a comma or a semicolon, because these separate keywords.",
        )
    if len(word) > KEYWORD_LIMIT:
        raise InvalidField(
            "portico.keywords",
            f'The keyword that starts with "{word[:20]}" has {len(word)} characters; at most '
            f"{KEYWORD_LIMIT} are allowed.",
        )
    return check_visible("portico.keywords", check_text("portico.keywords", word, KEYWORD_LIMIT))


def split_keywords(text: str) -> tuple[str, ...]:
    """Return the keywords in a text that separates them by commas or semicolons."""
    words = (word.strip() for word in text.replace(";", ",").split(","))
    return tuple(word for word in words if word)


def arranged(links: Iterable[PresentedLink], sections: Sequence[str]) -> list[PortalSection]:
    """Return links under their headings, in the order of the sections.

    Links of a section are sorted by order, then by name with its numbers, then by id. Links without
    a section come last.
    """
    positions = {fold(name): position for position, name in enumerate(sections)}
    last = len(positions)

    def sort_key(link: PresentedLink) -> tuple[int, int, tuple[str | int, ...], int]:
        name, order = link.presentation.section, link.presentation.order
        position = positions.get(fold(name), last) if name else MAX_ID
        return position, order or MAX_ID, natural_key(link.name), link.id

    headed: list[PortalSection] = []
    for link in sorted(links, key=sort_key):
        name = link.presentation.section
        if headed and headed[-1].name == name:
            headed[-1] = replace(headed[-1], links=(*headed[-1].links, link))
        else:
            headed.append(PortalSection(name=name, links=(link,)))
    return headed


def next_change(links: Iterable[PresentedLink], now: int) -> int | None:
    """Return when the first of the links will appear or disappear by its dates, or None."""
    shown = (link.presentation for link in links)
    return next_date((time for each in shown for time in (each.starts, each.ends)), now)


def current(links: Iterable[PresentedLink], now: int) -> list[PresentedLink]:
    """Return the links that portals show at a time by their dates."""
    return [
        link for link in links if is_current(link.presentation.starts, link.presentation.ends, now)
    ]


def seen_by(
    sections: Iterable[PortalSection], groups: Collection[str] | None
) -> list[PortalSection]:
    """Return the links that members of the groups see, without sections that are empty for them.

    Everyone sees links without a group. None in place of the groups returns all links.
    """
    if groups is None:
        return list(sections)
    mine = {fold(name) for name in groups}
    visible = []
    for section in sections:
        links = tuple(link for link in section.links if _is_for(link.presentation.groups, mine))
        if links:
            visible.append(PortalSection(name=section.name, links=links))
    return visible


def _is_for(groups: Iterable[str], mine: Collection[str]) -> bool:
    allowed = {fold(name) for name in groups}
    return not allowed or not allowed.isdisjoint(mine)
