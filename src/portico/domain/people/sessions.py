"""Sessions of people in a browser: opaque tokens, kept as digests, with two limits of age.

A known device is a browser in which somebody has signed in before; its token is of the same kind.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

TOKEN_BYTES = 32
SEEN_SECONDS = 5 * 60
"""How exactly the last use of a session is known; more would be a write for each click."""

DEVICE_SECONDS = 180 * 24 * 60 * 60
"""How long a device stays known after the last sign-in on it."""

DEVICES_PER_ACCOUNT = 20
"""How many devices of one account are known at once; a further one replaces the oldest."""


@dataclass(frozen=True, kw_only=True)
class SessionLife:
    """How many seconds a session lasts: without being used, and in all."""

    idle: int
    absolute: int


@dataclass(frozen=True, kw_only=True)
class Session:
    """A stored session. `digest` stands for the token, which only the browser has."""

    digest: str
    csrf_token: str
    created: int
    seen: int
    expires: int


@dataclass(frozen=True, kw_only=True)
class ConsoleSession(Session):
    """An administrator's session, with the place that the administrator last chose."""

    administrator_id: int
    customer_id: int | None = None
    microtenant_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class PortalSession(Session):
    """A portal user's session: good for every portal of the tenant."""

    customer_id: int
    user_id: int


def new_token() -> str:
    """A token of 256 random bits in URL-safe text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """The stored form of a token. It is random, so a fast digest without salt protects it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_over(session: Session, life: SessionLife, now: int) -> bool:
    """Whether a session has ended by itself. `seen` may lag by SEEN_SECONDS in its favour."""
    return now >= session.expires or now >= session.seen + life.idle
