"""The second step of signing in over HTTP. A pending attempt is no session."""

from __future__ import annotations

import pytest

from tests.harness import Server, Tenant
from tests.web.console.second_factors import code_of, codes_of, secret_of
from tests.web.sign_in.test_sign_in import assert_safe
from tests.web.visits import PASSWORD, Visit, add_administrator, csrf_of

SIGN_IN = "/console/sign-in"
SECOND = "/console/sign-in/second-factor"
SESSION, PROOF = "__Host-portico_console", "__Host-portico_password_proof"


@pytest.fixture
def visit(server: Server) -> Visit:
    """Somebody who was never here."""
    return Visit(server.http)


def protect(tenant: Tenant, visit: Visit, name: str) -> tuple[str, list[str]]:
    """The key of the app and the recovery codes of an administrator, who then leaves."""
    assert visit.sign_in(SIGN_IN, name).status_code == 303
    place = f"/console/{tenant.customer_id}/0/second-factor"
    token = csrf_of(visit.get(place).text)
    refused = visit.post(f"{place}/app", {"csrf": token, "secret": "x", "code": "000000"})
    assert "message=prove-password" in refused.headers["location"]
    visit.post(f"{place}/password", {"csrf": token, "password": PASSWORD})
    secret = secret_of(visit.get(place).text)
    form = {"csrf": token, "secret": secret, "code": code_of(secret)}
    codes = codes_of(visit.post(f"{place}/app", form).text)
    del visit.cookies[SESSION]
    return secret, codes


def test_the_second_step_leads_where_the_first_was_going(tenant: Tenant, visit: Visit) -> None:
    name = add_administrator(tenant, "ada")
    secret, _ = protect(tenant, visit, name)

    first = visit.sign_in(SIGN_IN, name, next_="/console/links?page=2")
    proof = visit.cookies[PROOF]
    page = visit.get(first.headers["location"])
    for field in ("code", "recovery"):
        empty = visit.submit(first.headers["location"], **{field: " "})
        assert (empty.status_code, f'id="{field}-wrong"' in empty.text) == (422, True)
    wrong = visit.submit(first.headers["location"], code="000000", next="/console/links?page=2")
    second = visit.submit(
        first.headers["location"], code=code_of(secret, 1), next="/console/links?page=2"
    )

    assert SESSION not in first.headers["set-cookie"]
    assert first.headers["location"] == f"{SECOND}?next=%2Fconsole%2Flinks%3Fpage%3D2"
    assert_safe(page)
    assert page.status_code == 200
    assert (wrong.status_code, "The code is wrong" in wrong.text) == (401, True)
    assert (second.status_code, second.headers["location"]) == (303, "/console/links?page=2")
    assert PROOF not in visit.cookies
    assert visit.get("/console").headers["location"].startswith("/console/")
    visit.cookies[PROOF] = proof
    assert visit.get(SECOND).headers["location"].startswith(f"{SIGN_IN}?")


def test_a_pending_attempt_opens_nothing_and_nothing_elsewhere(
    tenant: Tenant, server: Server, visit: Visit
) -> None:
    name = add_administrator(tenant, "ada")
    secret, codes = protect(tenant, visit, name)
    visit.sign_in(SIGN_IN, name)
    thief = Visit(server.http)
    thief.get(SIGN_IN)
    thief.cookies[PROOF] = visit.cookies[PROOF]
    impostor = Visit(server.http)
    impostor.cookies[SESSION] = visit.cookies[PROOF]

    for answer in ({"code": code_of(secret)}, {"recovery": codes[0]}):
        token = csrf_of(thief.get(SIGN_IN).text)
        stolen = thief.post(SECOND, {"csrf": token, **answer})
        assert stolen.headers["location"].startswith(f"{SIGN_IN}?")
        thief.cookies[PROOF] = visit.cookies[PROOF]
    assert thief.get(SECOND).headers["location"].startswith(f"{SIGN_IN}?")
    for stranger in (visit, impostor):
        home = f"/console/{tenant.customer_id}/0"
        assert stranger.get(home).headers["location"].startswith(f"{SIGN_IN}?")
    expired = visit.get(f"{SIGN_IN}?fault=expired")
    assert "The sign-in took too long. Sign in again." in expired.text


def test_forms_of_other_sites_are_refused(tenant: Tenant, visit: Visit) -> None:
    name = add_administrator(tenant, "ada")
    secret, _ = protect(tenant, visit, name)
    visit.sign_in(SIGN_IN, name)

    guessed = visit.post(SECOND, {"csrf": "guessed", "code": code_of(secret, 1)})
    token = csrf_of(visit.get(SECOND).text)
    foreign = visit.post(
        SECOND, {"csrf": token, "code": code_of(secret, 1)}, sec_fetch_site="cross-site"
    )
    elsewhere = visit.submit(SECOND, code=code_of(secret, 1), next="https://evil.example/")

    assert (guessed.status_code, foreign.status_code) == (403, 403)
    assert elsewhere.headers["location"] == "/console"
