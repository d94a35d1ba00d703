"""The object `portico` on a link: what Portico adds to the wire, told only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import UNSET, UnsetType

from portico.domain.links.links import Link
from portico.domain.links.presentation import (
    GROUPS_PER_LINK,
    LARGEST_ORDER,
    PLAIN,
    LinkPresentation,
    PresentedLink,
)
from portico.domain.records import NAME_LIMIT
from portico.http.kit.wire import MaybeText, WireStruct, received, text

Presentations = Mapping[int, LinkPresentation]
"""How links are shown, by their ids; empty when nobody asked."""


class LinkPorticoBody(WireStruct, frozen=True, kw_only=True):
    """How a link is shown, as a client writes it. A PUT without it keeps what is stored."""

    section: Annotated[
        str | None,
        received("A heading; one that does not exist is made.", maxLength=NAME_LIMIT),
    ] = None
    order: Annotated[
        int | None,
        received("The place in the section, from 1.", minimum=0, maximum=LARGEST_ORDER),
    ] = None
    groups: Annotated[
        list[str] | None,
        received("Who sees the link; nobody named: all.", maxItems=GROUPS_PER_LINK),
    ] = None
    icon_is_dark: Annotated[bool | None, received("Absent: not known.")] = None


class LinkPortico(WireStruct, frozen=True, kw_only=True):
    """How a link is shown, as it is answered. An order of 0: by name, after those with a place."""

    section: MaybeText = UNSET
    order: int
    groups: list[str] | UnsetType = UNSET
    icon_is_dark: bool | UnsetType = UNSET


def received_presentation(body: LinkPorticoBody | None) -> LinkPresentation | None:
    """What a body says of how a link is shown, or None when it says nothing."""
    if body is None:
        return None
    return LinkPresentation(
        section=body.section or "",
        order=body.order or 0,
        groups=tuple(body.groups or ()),
        icon_is_dark=body.icon_is_dark,
    )


def portico_fields(link: Link, shown: Presentations | None) -> LinkPortico | UnsetType:
    """How the link is shown; absent when nobody asked."""
    return UNSET if shown is None else present_presentation(shown.get(link.id, PLAIN))


def present_presentation(presentation: LinkPresentation) -> LinkPortico:
    """How a link is shown."""
    dark = presentation.icon_is_dark
    return LinkPortico(
        section=text(presentation.section),
        order=presentation.order,
        groups=list(presentation.groups) or UNSET,
        icon_is_dark=UNSET if dark is None else dark,
    )


def stored_presentations(links: list[Link], *, asked: bool) -> Presentations | None:
    """How links that were just stored are shown, if that is asked for."""
    if not asked:
        return None
    return {link.id: link.presentation for link in links if isinstance(link, PresentedLink)}
