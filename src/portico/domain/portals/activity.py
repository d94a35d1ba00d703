"""Activity of people on a portal: openings of links, favourites, accepted policies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

RECENT_LINKS = 20
"""The number of recently opened links that are stored for a user."""

SECONDS_A_DAY = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class RecentLink:
    """A link that a user opened, and the time of the last opening."""

    link_id: int
    time: int


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """The acceptance of one version of a policy by one person.

    A visitor of a public portal has no user. `visitor` is then the random text of the browser's
    cookie. `version` is the digest of the text. `text_version` is its number, None in
    acceptances that are older than these numbers.
    """

    customer_id: int
    id: int
    aup_id: int
    version: str
    user_id: int | None
    visitor: str
    name: str
    time: int
    text_version: int | None = None


def policy_version(text: str) -> str:
    """Return the digest of a policy text, which people accept."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def day_of(now: int) -> int:
    """Return the day of a time in epoch seconds, counted from the epoch in UTC."""
    return now // SECONDS_A_DAY
