"""`portico domain`: allowing, listing and revoking, and what they say about portals."""

from __future__ import annotations

import pytest

from portico.domain.portals.portals import UserPortalSpec
from portico.services.access import operator_writing
from portico.services.portals.portals import create_portal
from portico.services.runtime import Runtime
from tests.cli.commands import refuse, run, succeed, succeed_json
from tests.harness import as_operator


@pytest.fixture
def where(database: str, customer_id: str) -> tuple[str, ...]:
    """The options that name the tenant."""
    return ("--customer", customer_id, "--database", database)


@pytest.fixture
def portal_id(database: str, customer_id: str) -> str:
    """A portal with a domain."""

    async def make(runtime: Runtime) -> int:
        async with operator_writing(runtime, int(customer_id)) as work:
            spec = UserPortalSpec(name="Staff", enabled=True, domain="Links.Example.com")
            return (await create_portal(work, spec, managed_suffix="p.example")).id

    return str(as_operator(database, make))


def test_domain_is_allowed_listed_and_revoked(
    database: str, where: tuple[str, ...], customer_id: str, portal_id: str
) -> None:
    allowed = succeed("domain", "allow", "Example.COM", *where)
    again = succeed("domain", "allow", "example.com", *where)
    listed = succeed_json("domain", "list", "--database", database)
    table = succeed("domain", "list", *where)
    revoked = succeed("domain", "revoke", "example.com", "--yes", "--database", database)

    assert allowed == (
        f"Allowed example.com and every name below it for tenant Acme ({customer_id}).\n"
        "Now available: links.example.com (portal Staff)\n"
    )
    assert again == f"example.com is already allowed for tenant Acme ({customer_id}).\n"
    assert [each["domain"] for each in listed] == ["example.com"]
    assert listed[0]["reached"] == [
        {
            "host": "links.example.com",
            "customerId": customer_id,
            "portalId": portal_id,
            "portal": "Staff",
        }
    ]
    assert table.splitlines() == [
        "Domain\tCustomer id\tTenant\tPortals",
        f"example.com\t{customer_id}\tAcme\tlinks.example.com (portal Staff)",
    ]
    assert revoked == (
        f"Revoked example.com from tenant Acme ({customer_id}).\n"
        "No longer available: links.example.com (portal Staff)\n"
    )
    assert succeed_json("domain", "list", "--database", database) == []


def test_effects_are_told_in_json(database: str, where: tuple[str, ...], portal_id: str) -> None:
    allowed = succeed_json("domain", "allow", "example.com", *where)
    revoked = succeed_json("domain", "revoke", "example.com", "--yes", "--database", database)

    assert [each["portalId"] for each in allowed["begins"]] == [portal_id]
    assert allowed["stops"] == revoked["begins"] == []
    assert revoked["stops"] == allowed["begins"]


def test_nothing_stops_being_reached_unasked(
    database: str, where: tuple[str, ...], portal_id: str
) -> None:
    succeed("domain", "allow", "example.com", *where)
    other = succeed_json("tenant", "create", "Other", "--database", database)["customerId"]
    theirs = ("--customer", other, "--database", database)

    by_revoking = refuse("domain", "revoke", "example.com", "--database", database)
    by_allowing = refuse("domain", "allow", "links.example.com", *theirs)

    for sentence in (by_revoking, by_allowing):
        assert "links.example.com (portal Staff)" in sentence
        assert "--yes" in sentence
    (listed,) = succeed_json("domain", "list", "--database", database)
    assert [each["portalId"] for each in listed["reached"]] == [portal_id]
    succeed("domain", "allow", "free.example.com", *theirs)
    succeed("domain", "allow", "links.example.com", "--yes", *theirs)


def test_the_public_host_is_no_portal_s(
    database: str, where: tuple[str, ...], portal_id: str
) -> None:
    public = ("--public-url", "https://links.example.com")

    told = succeed("domain", "allow", "links.example.com", *public, *where)

    assert "Now available" not in told
    assert "it is the host of the public URL" in told
    assert portal_id


def test_mistakes_are_told_in_a_sentence(database: str, where: tuple[str, ...]) -> None:
    other = succeed_json("tenant", "create", "Other", "--database", database)["customerId"]
    succeed("domain", "allow", "example.com", *where)

    assert "dot" in refuse("domain", "allow", "localhost", *where)
    assert "port" in refuse("domain", "allow", "example.com:80", *where)
    taken = refuse("domain", "allow", "example.com", "--customer", other, "--database", database)
    assert "portico domain revoke example.com" in taken
    assert "portico domain list" in refuse("domain", "revoke", "b.example", "--database", database)
    unknown = ("--customer", "1", "--database", database)
    assert run("domain", "allow", "c.example", *unknown).status == 1
    assert run("domain", "list", *unknown).status == 1
