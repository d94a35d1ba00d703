"""ID tokens: only one that the provider signed for this client and this attempt is accepted."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, OctKey, RSAKey

from portico.domain.errors import AccessDenied
from portico.web.sign_in.id_tokens import LEEWAY_SECONDS, verify_id_token

ISSUER, CLIENT, NONCE, NOW = "https://id.example", "portico", "n-1", 1_800_000_000
ACCESS_TOKEN = "an-access-token"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
OTHER = RSAKey.generate_key(2048, {"kid": "rsa"})
PUBLISHED = KeySet([RSA, EC]).as_dict(private=False)
Claims = dict[str, Any]


def half_hash(text: str) -> str:
    """The `at_hash` of an access token under an algorithm with SHA-256."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode()[:-2]


def claims_of(**changed: object) -> Claims:
    """The claims of a good ID token with changes; None leaves one out."""
    claims = {
        "iss": ISSUER,
        "sub": "ada",
        "aud": CLIENT,
        "exp": NOW + 300,
        "iat": NOW,
        "nonce": NONCE,
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}


def signed(claims: Claims, key: Key = RSA, **header: object) -> str:
    """An ID token."""
    full = {"alg": "RS256", "kid": key.kid, **header}
    return jwt.encode(full, claims, key, algorithms=[str(full["alg"])])


def verified(token: str, keys: Claims | None = None, now: int = NOW) -> Claims:
    """The claims of an ID token, if it is accepted."""
    return verify_id_token(
        {"id_token": token, "access_token": ACCESS_TOKEN},
        dict(PUBLISHED) if keys is None else keys,
        issuer=ISSUER,
        client_id=CLIENT,
        nonce=NONCE,
        now=now,
    )


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"azp": CLIENT},
        {"at_hash": half_hash(ACCESS_TOKEN)},
        {"amr": ["pwd"], "auth_time": NOW - 5},
        {"exp": NOW - LEEWAY_SECONDS + 1},
        {"iat": NOW + LEEWAY_SECONDS},
        {"nbf": NOW + LEEWAY_SECONDS},
    ],
)
def test_good_token_is_accepted(changed: Claims) -> None:
    assert verified(signed(claims_of(**changed)))["sub"] == "ada"


def test_every_published_key_verifies() -> None:
    assert verified(signed(claims_of(), EC, alg="ES256"))["sub"] == "ada"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"iss": [ISSUER]},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": []},
        {"aud": None},
        {"aud": [CLIENT, "other"]},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"azp": "other"},
        {"azp": [CLIENT]},
        {"exp": NOW - LEEWAY_SECONDS},
        {"exp": "soon"},
        {"exp": None},
        {"iat": NOW + LEEWAY_SECONDS + 1},
        {"iat": None},
        {"nbf": NOW + LEEWAY_SECONDS + 1},
        {"nonce": "n-2"},
        {"nonce": [NONCE]},
        {"nonce": None},
        {"at_hash": half_hash("another-access-token")},
        {"amr": "pwd"},
        {"auth_time": "today"},
    ],
)
def test_token_with_a_wrong_claim_is_refused(changed: Claims) -> None:
    with pytest.raises(AccessDenied):
        verified(signed(claims_of(**changed)))


def part(value: object) -> str:
    """A part of a token, made by hand."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("header", [["alg"], "alg", 5, None, {"alg": "RS256", "crit": 5}])
def test_token_with_a_malformed_header_is_refused(header: object) -> None:
    with pytest.raises(AccessDenied):
        verified(f"{part(header)}.{part(claims_of())}.c2ln")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", f"{part({'alg': 'none'})}.{part({})}."])
def test_text_that_is_no_signed_token_is_refused(token: str) -> None:
    with pytest.raises(AccessDenied):
        verified(token)


def test_signature_of_another_key_is_refused() -> None:
    with pytest.raises(AccessDenied):
        verified(signed(claims_of(), OTHER))


def test_public_key_is_no_shared_secret() -> None:
    secret = OctKey.import_key(hashlib.sha256(RSA.as_pem(private=False)).digest())
    token = signed(claims_of(), secret, alg="HS256", kid="rsa")
    with pytest.raises(AccessDenied):
        verified(token)
    with pytest.raises(AccessDenied):
        verified(token, {"keys": [secret.as_dict(kid="rsa")]})


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": [5]}, {"keys": {"kty": "RSA"}}])
def test_keys_that_cannot_be_read_verify_nothing(keys: Claims) -> None:
    with pytest.raises(AccessDenied):
        verified(signed(claims_of()), keys)


def test_keys_are_those_that_the_provider_publishes_now() -> None:
    token = signed(claims_of(), OTHER)
    rotated = dict(KeySet([OTHER]).as_dict(private=False))

    assert verified(token, rotated)["sub"] == "ada"
    with pytest.raises(AccessDenied):
        verified(signed(claims_of()), rotated)
