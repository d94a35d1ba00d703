"""The legacy way in: a form for a token that the vendor's clients take for the vendor's own."""

from __future__ import annotations

import base64
import json
import re
import time

import httpx
import pytest

from tests.harness import LINKS, Caller, Server, Tenant, assert_error
from tests.http.clients import ME, ask_me, read_claims


def sign_in(http: httpx.Client, **form: str) -> httpx.Response:
    """The answer to a sign-in form."""
    return http.post("/signin", data=form)


def form_of(caller: Caller) -> dict[str, str]:
    """The caller's credentials."""
    return {
        "client_id": caller.credentials.client_id,
        "client_secret": caller.credentials.client_secret,
    }


def test_lifetime_is_a_string(resident: Caller) -> None:
    answer = sign_in(resident.http, **form_of(resident))
    body = answer.json()

    assert answer.status_code == 200
    assert set(body) == {"token_type", "access_token", "expires_in"}
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == "3600"
    assert answer.headers["cache-control"] == "no-store"


def test_token_looks_as_the_clients_expect(resident: Caller) -> None:
    token = sign_in(resident.http, **form_of(resident)).json()["access_token"]
    parts = token.split(".")
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    claims = json.loads(base64.urlsafe_b64decode(padded))

    assert len(parts) == 3
    for each in parts:
        assert re.fullmatch(r"[A-Za-z0-9_-]+", each)
    assert isinstance(claims["exp"], int)
    assert 3_590 <= claims["exp"] - time.time() <= 3_601
    assert claims["customerId"] == resident.customer_id


def test_token_works_and_others_are_different(resident: Caller) -> None:
    tokens = {sign_in(resident.http, **form_of(resident)).json()["access_token"] for _ in range(3)}

    assert len(tokens) == 3
    for token in tokens:
        assert ask_me(resident, token).status_code == 200


@pytest.mark.one_database
def test_bearer_is_read_without_regard_to_case(resident: Caller) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = resident.http.get(ME, headers={"Authorization": f"{scheme}  {resident.token}"})

        assert answer.status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"client_secret": "wrong"},
        {"client_secret": ""},
        {"client_secret": "x" * 10_000},
        {"client_secret": "\x00"},
        {"client_secret": "ä😀"},
        {"client_id": "12345"},
        {"client_id": ""},
        {"client_id": "x"},
        {"client_id": "-1"},
        {"client_id": "1 OR 1=1"},
        {"client_id": "٣"},
        {"client_id": "9" * 5_000},
        {"client_id": "9223372036854775807"},
        {"client_id": "1\x00"},
    ],
)
def test_wrong_credentials_are_denied(resident: Caller, changed: dict[str, str]) -> None:
    answer = sign_in(resident.http, **(form_of(resident) | changed))

    assert assert_error(answer, 401, "access.denied") == "Access denied"


@pytest.mark.one_database
def test_missing_credentials_are_denied(resident: Caller) -> None:
    form = form_of(resident)
    for name in form:
        answer = sign_in(resident.http, **{name: form[name]})

        assert_error(answer, 401, "access.denied")


def test_secret_of_another_client_is_denied(tenant: Tenant, resident: Caller) -> None:
    other = tenant.credentials()
    form = {"client_id": other.client_id, "client_secret": resident.credentials.client_secret}

    assert_error(sign_in(resident.http, **form), 401, "access.denied")


@pytest.mark.one_database
def test_form_is_required(resident: Caller) -> None:
    answers = [
        resident.http.post("/signin", json=form_of(resident)),
        resident.http.post("/signin", content=b"client_id=1"),
        resident.http.post("/signin", files={"client_id": b"1"}),
    ]

    for answer in answers:
        assert_error(answer, 415, "unsupported.media.type")


@pytest.mark.one_database
@pytest.mark.parametrize("content", [b"client_id=%FF&client_secret=x", b"client_id=\xff"])
def test_form_that_is_no_text_is_refused(resident: Caller, content: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/signin", "/oauth2/v1/token"):
        answer = resident.http.post(path, content=content, headers=headers)

        assert_error(answer, 400, "invalid.resource.argument", "body")


@pytest.mark.one_database
def test_form_type_may_have_parameters(resident: Caller) -> None:
    answer = resident.http.post(
        "/signin",
        data=form_of(resident),
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )

    assert answer.status_code == 200


def test_me_names_tenant_and_microtenant(tenant: Tenant, admin: Caller) -> None:
    made = admin.create("microtenants", {"name": "North"})["id"]
    local = tenant.caller(microtenant_id=made)
    whole = ask_me(admin, admin.token).json()

    assert whole == {
        "customerId": tenant.customer_id,
        "customerName": tenant.name,
        "microtenantName": "Default",
    }
    assert ask_me(local, local.token).json() == whole | {
        "microtenantId": made,
        "microtenantName": "North",
    }
    assert (
        admin.http.get(f"/zpa{ME}", headers={"Authorization": f"Bearer {admin.token}"}).json()
        == whole
    )


def test_secrets_and_tokens_stay_out_of_the_log(server: Server, admin: Caller) -> None:
    admin.get(LINKS)
    sign_in(admin.http, client_id=admin.credentials.client_id, client_secret="a-wrong-secret")
    log = server.log.read_text()

    assert admin.token not in log
    assert admin.credentials.client_secret not in log
    assert "a-wrong-secret" not in log
    assert str(read_claims(admin.token)["jti"]) not in log
