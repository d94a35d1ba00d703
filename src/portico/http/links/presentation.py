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
from portico.http.kit.wire import MaybeText, WireStruct, answer_of, received, record_of

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
    groups: tuple[str, ...] | UnsetType = UNSET
    icon_is_dark: bool | UnsetType = UNSET


def received_presentation(body: LinkPorticoBody | None) -> LinkPresentation | None:
    """Return how a body says that a link is shown, or None when it says nothing."""
    return None if body is None else record_of(LinkPresentation, body)


def portico_fields(link: Link, shown: Presentations | None) -> LinkPortico | UnsetType:
    """Return how the link is shown; absent when the client did not ask for it."""
    return UNSET if shown is None else answer_of(LinkPortico, shown.get(link.id, PLAIN))


def stored_presentations(links: list[PresentedLink], *, asked: bool) -> Presentations | None:
    """Return how new links are shown, or None when the client did not ask for it."""
    return {link.id: link.presentation for link in links} if asked else None
