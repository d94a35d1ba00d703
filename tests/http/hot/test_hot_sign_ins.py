"""Signing in ahead of the router: the same answers as the router's, and never a stale one."""

from __future__ import annotations

from dataclasses import asdict

import httpx
import pytest

from tests.harness import Caller, Tenant, assert_error

PATHS = ("/signin", "/oauth2/v1/token")
FORM = "application/x-www-form-urlencoded"


def sign_in(
    admin: Caller, path: str, *, content_type: str = FORM, **changed: str
) -> httpx.Response:
    """Asks for a token; a content type with a parameter goes through the router."""
    form = asdict(admin.credentials) | changed
    content = str(httpx.QueryParams(form)).encode()
    return admin.http.post(path, content=content, headers={"Content-Type": content_type})


@pytest.mark.parametrize("path", PATHS)
def test_both_ways_answer_the_same(tenant: Tenant, path: str) -> None:
    admin = tenant.caller()
    ahead = [sign_in(admin, path) for _ in range(3)]
    routed = sign_in(admin, path, content_type=f"{FORM}; charset=utf-8")

    for answer in ahead:
        assert answer.status_code == routed.status_code == 200
        assert answer.json().keys() == routed.json().keys()
        assert answer.json()["expires_in"] == routed.json()["expires_in"]
        assert set(answer.headers) == set(routed.headers)
    tokens = {answer.json()["access_token"] for answer in [*ahead, routed]}
    assert len(tokens) == 4


@pytest.mark.parametrize("path", PATHS)
def test_tokens_of_either_way_are_good(tenant: Tenant, path: str) -> None:
    admin = tenant.caller()

    for content_type in (FORM, f"{FORM}; charset=utf-8"):
        token = sign_in(admin, path, content_type=content_type).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = admin.http.get("/mgmtconfig/v1/admin/me", headers=headers)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", PATHS)
def test_wrong_secret_after_a_right_one_is_refused(tenant: Tenant, path: str) -> None:
    admin = tenant.caller()
    assert sign_in(admin, path).status_code == 200

    refused = sign_in(admin, path, client_secret="wrong")
    routed = sign_in(admin, path, client_secret="wrong", content_type=f"{FORM}; charset=utf-8")

    assert refused.status_code == routed.status_code
    assert refused.json() == routed.json()


@pytest.mark.parametrize("path", PATHS)
def test_revoked_client_signs_in_no_more(tenant: Tenant, path: str) -> None:
    admin, doomed = tenant.caller(), tenant.caller()
    assert sign_in(doomed, path).status_code == 200
    assert sign_in(doomed, path).status_code == 200

    tenant.revoke(doomed.credentials)

    answer = sign_in(doomed, path)
    assert answer.status_code == (401 if path == "/signin" else 400)
    assert sign_in(admin, path).status_code == 200


def test_body_that_was_read_reaches_the_router(tenant: Tenant) -> None:
    admin = tenant.caller()

    answer = sign_in(admin, "/oauth2/v1/token", grant_type="password")

    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"
    assert_error(sign_in(admin, "/signin", client_secret=""), 401, "access.denied")
