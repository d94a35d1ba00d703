"""Tenants, API clients, principals, and the keys and claims of tokens."""

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
    """The permission of an API client or administrator: read, or read and write."""

    ADMIN = "admin"
    VIEWER = "viewer"


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A customer of the service. Every write of the tenant increases `revision`."""

    id: int
    name: str
    auth_domains: tuple[str, ...] = ()
    revision: int = 0
    creation_time: int = 0


@dataclass(frozen=True, kw_only=True)
class ApiClient:
    """A program that signs in. Without a microtenant it has access to the whole tenant.

    `secret_hash` is empty for a client that signs in by assertion. `public_key` is in PEM format.
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
    """A key for tokens. The newest key signs; each key verifies until it retires."""

    id: int
    secret: str = field(repr=False)
    creation_time: int
    retire_time: int | None = None


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The caller of one request: an API client, an administrator, a portal visitor or the operator.

    `actor_id` is 0 for the operator and for a visitor who has not signed in.
    """

    actor_id: int
    customer_id: int
    role: Role
    microtenant_id: int | None


@dataclass(frozen=True, kw_only=True)
class Claims:
    """The claims of a verified token. `expires` is in epoch seconds."""

    token_id: str
    client_id: int
    customer_id: int
    expires: int


def new_secret() -> str:
    """Return a new secret of 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """Return the salted hash under which a random secret is stored.

    A slow password hash would not make 256 random bits harder to guess, and many clients sign in
    before every command.
    """
    salt = secrets.token_hex(16)
    return f"{_SCHEME}${salt}${_digest(salt, secret)}"


def secret_matches(stored: str, secret: str) -> bool:
    """Return whether a secret matches its stored hash. The comparison takes constant time."""
    scheme, _, rest = stored.partition("$")
    salt, _, digest = rest.partition("$")
    return scheme == _SCHEME and hmac.compare_digest(digest, _digest(salt, secret))


def _digest(salt: str, secret: str) -> str:
    return hmac.digest(salt.encode(), secret.encode("utf-8", "surrogatepass"), "sha256").hex()


def fingerprint(*parts: bytes) -> str:
    """Return a short digest of a body, given whole or in parts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:FINGERPRINT_DIGITS]
