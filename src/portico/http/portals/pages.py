"""The object `portico` on a user portal: its page's settings, told only when asked for."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, UnsetType

from portico.domain.errors import InvalidField
from portico.domain.portals.pages import (
    FAVICON_LIMIT_BYTES,
    SLUG_LIMIT,
    Audience,
    PortalPage,
    PresentedPortal,
)
from portico.domain.portals.portals import UserPortal
from portico.domain.records import NAME_LIMIT
from portico.http.kit.wire import MaybeText, WireStruct, answer_of, received, record_of

_AUDIENCES = [each.value for each in Audience]


class PortalPorticoBody(WireStruct, frozen=True, kw_only=True):
    """The settings of a portal's page as a client writes them. A PUT without them keeps them."""

    slug: Annotated[
        str | None,
        received("The address below /p/. Absent: kept, or made.", maxLength=SLUG_LIMIT),
    ] = None
    audience: Annotated[
        str | None, received("Who may see it. Absent: signed_in.", enum=[*_AUDIENCES, None])
    ] = None
    title: Annotated[str | None, received("Absent: the name.", maxLength=NAME_LIMIT)] = None
    accent: Annotated[str | None, received("A colour.", pattern="^(#[0-9A-Fa-f]{6})?$")] = None
    favicon: Annotated[
        str | None, received("An image as a data URI.", maxLength=FAVICON_LIMIT_BYTES)
    ] = None


class PortalPortico(WireStruct, frozen=True, kw_only=True):
    """The settings of a portal's page as they are answered."""

    slug: MaybeText = UNSET
    audience: str
    title: MaybeText = UNSET
    accent: MaybeText = UNSET
    favicon: MaybeText = UNSET


def received_page(body: PortalPorticoBody | None) -> PortalPage | None:
    """Return the settings that a body has for a portal's page, or None when it has none.

    Raises InvalidField.
    """
    if body is None:
        return None
    if body.audience and body.audience not in _AUDIENCES:
        raise InvalidField("portico.audience", f"It is {' or '.join(_AUDIENCES)}.")
    return record_of(PortalPage, body)


def present_page(portal: UserPortal) -> PortalPortico | UnsetType:
    """Return the settings of a portal's page; absent when the portal was read without them."""
    return answer_of(PortalPortico, portal.page) if isinstance(portal, PresentedPortal) else UNSET
