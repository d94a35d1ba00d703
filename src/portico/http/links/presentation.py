"""The member `portico` of a link: how portals show it, answered on request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import UNSET, UnsetType

from portico.domain.links.links import Link
from portico.domain.links.presentation import (
    GROUPS_PER_LINK,
    KEYWORDS_PER_LINK,
    LARGEST_ORDER,
    PLAIN,
    LinkPresentation,
    PresentedLink,
)
from portico.domain.records import NAME_LIMIT
from portico.http.kit.wire import (
    MaybeDigits,
    MaybeText,
    ReceivedTime,
    WireStruct,
    answer_of,
    digits,
    received,
    received_time,
    record_of,
)

Presentations = Mapping[int, LinkPresentation]
"""How links are shown, by their ids. Links that are missing have the defaults."""


class LinkPorticoBody(WireStruct, frozen=True, kw_only=True):
    """How a link is shown, in a request. A PUT without it keeps the stored values."""

    section: Annotated[
        str | None,
        received("A heading. It is created if it does not exist.", maxLength=NAME_LIMIT),
    ] = None
    order: Annotated[
        int | None,
        received("The position in the section, from 1.", minimum=0, maximum=LARGEST_ORDER),
    ] = None
    groups: Annotated[
        list[str] | None,
        received("The groups that see the link. None: everyone.", maxItems=GROUPS_PER_LINK),
    ] = None
    icon_is_dark: Annotated[bool | None, received("Whether the icon is dark. Absent: unknown.")] = (
        None
    )
    keywords: Annotated[
        list[str] | None,
        received("Other words by which people find the link.", maxItems=KEYWORDS_PER_LINK),
    ] = None
    starts: Annotated[
        ReceivedTime, received("When portals begin to show it, in seconds since 1970.")
    ] = None
    ends: Annotated[
        ReceivedTime, received("When portals stop to show it, after the start. Absent: never.")
    ] = None


class LinkPortico(WireStruct, frozen=True, kw_only=True):
    """How a link is shown, in an answer. Links with order 0 come last, by name."""

    section: MaybeText = UNSET
    order: int
    groups: tuple[str, ...] | UnsetType = UNSET
    icon_is_dark: bool | UnsetType = UNSET
    keywords: tuple[str, ...] | UnsetType = UNSET
    starts: MaybeDigits = UNSET
    ends: MaybeDigits = UNSET


def received_presentation(body: LinkPorticoBody | None) -> LinkPresentation | None:
    """Return how a body describes that a link is shown, or None if it does not."""
    if body is None:
        return None
    return record_of(
        LinkPresentation,
        body,
        starts=received_time("portico.starts", body.starts),
        ends=received_time("portico.ends", body.ends),
    )


def portico_fields(link: Link, presentations: Presentations | None) -> LinkPortico | UnsetType:
    """Return how the link is shown, absent if the client did not ask for it."""
    if presentations is None:
        return UNSET
    shown = presentations.get(link.id, PLAIN)
    return answer_of(
        LinkPortico, shown, starts=digits(shown.starts or None), ends=digits(shown.ends or None)
    )


def stored_presentations(links: list[PresentedLink], *, asked: bool) -> Presentations | None:
    """Return how new links are shown, or None if the client did not ask for it."""
    return {link.id: link.presentation for link in links} if asked else None
