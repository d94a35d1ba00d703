"""Tokens: signed JSON Web Tokens that the vendor's clients take for the vendor's own.

Keys live in the database, so every server that shares it accepts the tokens of the others.
"""

from __future__ import annotations

import base64
import hmac
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import jwt
import msgspec

from portico.domain.errors import AccessDenied, SessionNotValid
from portico.domain.records import Clock
from portico.domain.tenancy.identity import ApiClient, Claims, SigningKey
from portico.services.tenancy.client_sign_ins import SignInNotes
from portico.services.tenancy.signing_keys import SigningKeys

ISSUER = "portico"
VERIFIED_TOKENS = 10_000
"""How many tokens a process remembers to have verified."""

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LONGEST_SECONDS = 3_600
_REQUIRED = ["sub", "customerId", "jti", "exp"]


@dataclass(frozen=True)
class VerifiedToken:
    """A token whose signature is good.

    `good_until` is wall-clock time: the token expires or its key retires then. `check_again` is
    monotonic time: the signing keys must be read from the database again by then.
    """

    text: str
    claims: Claims
    good_until: float
    check_again: float


class Tokens:
    """Issues and verifies access tokens. `lifetime` is in seconds; `clock` dates tokens."""

    def __init__(self, keys: SigningKeys, clock: Clock, lifetime: int, notes: SignInNotes) -> None:
        self._keys = keys
        self._clock = clock
        self._notes = notes
        self.lifetime = lifetime
        self._verified: dict[str, VerifiedToken] = {}

    async def issue(self, client: ApiClient) -> str:
        """A token for a client that has signed in, which is noted, signed with the newest key."""
        self._notes.note(client)
        key = (await self._keys.current())[0]
        now = int(self._clock())
        claims: dict[str, str | int] = {
            "iss": ISSUER,
            "sub": str(client.id),
            "customerId": str(client.customer_id),
            "jti": uuid.uuid4().hex,
            "iat": now,
            "exp": now + self.lifetime,
        }
        return _signed(claims, key)

    async def verify(self, token: str) -> VerifiedToken:
        """What a token says. Raises AccessDenied, or SessionNotValid when it has expired."""
        known = self._verified.get(token)
        if known is not None and self.is_good(known):
            return known
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid", ""))
            claims = jwt.decode(
                token,
                key.secret,
                algorithms=["HS256"],
                issuer=ISSUER,
                # Times are checked below, by the clock that the whole program goes by.
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
            verified = Claims(
                token_id=claims["jti"],
                client_id=int(claims["sub"]),
                customer_id=int(claims["customerId"]),
                expires=int(claims["exp"]),
            )
        except (jwt.InvalidTokenError, TypeError, ValueError):
            raise AccessDenied from None
        if verified.expires <= self._clock():
            raise SessionNotValid("the token has expired.")
        good_until = min(verified.expires, key.retire_time or verified.expires)
        check_again = self._keys.read_again_at
        if len(self._verified) >= VERIFIED_TOKENS:
            self._verified.clear()
        self._verified[token] = VerifiedToken(token, verified, good_until, check_again)
        return self._verified[token]

    def is_good(self, token: VerifiedToken) -> bool:
        """Whether a verified token can still be accepted without another look at it."""
        return self._keys.monotonic() < token.check_again and self._clock() < token.good_until

    async def _key(self, key_id: object) -> SigningKey:
        key = _named(key_id, await self._keys.current())
        if key is None:
            # Another server may have rotated a moment ago; ask once a second at most.
            key = _named(key_id, await self._keys.current(older_than=1))
        if key is None:
            raise AccessDenied
        if key.retire_time is not None and key.retire_time <= self._clock():
            raise SessionNotValid("the key that signed the token has retired.")
        return key


def _named(key_id: object, keys: Iterable[SigningKey]) -> SigningKey | None:
    return next((key for key in keys if str(key.id) == str(key_id)), None)


def _signed(claims: dict[str, str | int], key: SigningKey) -> str:
    """A token in the compact form of RFC 7515, section 3.1, signed as RFC 7518, section 3.2 says.

    The library looks at the key anew each time, which costs more than all else of a sign-in.
    """
    header = {"alg": "HS256", "kid": str(key.id), "typ": "JWT"}
    signed = b".".join(_base64url(msgspec.json.encode(part)) for part in (header, claims))
    signature = hmac.digest(key.secret.encode(), signed, "sha256")
    return b".".join((signed, _base64url(signature))).decode("ascii")


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def assertion_convinces(
    client: ApiClient, assertion: str, audiences: Collection[str], now: float
) -> bool:
    """Whether an RS256 assertion was made by the client for us (RFC 7523, section 3).

    Issuer and subject are the client id, and there is no jti: docs/vendor-api.md, "Signing in".
    """
    if not client.public_key:
        return False
    try:
        claims = jwt.decode(
            assertion,
            client.public_key,
            algorithms=["RS256"],
            audience=list(audiences),
            issuer=str(client.id),
            subject=str(client.id),
            options={
                "require": ["iss", "sub", "aud", "exp"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        return now < float(claims["exp"]) <= now + _ASSERTION_LONGEST_SECONDS
    except (jwt.InvalidTokenError, jwt.InvalidKeyError, TypeError, ValueError):
        return False
