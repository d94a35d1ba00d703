"""Browser sessions of people: opaque tokens, stored as digests, with two time limits.

A known device is a browser in which somebody has signed in before. Its token is of the same kind.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum

TOKEN_BYTES = 32
SEEN_SECONDS = 5 * 60
"""The accuracy of a session's last use. A higher one would need a write for each click."""

DEVICE_SECONDS = 180 * 24 * 60 * 60
"""How long a device is known after its last sign-in."""

DEVICES_PER_ACCOUNT = 20
"""The largest number of known devices of an account. A further one replaces the oldest."""


@dataclass(frozen=True, kw_only=True)
class SessionLife:
    """The idle timeout and the maximum lifetime of a session, in seconds."""

    idle: int
    absolute: int


@dataclass(frozen=True, kw_only=True)
class Session:
    """A stored session. `digest` is that of the token, which only the browser has."""

    digest: str
    csrf_token: str
    created: int
    seen: int
    expires: int


class ProvenBy(StrEnum):
    """How an administrator signed in. A provider decides itself what it asks for."""

    PASSWORD = "password"
    SECOND_FACTOR = "second factor"
    PROVIDER = "provider"


@dataclass(frozen=True, kw_only=True)
class ConsoleSession(Session):
    """An administrator's session, with the last selected tenant and microtenant."""

    administrator_id: int
    proven_by: ProvenBy = ProvenBy.PASSWORD
    customer_id: int | None = None
    microtenant_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class PortalSession(Session):
    """A portal user's session, which is valid for every portal of the tenant."""

    customer_id: int
    user_id: int


def new_token() -> str:
    """Return a token of 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """Return the stored form of a token: a fast digest, because the token is random."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_over(session: Session, life: SessionLife, now: int) -> bool:
    """Return whether a session has expired. `seen` can be SEEN_SECONDS too early."""
    return now >= session.expires or now >= session.seen + life.idle
