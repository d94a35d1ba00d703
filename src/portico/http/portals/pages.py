"""The member `portico` of a user portal: the settings of its page, answered on request."""

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

_AUDIENCES = [each.value for each in Audience]


class PortalPorticoBody(WireStruct, frozen=True, kw_only=True):
    """The settings of a portal's page in a request. A PUT without them keeps them."""

    slug: Annotated[
        str | None,
        received(
            "The address below /p/. If absent, it is kept, or made from the name.",
            maxLength=SLUG_LIMIT,
        ),
    ] = None
    audience: Annotated[
        str | None, received("Who can see the page. Default: signed_in.", enum=[*_AUDIENCES, None])
    ] = None
    title: Annotated[
        str | None, received("Default: the name of the portal.", maxLength=NAME_LIMIT)
    ] = None
    accent: Annotated[
        str | None, received("A colour such as #0b6659.", pattern="^(#[0-9A-Fa-f]{6})?$")
    ] = None
    favicon: Annotated[
        str | None, received("An image as a data URI.", maxLength=FAVICON_LIMIT_BYTES)
    ] = None
    accepts_requests: Annotated[
        bool | None,
        received("Whether visitors can ask for links and report broken ones. Default: false."),
    ] = None
    notice_starts: Annotated[
        ReceivedTime, received("When the page begins to show the notice, in seconds since 1970.")
    ] = None
    notice_ends: Annotated[
        ReceivedTime, received("When it stops to show it, after the start. Absent: never.")
    ] = None


class PortalPortico(WireStruct, frozen=True, kw_only=True):
    """The settings of a portal's page in an answer."""

    slug: MaybeText = UNSET
    audience: str
    title: MaybeText = UNSET
    accent: MaybeText = UNSET
    favicon: MaybeText = UNSET
    accepts_requests: bool
    notice_starts: MaybeDigits = UNSET
    notice_ends: MaybeDigits = UNSET


def received_page(body: PortalPorticoBody | None) -> PortalPage | None:
    """Return the settings of a page in a body, or None without any. Raises InvalidField."""
    if body is None:
        return None
    if body.audience and body.audience not in _AUDIENCES:
        raise InvalidField("portico.audience", f"It must be {' or '.join(_AUDIENCES)}.")
    return record_of(
        PortalPage,
        body,
        notice_starts=received_time("portico.noticeStarts", body.notice_starts),
        notice_ends=received_time("portico.noticeEnds", body.notice_ends),
    )


def present_page(portal: UserPortal) -> PortalPortico | UnsetType:
    """Return the settings of a portal's page, absent if the portal was read without them."""
    if not isinstance(portal, PresentedPortal):
        return UNSET
    return answer_of(
        PortalPortico,
        portal.page,
        notice_starts=digits(portal.page.notice_starts or None),
        notice_ends=digits(portal.page.notice_ends or None),
    )
