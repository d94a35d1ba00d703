"""API clients that sign in by key, their assertions, and tokens that nobody should take."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

from portico.domain.tenancy.identity import Role, SigningKey
from portico.services.tenancy.signing_keys import SigningKeys
from tests.harness import Caller, Tenant, as_operator, cipher_of, create_client, with_database

AUDIENCE = "https://api.zscaler.com"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ME = "/mgmtconfig/v1/admin/me"
Claims = dict[str, Any]


def new_key() -> rsa.RSAPrivateKey:
    """A private key of the least size that the vendor's SDK takes."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """The public half, as an operator registers it."""
    encoded = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded.decode()


def register(tenant: Tenant, key: rsa.RSAPrivateKey) -> str:
    """The id of a new API client that signs in with a key."""
    client, secret = as_operator(
        tenant.server.database,
        lambda runtime: create_client(
            runtime,
            int(tenant.customer_id),
            name="Key client",
            role=Role.ADMIN,
            public_key=public_pem(key),
        ),
    )
    assert secret == ""
    return str(client.id)


def claims_of(client_id: str, **changed: object) -> Claims:
    """What the vendor's SDK puts into an assertion; None leaves a claim out."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": AUDIENCE,
        "exp": int(time.time()) + 600,
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}


def assertion_of(key: rsa.RSAPrivateKey, claims: Claims, algorithm: str = "RS256") -> str:
    """A signed assertion."""
    return jwt.encode({"alg": algorithm}, claims, RSAKey.import_key(key), algorithms=[algorithm])


def ask_token(http: httpx.Client, client_id: str, assertion: str, **form: str) -> httpx.Response:
    """The answer of the token endpoint to an assertion."""
    fields = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_assertion": assertion,
        "client_assertion_type": ASSERTION,
        "audience": AUDIENCE,
        **form,
    }
    return http.post("/oauth2/v1/token", data=fields, headers={"User-Agent": "Zscaler-SDK"})


def part(value: object) -> str:
    """A part of a token, made by hand."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed_with_hmac(header: Claims, claims: Claims, secret: bytes) -> str:
    """A token that a library would refuse to make, signed with HMAC-SHA256."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def read_claims(token: str) -> Claims:
    """What a token says, as the vendor's clients read it: without its signature."""
    claims: Claims = json.loads(jws.extract_compact(token.encode()).payload)
    return claims


def key_id_of(token: str) -> str:
    """The id of the key that signed a token."""
    key_id: str = jws.extract_compact(token.encode()).headers()["kid"]
    return key_id


def signed_with(key: SigningKey, claims: Claims) -> str:
    """A token with the claims, signed with a signing key of the installation."""
    header = {"alg": "HS256", "kid": str(key.id)}
    return jwt.encode(header, claims, OctKey.import_key(key.secret))


def signing_keys(caller: Caller) -> list[SigningKey]:
    """The installation's own signing keys, newest first."""
    url = caller.server.database
    return with_database(url, lambda database: SigningKeys(database, cipher_of(url)).current())


def resigned(caller: Caller, **changed: object) -> str:
    """The caller's token with other claims, signed with the right key; None leaves one out."""
    key = signing_keys(caller)[0]
    claims = read_claims(caller.token) | changed
    kept = {name: value for name, value in claims.items() if value is not None}
    return signed_with(key, kept)


def ask_me(caller: Caller, token: str) -> httpx.Response:
    """Who the server takes the bearer of a token for."""
    return caller.http.get(ME, headers={"Authorization": f"Bearer {token}"})
