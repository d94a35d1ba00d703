"""Signing in with a real OpenID provider over TCP, and what its answers may not do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from portico.domain.people.users import PortalUser
from portico.services.access import operator_writing
from portico.services.people import groups
from portico.services.runtime import Runtime
from portico.storage.people.users import PortalUserRepository
from tests.harness import (
    Caller,
    Server,
    Tenant,
    as_operator,
    create_tenant,
    free_port,
    served,
)
from tests.web.openid_provider import add_provider, agree, leave, path_of, running_provider
from tests.web.visits import Visit, add_administrator

CALLBACK = "/sign-in/callback"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider with a few people."""
    with running_provider() as url:
        yield url


@pytest.fixture
def visit(server: Server) -> Visit:
    """Somebody who was never here."""
    return Visit(server.http)


def stored_user(tenant: Tenant, name: str) -> PortalUser | None:
    """The tenant's portal user with that name."""

    async def find(runtime: Runtime) -> PortalUser | None:
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            users = PortalUserRepository(work.connection, work.scope)
            return await users.find_by_name(name)

    return as_operator(tenant.server.database, find)


def add_group(tenant: Tenant, name: str) -> None:
    """A group of the tenant."""

    async def make(runtime: Runtime) -> None:
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
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
