"""The assertions that API clients with a public key sign in with (RFC 7523).

The token endpoint imports this module when a client sends one.
"""

from __future__ import annotations

from collections.abc import Collection

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from portico.domain.tenancy.identity import ApiClient

_LONGEST_SECONDS = 3_600
_CLAIMS = ("iss", "sub", "aud", "exp", "jti")
# A header that is JSON but not an object, or has members of other types, makes joserfc raise more
# than its own errors.
_MALFORMED = (JoseError, AttributeError, TypeError, ValueError)


class _Registry(jws.JWSRegistry):
    """Allows signatures of RSA keys with 8192 bits, and certificates in the header."""

    max_header_length = 16_384
    max_signature_length = 2_048


_RS256 = _Registry(algorithms=["RS256"], strict_check_header=False)


def assertion_convinces(
    client: ApiClient, assertion: str, audiences: Collection[str], now: float
) -> bool:
    """Return whether an RS256 assertion was made by the client for this server (RFC 7523).

    Issuer and subject are the client's id. The claims `nbf` and `iat` are ignored, since the
    client's clock can be ahead.
    """
    if not client.public_key:
        return False
    client_id = str(client.id)
    registry = jwt.JWTClaimsRegistry(
        now=int(now),
        iss={"essential": True, "value": client_id},
        sub={"essential": True, "value": client_id},
        aud={"essential": True, "values": list(audiences)},
        exp={"essential": True},
    )
    try:
        key = RSAKey.import_key(client.public_key)
        claims = jwt.decode(assertion, key, registry=_RS256).claims
        registry.validate({name: claims[name] for name in _CLAIMS if name in claims})
    except _MALFORMED:
        return False
    return bool(claims["exp"] <= now + _LONGEST_SECONDS)
