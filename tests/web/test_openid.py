"""Signing in with a real OpenID provider over TCP, and what its answers may not do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from portico.domain.providers import IdentityProvider, IdentityProviderSpec
from portico.domain.users import PortalUser
from portico.services import groups, providers
from portico.services.identity import Operator
from portico.storage.users import PortalUserRepository
from tests.harness import (
    READY_SECONDS,
    Caller,
    Server,
    Tenant,
    as_operator,
    create_tenant,
    free_port,
    served,
)
from tests.web.visits import Visit, add_administrator

CALLBACK = "/sign-in/callback"
PEOPLE = [
    {"sub": "list", "preferred_username": "lis", "name": "Lis", "groups": ["Staff", "Crew"]},
    {"sub": "text", "preferred_username": "tex", "name": "Tex", "groups": "Staff"},
    {"sub": "ada", "name": "Ada", "email": "ada@a.example", "email_verified": True},
    {"sub": "eve", "name": "Eve", "email": "ada@a.example", "email_verified": False},
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider with a few people."""
    port = free_port()
    people = [part for each in PEOPLE for part in ("--user-claims", json.dumps(each))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--require-nonce", "true", *people],
        env={**os.environ, "NO_COLOR": "1"},
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            httpx.get(f"{url}/jwks", timeout=1)
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline, "The provider did not start."
            time.sleep(0.05)
    yield url
    process.terminate()
    process.wait(timeout=READY_SECONDS)


@pytest.fixture
def visit(server: Server) -> Visit:
    """Somebody who was never here."""
    return Visit(server.http)


def add_provider(tenant: Tenant, issuer: str, **changed: object) -> IdentityProvider:
    """A provider of the tenant."""
    values: dict[str, object] = {
        "name": "Acme",
        "issuer": issuer,
        "client_id": "portico",
        "client_secret": "shared",
        "for_console": True,
    }
    spec = IdentityProviderSpec(**(values | changed))  # type: ignore[arg-type]  # made by name
    return as_operator(
        tenant.server.database,
        lambda operator: providers.create_provider(operator, int(tenant.customer_id), spec),
    )


def agree(address: str, subject: str) -> str:
    """Signs in at the provider; the address that it sends the browser back to."""
    answer = httpx.post(address, data={"sub": subject} if subject else {"action": "deny"})
    assert answer.status_code in {302, 303}, answer.text
    return answer.headers["location"]


def path_of(address: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def leave(visit: Visit, door: str, provider: IdentityProvider, next_: str = "") -> str:
    """Goes to the provider from a door; its address."""
    query = f"?next={next_}" if next_ else ""
    answer = visit.get(f"{door}/oidc/{provider.id}{query}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def stored_user(tenant: Tenant, name: str) -> PortalUser | None:
    """The tenant's portal user with that name."""

    async def find(operator: Operator) -> PortalUser | None:
        async with operator.writing(int(tenant.customer_id)) as work:
            users = PortalUserRepository(work.connection, work.scope)
            return await users.find_by_name(name)

    return as_operator(tenant.server.database, find)


def add_group(tenant: Tenant, name: str) -> None:
    """A group of the tenant."""

    async def make(operator: Operator) -> None:
        async with operator.writing(int(tenant.customer_id)) as work:
            await groups.create_group(work, name)

    as_operator(tenant.server.database, make)


@pytest.mark.parametrize(
    ("subject", "name", "claimed"),
    [("list", "lis", ("Staff", "Crew")), ("text", "tex", ("Staff",))],
)
def test_user_comes_in_with_groups_as_list_or_text(
    tenant: Tenant,
    admin: Caller,
    visit: Visit,
    issuer: str,
    subject: str,
    name: str,
    claimed: tuple[str, ...],
) -> None:
    provider, portal = add_provider(tenant, issuer), f"/p/{admin.create_portal()}"
    add_group(tenant, "Staff")
    shown = visit.get(f"{portal}/sign-in?next=/p/x?q=1").text
    assert "Acme" in shown

    address = leave(visit, f"{portal}/sign-in", provider, "/p/x?q=1")
    query = parse_qs(urlsplit(address).query)
    done = visit.get(path_of(agree(address, subject)))
    user = stored_user(tenant, name)

    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"{tenant.server.url}{CALLBACK}"]
    assert (done.status_code, done.headers["location"]) == (303, "/p/x?q=1")
    assert f"__Host-portico_portal_{tenant.customer_id}" in visit.cookies
    assert "__Host-portico_provider" not in visit.cookies
    assert user is not None
    assert user.claimed_groups == claimed


def test_administrator_comes_in_by_verified_email(
    tenant: Tenant, visit: Visit, issuer: str
) -> None:
    provider = add_provider(tenant, issuer)
    add_administrator(tenant, "ada", email="ada@a.example", password="")
    door = "/console/sign-in"

    refused = visit.get(path_of(agree(leave(visit, door, provider), "eve")))
    assert "fault=unknown" in refused.headers["location"]
    assert "Ask an administrator" in visit.get(refused.headers["location"]).text
    entered = visit.get(path_of(agree(leave(visit, door, provider), "ada")))

    assert (entered.status_code, entered.headers["location"]) == (303, "/console")
    assert "__Host-portico_console" in visit.cookies


def test_answer_of_a_sign_in_that_was_begun_elsewhere_is_refused(
    tenant: Tenant, admin: Caller, server: Server, issuer: str
) -> None:
    provider, door = add_provider(tenant, issuer), f"/p/{admin.create_portal()}/sign-in"
    attacker, victim = Visit(server.http), Visit(server.http)
    stolen = path_of(agree(leave(attacker, door, provider), "list"))

    without_cookie = victim.get(stolen)
    leave(victim, door, provider)
    with_other_state = victim.get(stolen)

    assert without_cookie.status_code == 403
    assert "fault=provider" in with_other_state.headers["location"]
    assert not any("portal_" in name for name in victim.cookies)


@pytest.fixture(scope="module")
def public(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a public address, as behind a proxy that speaks TLS."""
    log: Path = tmp_path_factory.mktemp("public") / "server.log"
    with served(database_url, log, "--public-url", "https://portico.example") as running:
        yield running


def test_own_domain_beside_a_public_address_signs_in_where_it_is(
    public: Server, issuer: str
) -> None:
    tenant, other = create_tenant(public), create_tenant(public)
    provider = add_provider(tenant, issuer)
    hosts = [f"links.{each.customer_id}.example" for each in (tenant, other)]
    for each, host in zip((tenant, other), hosts, strict=True):
        each.caller().create_portal("Links", certificateId="7", domain=host)
        each.allow_domain(host)
    portal = f"/p/{tenant.caller().create_portal('Staff')}"
    leaving = f"{portal}/sign-in/oidc/{provider.id}?next=/"
    visit = Visit(public.http)
    sent_back = []
    unallowed = f"other.{tenant.customer_id}.example"
    tenant.caller().create_portal("Unallowed", certificateId="7", domain=unallowed)
    for host in ("portico.example", hosts[1], "unknown.example", unallowed, hosts[0]):
        address = visit.get(leaving, host=host).headers["location"]
        sent_back += parse_qs(urlsplit(address).query)["redirect_uri"]
    back = path_of(agree(address, "list"))
    done = visit.get(back, host=hosts[0])

    public_callback = f"https://portico.example{CALLBACK}"
    assert sent_back == [public_callback] * 4 + [f"https://{hosts[0]}{CALLBACK}"]
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert f"__Host-portico_portal_{tenant.customer_id}" in visit.cookies


def test_code_is_good_once_and_denial_is_told(
    tenant: Tenant, admin: Caller, visit: Visit, issuer: str
) -> None:
    provider, door = add_provider(tenant, issuer), f"/p/{admin.create_portal()}/sign-in"
    address = leave(visit, door, provider)
    kept = dict(visit.cookies)
    back = path_of(agree(address, "list"))
    first = visit.get(back)
    visit.cookies = kept
    again = visit.get(back)
    denied = visit.get(path_of(agree(leave(visit, door, provider), "")))

    assert "fault" not in first.headers["location"]
    assert "fault=provider" in again.headers["location"]
    assert "fault=provider" in denied.headers["location"]
    assert "did not sign you in" in visit.get(denied.headers["location"]).text


@pytest.mark.parametrize("cookie", ["", "x", "e30=", "bnVsbA==", "W10=", "\u00fc"])
def test_odd_cookie_is_no_attempt(visit: Visit, cookie: str) -> None:
    if cookie.isascii():
        visit.cookies["__Host-portico_provider"] = cookie

    assert visit.get(f"{CALLBACK}?code=x&state=y").status_code == 403


def test_foreign_and_unsuitable_providers_are_not_found(
    tenant: Tenant, admin: Caller, visit: Visit, issuer: str, server: Server
) -> None:
    door = f"/p/{admin.create_portal()}/sign-in"
    console_only = add_provider(tenant, issuer, name="Console", for_portals=False)
    portals_only = add_provider(tenant, issuer, name="Portals", for_console=False)

    assert visit.get(f"{door}/oidc/{console_only.id}").status_code == 404
    assert visit.get(f"{door}/oidc/5").status_code == 404
    assert visit.get(f"/console/sign-in/oidc/{portals_only.id}").status_code == 404


def test_provider_that_does_not_answer_is_told_at_the_door(
    tenant: Tenant, admin: Caller, visit: Visit
) -> None:
    provider = add_provider(tenant, f"http://127.0.0.1:{free_port()}")
    door = f"/p/{admin.create_portal()}/sign-in"

    answer = visit.get(f"{door}/oidc/{provider.id}")

    assert answer.status_code == 303
    assert "fault=provider" in answer.headers["location"]
