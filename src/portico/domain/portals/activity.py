"""What people do on a portal: open links, keep favourites, accept the policy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

RECENT_LINKS = 20
"""How many of the links that a user opened last are remembered."""

SECONDS_A_DAY = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class RecentLink:
    """A link that a user opened, and when last."""

    link_id: int
    time: int


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Somebody agreed to one version of a policy's text.

    A visitor of a public portal has no user; `visitor` is the random mark in the browser's cookie.
    """

    customer_id: int
    id: int
    aup_id: int
    version: str
    user_id: int | None
    visitor: str
    name: str
    time: int


def policy_version(text: str) -> str:
    """The name of a version of a policy: it changes when the text does."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def day_of(now: int) -> int:
    """The day of a moment, counted from the epoch in UTC."""
    return now // SECONDS_A_DAY
