"""Access tokens of the API: JSON Web Tokens, signed with HS256.

Signing keys live in the database, so every server that shares it accepts the tokens of the others.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import msgspec

from portico.domain.base64url import from_base64url, to_base64url
from portico.domain.errors import AccessDenied, SessionNotValid
from portico.domain.records import Clock, TenantClock
from portico.domain.tenancy.identity import ApiClient, Claims, SigningKey
from portico.services.tenancy.client_sign_ins import SignInNotes
from portico.services.tenancy.signing_keys import SigningKeys

ISSUER = "portico"
VERIFIED_TOKENS = 10_000
"""The largest number of verified tokens that a process caches."""


class _TokenHeader(msgspec.Struct, forbid_unknown_fields=True):
    alg: Literal["HS256"]
    kid: str
    typ: Literal["JWT"] = "JWT"


class _TokenClaims(msgspec.Struct, rename="camel"):
    iss: Literal["portico"]
    sub: str
    customer_id: str
    jti: str
    exp: int
    accepted_until: int = 0


_TOKEN_HEADER = msgspec.json.Decoder(_TokenHeader)
_TOKEN_CLAIMS = msgspec.json.Decoder(_TokenClaims)


class VerifiedToken(msgspec.Struct, frozen=True):
    """A token whose signature was verified.

    `good_until` is the time in the tenant at which the token expires or its key retires.
    `check_again` is the monotonic time by which the signing keys must be read again.
    """

    text: str
    claims: Claims
    good_until: float
    check_again: float


class Tokens:
    """Issues and verifies access tokens. `lifetime` is in seconds.

    `clock` is the time of the clients, which they compare with `exp`. `time_in` is the time in a
    tenant, by which tokens are accepted; it defaults to the same clock.
    """

    def __init__(
        self,
        keys: SigningKeys,
        clock: Clock,
        lifetime: int,
        notes: SignInNotes,
        time_in: TenantClock | None = None,
    ) -> None:
        self._keys = keys
        self.clock = clock
        self._time_in = time_in or (lambda _: clock())
        self._notes = notes
        self.lifetime = lifetime
        self._verified: dict[str, VerifiedToken] = {}
        self.issued = 0

    async def issue(self, client: ApiClient) -> str:
        """Return a token for a client that has signed in, and record the sign-in."""
        self._notes.note(client)
        self.issued += 1
        key = (await self._keys.current())[0]
        now = int(self.clock())
        accepted_until = int(self._time_in(client.customer_id)) + self.lifetime
        claims: dict[str, str | int] = {
            "iss": ISSUER,
            "sub": str(client.id),
            "customerId": str(client.customer_id),
            "jti": secrets.token_hex(16),
            "iat": now,
            "exp": now + self.lifetime,
        }
        if abs(accepted_until - now - self.lifetime) > 1:  # rounded at different moments
            claims["acceptedUntil"] = accepted_until
        return _signed(claims, key)

    async def verify(self, token: str) -> VerifiedToken:
        """Return a token with its claims.

        Raises AccessDenied, or SessionNotValid when the token has expired or its key has retired.
        """
        known = self._verified.get(token)
        if known is not None and self.is_good(known):
            return known
        try:
            signed, _, signature = token.rpartition(".")
            header, _, body = signed.partition(".")
            key = await self._key(_TOKEN_HEADER.decode(from_base64url(header)).kid)
            if not hmac.compare_digest(signature.encode(), _signature(signed, key).encode()):
                raise AccessDenied
            payload = _TOKEN_CLAIMS.decode(from_base64url(body))
            claims = Claims(
                token_id=payload.jti,
                client_id=int(payload.sub),
                customer_id=int(payload.customer_id),
                expires=payload.accepted_until or payload.exp,
            )
        except (msgspec.DecodeError, ValueError):
            raise AccessDenied from None
        now = self._time_in(claims.customer_id)
        if key.retire_time is not None and key.retire_time <= now:
            raise SessionNotValid("the key that signed the token has retired.")
        if claims.expires <= now:
            raise SessionNotValid("the token has expired.")
        good_until = min(claims.expires, key.retire_time or claims.expires)
        check_again = self._keys.read_again_at
        if len(self._verified) >= VERIFIED_TOKENS:
            self._verified.clear()
        self._verified[token] = VerifiedToken(token, claims, good_until, check_again)
        return self._verified[token]

    def is_good(self, token: VerifiedToken) -> bool:
        """Return whether a verified token can be accepted without verifying it again."""
        now = self._time_in(token.claims.customer_id)
        return self._keys.monotonic() < token.check_again and now < token.good_until

    async def _key(self, key_id: str) -> SigningKey:
        key = _named(key_id, await self._keys.current())
        if key is None:
            key = _named(key_id, await self._keys.newest())
        if key is None:
            raise AccessDenied
        return key


def _named(key_id: str, keys: Iterable[SigningKey]) -> SigningKey | None:
    return next((key for key in keys if str(key.id) == key_id), None)


def _signed(claims: dict[str, str | int], key: SigningKey) -> str:
    """Return a token in the compact form of RFC 7515, section 3.1."""
    signed = f"{_header(key.id)}.{to_base64url(msgspec.json.encode(claims))}"
    return f"{signed}.{_signature(signed, key)}"


def _signature(signed: str, key: SigningKey) -> str:
    return to_base64url(hmac.digest(key.secret.encode(), signed.encode(), "sha256"))


@lru_cache(maxsize=16)
def _header(key_id: int) -> str:
    return to_base64url(msgspec.json.encode({"alg": "HS256", "kid": str(key_id), "typ": "JWT"}))
