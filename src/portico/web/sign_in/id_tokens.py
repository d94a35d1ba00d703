"""Verification of ID tokens: OpenID Connect Core 1.0, section 3.1.3.7.

`oidc` imports this module when somebody signs in through a provider.
"""

from __future__ import annotations

import hashlib
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidClaimError, JoseError
from joserfc.jwk import KeySet

from portico.domain.base64url import to_base64url
from portico.domain.errors import AccessDenied

LEEWAY_SECONDS = 60
# Signatures of a private key only: "none" or a shared secret would prove nothing.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_TEXTS = ("nonce", "azp", "at_hash")


class _IdTokenClaims(jwt.JWTClaimsRegistry):
    """The rules of a JSON Web Token, and the types of what only an ID token has."""

    def validate_auth_time(self, value: object) -> None:
        """Raise InvalidClaimError unless the value is a number."""
        if not isinstance(value, int | float):
            raise InvalidClaimError("auth_time")

    def validate_amr(self, value: object) -> None:
        """Raise InvalidClaimError unless the value is a list."""
        if not isinstance(value, list):
            raise InvalidClaimError("amr")


def verify_id_token(
    token: dict[str, Any],
    keys: dict[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: int,
) -> dict[str, Any]:
    """Return the claims of the ID token in a token endpoint's answer.

    `keys` is the provider's JSON Web Key Set, `nonce` that of the sign-in attempt, `now` in epoch
    seconds. Raises AccessDenied unless the provider signed the token for this client, for this
    attempt, and the token has not expired.
    """
    try:
        decoded = jwt.decode(
            str(token.get("id_token", "")),
            KeySet.import_key_set(keys),  # type: ignore[arg-type]  # checked by the import
            algorithms=ALGORITHMS,
        )
        claims = {name: value for name, value in decoded.claims.items() if value is not None}
        registry = _IdTokenClaims(
            now=now,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
            # A token for several audiences must name the client that requested it.
            azp={
                "essential": claims.get("aud") not in (client_id, [client_id]),
                "value": client_id,
            },
            at_hash={"value": _half_hash(str(token.get("access_token")), decoded.header["alg"])},
        )
        registry.validate(claims)
        if any(not isinstance(claims.get(name, ""), str) for name in _TEXTS):
            raise InvalidClaimError("nonce, azp or at_hash")
    except (JoseError, AttributeError, KeyError, TypeError, ValueError) as error:
        # For headers and keys of wrong types joserfc raises other errors than its own.
        raise AccessDenied("The provider's answer cannot be trusted.") from error
    return claims


def _half_hash(access_token: str, algorithm: str) -> str:
    """Return the `at_hash` of an access token: section 3.1.3.6."""
    name = "sha512" if algorithm == "EdDSA" else f"sha{algorithm[2:]}"
    digest = hashlib.new(name, access_token.encode()).digest()
    return to_base64url(digest[: len(digest) // 2])
