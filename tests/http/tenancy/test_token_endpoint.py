"""The OneAPI way in: a secret, HTTP Basic, or an RS256 assertion, and every way to get it wrong."""

from __future__ import annotations

import time

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.harness import LINKS, Caller, Server, Tenant, create_tenant
from tests.http.clients import (
    ASSERTION,
    AUDIENCE,
    Claims,
    ask_me,
    ask_token,
    assertion_of,
    claims_of,
    new_key,
    part,
    public_pem,
    register,
    signed_with_hmac,
)

pytestmark = pytest.mark.one_database

TOKEN = "/oauth2/v1/token"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """The key of the client below."""
    return new_key()


@pytest.fixture(scope="module")
def keyed(server: Server, key: rsa.RSAPrivateKey) -> str:
    """The id of an API client that signs in with the key."""
    return register(create_tenant(server), key)


def refused(answer: httpx.Response, error: str = "invalid_client") -> None:
    """Checks a refusal: 400, in the words of RFC 6749 and of the envelope."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    code = "access.denied" if error == "invalid_client" else "invalid.resource.argument"
    assert body["error"] == error
    assert body["id"] == code
    assert body["reason"] == body["error_description"]
    assert body["reason"]
    assert "access_token" not in body


def test_secret_is_taken_and_the_lifetime_is_a_number(resident: Caller) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": resident.credentials.client_id,
        "client_secret": resident.credentials.client_secret,
        "audience": AUDIENCE,
    }
    answer = resident.http.post(TOKEN, data=form)
    body = answer.json()

    assert answer.status_code == 200
    assert body["expires_in"] == 3_600
    assert isinstance(body["expires_in"], int)
    assert body["token_type"] == "Bearer"
    assert ask_me(resident, body["access_token"]).json()["customerId"] == resident.customer_id


def test_basic_credentials_are_taken(resident: Caller) -> None:
    credentials = (resident.credentials.client_id, resident.credentials.client_secret)
    form = {"grant_type": "client_credentials"}

    assert resident.http.post(TOKEN, data=form, auth=credentials).status_code == 200
    refused(resident.http.post(TOKEN, data=form, auth=(credentials[0], "wrong")))


@pytest.mark.parametrize("value", ["", "x", "!!!!", "YQ==", "Og==", "/w=="])
def test_broken_basic_credentials_are_refused(resident: Caller, value: str) -> None:
    answer = resident.http.post(
        TOKEN,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {value}".strip()},
    )

    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_client", "invalid_request"}


def test_wrong_secret_and_unknown_client_look_alike(resident: Caller) -> None:
    known = {"client_id": resident.credentials.client_id, "client_secret": "wrong"}
    unknown = known | {"client_id": "12345"}
    first, second = (resident.http.post(TOKEN, data=form) for form in (known, unknown))

    refused(first)
    assert first.json() == second.json()


def test_other_grants_are_refused(resident: Caller) -> None:
    form = {
        "client_id": resident.credentials.client_id,
        "client_secret": resident.credentials.client_secret,
    }
    for grant in ("password", "authorization_code", "refresh_token", ""):
        answer = resident.http.post(TOKEN, data=form | {"grant_type": grant})
        refused(answer, "unsupported_grant_type")


def test_incomplete_requests_are_refused(resident: Caller, keyed: str) -> None:
    grant = {"grant_type": "client_credentials"}
    incomplete = (
        grant,
        grant | {"client_id": keyed},
        grant | {"client_secret": "x"},
        grant | {"client_id": keyed, "client_assertion": "a.b.c"},
        grant | {"client_id": keyed, "client_assertion": "a.b.c", "client_assertion_type": "x"},
    )
    for form in incomplete:
        refused(resident.http.post(TOKEN, data=form), "invalid_request")


def test_assertion_is_taken(resident: Caller, keyed: str, key: rsa.RSAPrivateKey) -> None:
    answer = ask_token(resident.http, keyed, assertion_of(key, claims_of(keyed)))
    body = answer.json()

    assert answer.status_code == 200, answer.text
    assert isinstance(body["expires_in"], int)
    assert ask_me(resident, body["access_token"]).status_code == 200


def test_assertion_may_name_several_audiences(
    resident: Caller, keyed: str, key: rsa.RSAPrivateKey
) -> None:
    claims = claims_of(keyed, aud=["https://elsewhere.example", AUDIENCE])

    assert ask_token(resident.http, keyed, assertion_of(key, claims)).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": AUDIENCE + "/"},
        {"aud": []},
        {"aud": None},
        {"iss": "12345"},
        {"iss": None},
        {"sub": "12345"},
        {"sub": None},
        {"exp": 1},
        {"exp": int(time.time()) - 1},
        {"exp": int(time.time()) + 10 * 365 * 86_400},
        {"exp": None},
        {"exp": "soon"},
        {"exp": [1]},
        {"exp": float("inf")},
        {"exp": float("nan")},
    ],
)
def test_assertion_with_a_wrong_claim_is_refused(
    resident: Caller, keyed: str, key: rsa.RSAPrivateKey, changed: Claims
) -> None:
    header = {"alg": "RS256", "typ": "JWT"}
    signed = f"{part(header)}.{part(claims_of(keyed, **changed))}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())

    refused(ask_token(resident.http, keyed, f"{signed}.{part(signature)}"))


def test_assertion_of_a_wrong_key_is_refused(resident: Caller, keyed: str) -> None:
    refused(ask_token(resident.http, keyed, assertion_of(new_key(), claims_of(keyed))))


def test_assertion_of_another_client_is_refused(
    tenant: Tenant, resident: Caller, keyed: str, key: rsa.RSAPrivateKey
) -> None:
    other = register(tenant, new_key())
    refused(ask_token(resident.http, other, assertion_of(key, claims_of(other))))
    refused(ask_token(resident.http, other, assertion_of(key, claims_of(keyed))))
    refused(ask_token(resident.http, keyed, assertion_of(key, claims_of(other))))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_assertion_of_another_algorithm_is_refused(
    resident: Caller, keyed: str, key: rsa.RSAPrivateKey, algorithm: str
) -> None:
    refused(ask_token(resident.http, keyed, assertion_of(key, claims_of(keyed), algorithm)))


def test_public_key_is_no_shared_secret(
    resident: Caller, keyed: str, key: rsa.RSAPrivateKey
) -> None:
    pem = public_pem(key).encode()
    for secret in (pem, pem.strip(), b"", b"None"):
        for algorithm in ("HS256", "hs256", "none", "RS256"):
            header = {"alg": algorithm, "typ": "JWT"}
            refused(
                ask_token(resident.http, keyed, signed_with_hmac(header, claims_of(keyed), secret))
            )


def test_unsigned_assertion_is_refused(
    resident: Caller, keyed: str, key: rsa.RSAPrivateKey
) -> None:
    good = assertion_of(key, claims_of(keyed))
    bare = f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims_of(keyed))}."
    for broken in (bare, good.rpartition(".")[0] + ".", good[:-8], f"{good}x", "a.b.c", "x", "..."):
        refused(ask_token(resident.http, keyed, broken))


def test_tampered_assertion_is_refused(
    resident: Caller, keyed: str, key: rsa.RSAPrivateKey
) -> None:
    header, _, signature = assertion_of(key, claims_of(keyed)).split(".")
    longer = claims_of(keyed, exp=int(time.time()) + 3_000)

    refused(ask_token(resident.http, keyed, f"{header}.{part(longer)}.{signature}"))


def test_client_with_a_key_has_no_secret(resident: Caller, keyed: str) -> None:
    for secret in ("x", "None", "hmac-sha256$$"):
        form = {"client_id": keyed, "client_secret": secret}
        refused(resident.http.post(TOKEN, data=form))
        assert resident.http.post("/signin", data=form).status_code == 401


def test_client_with_a_secret_has_no_key(resident: Caller, key: rsa.RSAPrivateKey) -> None:
    client_id = resident.credentials.client_id

    refused(ask_token(resident.http, client_id, assertion_of(key, claims_of(client_id))))


def test_access_token_is_no_assertion(resident: Caller, keyed: str) -> None:
    refused(ask_token(resident.http, keyed, resident.token))


def test_assertion_is_no_access_token(resident: Caller, keyed: str, key: rsa.RSAPrivateKey) -> None:
    assertion = assertion_of(key, claims_of(keyed))

    assert ask_me(resident, assertion).status_code == 401


def test_revoked_client_gets_no_token(tenant: Tenant, admin: Caller) -> None:
    credentials = tenant.credentials()
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
    }
    assert admin.http.post(TOKEN, data=form).status_code == 200
    tenant.revoke(credentials)

    refused(admin.http.post(TOKEN, data=form))
    assert admin.http.post("/signin", data=form).status_code == 401


def test_token_of_a_key_writes(tenant: Tenant, admin: Caller, key: rsa.RSAPrivateKey) -> None:
    client_id = register(tenant, key)
    form = {"client_assertion_type": ASSERTION}
    answer = ask_token(admin.http, client_id, assertion_of(key, claims_of(client_id)), **form)
    token = answer.json()["access_token"]

    made = admin.http.post(
        admin.path(LINKS),
        json={"name": "Wiki", "link": "wiki"},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert made.status_code == 201
    assert made.json()["modifiedBy"] == client_id
