"""Requests of visitors: links that they miss on a portal, and links that do not work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portico.domain.errors import InvalidField
from portico.domain.records import OwnedRecord, check_text

KIND = "portalRequest"
TEXT_LIMIT = 500
OPEN_LIMIT = 500
"""The largest number of open requests of a microtenant."""

HOURLY_LIMIT = 60
"""The largest number of requests in an hour at one portal, from everybody together."""

HOUR_SECONDS = 60 * 60
CLOSED_SECONDS = 90 * 24 * HOUR_SECONDS
"""How long a closed request is stored."""


class RequestKind(StrEnum):
    """What a visitor wants."""

    NEW_LINK = "new_link"
    BROKEN_LINK = "broken_link"


@dataclass(frozen=True, kw_only=True)
class PortalRequest(OwnedRecord):
    """A stored request. `user_id` is None for an anonymous visitor.

    The names of the link and the person are those at the time, because both can be deleted since.
    """

    portal_id: int
    kind: RequestKind
    text: str = ""
    link_id: int | None = None
    link_name: str = ""
    user_id: int | None = None
    user_name: str = ""
    closed_time: int | None = None

    @property
    def name(self) -> str:
        """What the request is about, on one line."""
        return self.link_name or " ".join(self.text.split())[:80]


def check_request_text(text: str, *, required: bool) -> str:
    """Return the text of a request as it will be stored. Raises InvalidField."""
    text = text.strip()
    if required and not text:
        raise InvalidField("text", "It is required.")
    check_text("text", text, TEXT_LIMIT, multiline=True)
    return text
