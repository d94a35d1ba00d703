"""Tenants, their API clients, and the keys that sign tokens: who may ask for what."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

CLIENT_KIND = "apiClient"
SECRET_BYTES = 32
FINGERPRINT_DIGITS = 32
_SCHEME = "hmac-sha256"


class Role(StrEnum):
    """What an API client may do: read, or read and write."""

    ADMIN = "admin"
    VIEWER = "viewer"


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A customer of the service. `revision` grows with every write of the tenant."""

    id: int
    name: str
    auth_domains: tuple[str, ...] = ()
    revision: int = 0
    creation_time: int = 0


@dataclass(frozen=True, kw_only=True)
class ApiClient:
    """A program that signs in. Without a microtenant it may act in every part of its tenant.

    `secret_hash` is empty for a client that signs in by assertion alone; `public_key` is PEM.
    """

    id: int
    customer_id: int
    microtenant_id: int | None
    name: str
    role: Role
    secret_hash: str
    public_key: str
    creation_time: int
    revoked_time: int | None = None


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A key for tokens: signs while it is the newest, verifies until it retires."""

    id: int
    secret: str = field(repr=False)
    creation_time: int
    retire_time: int | None = None


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The signed-in caller of one request: an API client, an administrator or a portal's visitor.

    `actor_id` is that one's id; 0 for somebody who has not signed in.
    """

    actor_id: int
    customer_id: int
    role: Role
    microtenant_id: int | None


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a verified token says. `expires` is in epoch seconds."""

    token_id: str
    client_id: int
    customer_id: int
    expires: int


def new_secret() -> str:
    """A secret of 256 random bits in URL-safe text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """The stored form of a high-entropy secret: a digest keyed with a salt of its own.

    A slow password hash would add nothing against 256 random bits, and clients sign in before
    every command.
    """
    salt = secrets.token_hex(16)
    return f"{_SCHEME}${salt}${_digest(salt, secret)}"


def secret_matches(stored: str, secret: str) -> bool:
    """Whether a presented secret is the stored one, compared in constant time."""
    scheme, _, rest = stored.partition("$")
    salt, _, digest = rest.partition("$")
    return scheme == _SCHEME and hmac.compare_digest(digest, _digest(salt, secret))


def _digest(salt: str, secret: str) -> str:
    return hmac.new(salt.encode(), secret.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def fingerprint(*parts: bytes) -> str:
    """A short name for a body, whole or in parts, by which a repeated request is recognised."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:FINGERPRINT_DIGITS]
