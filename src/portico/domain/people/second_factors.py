"""Second factors of administrators: authenticator apps (RFC 6238), passkeys and recovery codes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode

from portico.domain.characters import check_visible
from portico.domain.errors import InvalidField
from portico.domain.records import check_text

KIND = "secondFactor"
CODES_KIND = "recoveryCodes"
RULE_KIND = "secondFactorRule"

MOST_FACTORS = 20
FACTOR_NAME_LIMIT = 60

STEP_SECONDS = 30
SKEW_STEPS = 1
CODE_DIGITS = 6
_SECRET_BYTES = 20

RECOVERY_CODES = 10
_RECOVERY_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_RECOVERY_GROUPS, _RECOVERY_GROUP = 4, 4


class FactorMethod(StrEnum):
    """How a second factor proves itself."""

    APP = "authenticator app"
    PASSKEY = "passkey"


@dataclass(frozen=True, kw_only=True)
class SecondFactor:
    """A stored second factor, without its secret.

    `counter` only grows: the last time step whose code was accepted, or the passkey's count of
    signatures. `host` and `credential_id` belong to passkeys, which work only at their host.
    """

    id: int
    administrator_id: int
    method: FactorMethod
    name: str
    host: str = ""
    credential_id: str = ""
    counter: int = 0
    creation_time: int = 0
    last_used: int | None = None


@dataclass(frozen=True, kw_only=True)
class NewFactor:
    """A second factor that has just been proven. `secret` is stored encrypted."""

    method: FactorMethod
    name: str
    secret: str
    counter: int
    host: str = ""
    credential_id: str = ""


@dataclass(frozen=True, kw_only=True)
class RecoveryCodes:
    """The number of an administrator's unused recovery codes, for the audit trail."""

    id: int
    name: str
    left: int
    renewed_time: int | None = None


@dataclass(frozen=True, kw_only=True)
class SecondFactorRule:
    """Whether a tenant requires a second factor of its administrators. `id` is the tenant's."""

    id: int
    name: str
    second_factor_required: bool


@dataclass(frozen=True, kw_only=True)
class PasswordProof:
    """A password that a browser has just proven.

    It is not a session: it leads to the second factor, or to changing one's own factors. `digest`
    is that of the token, `browser` that of another secret of the same browser, `password` that of
    the stored hash. `challenge` is what a passkey must sign, once.
    """

    digest: str
    administrator_id: int
    browser: str
    password: str
    challenge: str
    expires: int


def check_factor_name(name: str, otherwise: str) -> str:
    """Return the name of a new factor, by default `otherwise`. Raises InvalidField."""
    trimmed = check_text("name", name.strip(), FACTOR_NAME_LIMIT)
    check_visible("name", trimmed, stored="")
    return trimmed or otherwise


def new_totp_secret() -> str:
    """Return a secret of 160 random bits in base32, as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def check_totp_secret(secret: str) -> str:
    """Return the secret if it is 160 bits in base32. Raises InvalidField."""
    try:
        decoded = base64.b32decode(secret)
    except (binascii.Error, ValueError):
        decoded = b""
    if len(decoded) != _SECRET_BYTES:
        raise InvalidField("secret", "It is not a secret of this page. Load the page again.")
    return secret


def totp_code(secret: str, step: int) -> str:
    """Return the code of a time step (RFC 6238 with SHA-1, six digits)."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def matching_step(secret: str, code: str, now: int, *, after: int) -> int | None:
    """Return the time step of a code, or None for a wrong code.

    Accepts one step of clock skew in each direction. Steps up to `after` are used up.
    """
    typed = "".join(code.split()).encode("utf-8", "surrogatepass")
    current = now // STEP_SECONDS
    found = None
    for step in range(current - SKEW_STEPS, current + SKEW_STEPS + 1):
        if hmac.compare_digest(totp_code(secret, step).encode(), typed) and step > after:
            found = step
    return found


def otpauth_address(secret: str, *, issuer: str, account: str) -> str:
    """Return the `otpauth:` address that an authenticator app reads from a QR code."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"


def new_recovery_codes() -> tuple[str, ...]:
    """Return ten recovery codes of 80 random bits each."""
    return tuple(
        "-".join(
            "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_GROUP))
            for _ in range(_RECOVERY_GROUPS)
        )
        for _ in range(RECOVERY_CODES)
    )


def recovery_digest(administrator_id: int, code: str) -> str:
    """Return the stored form of a recovery code, ignoring case, spaces and hyphens.

    A fast digest is enough for 80 random bits.
    """
    typed = "".join(code.lower().replace("-", " ").split())
    text = f"{administrator_id} {typed}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
