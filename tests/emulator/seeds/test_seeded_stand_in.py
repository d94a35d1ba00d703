"""A stand-in that starts with a seed: clients find its objects, and a reset brings them back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from portico.demo.seeds import built_in_seed
from portico.emulation.access import TenantAccess
from portico.emulation.seeding import plant_accounts
from portico.emulator.seeds.schema import seed_schema_text
from portico.emulator.seeds.sources import SeedError
from portico.emulator.stand_in import StandIn
from tests.emulator.seeds.planted import parsed
from tests.emulator.stand_ins import Account, Emulated, emulated

TWO_TENANTS = """set: two
tenants:
- name: One
  customerId: 11
  clients: [{name: Viewer, role: viewer, secret: a}, {name: CI, secret: b, id: 5}]
  links: [{name: Wiki, link: wiki.example.com}]
- name: Two
  customerId: 12
"""


@pytest.fixture(scope="module")
def vendor_tests(empty_databases: Path) -> Iterator[Emulated]:
    """A stand-in with the seed for the vendor's suites."""
    file = built_in_seed("vendor-tests")

    async def plant(stand_in: StandIn, accounts: list[Account]) -> None:
        for each in await plant_accounts(stand_in, file):
            accounts.append(Account(each.customer_id, each.client_id, each.client_secret))

    suffix = file.seed.portal_suffix
    with emulated(empty_databases, tenants=0, plant=plant, portal_suffix=suffix) as running:
        yield running


@dataclass(frozen=True)
class TwoTenants:
    """A stand-in with TWO_TENANTS, its access, and why it refused the same seed again."""

    stand_in: Emulated
    access: list[TenantAccess]
    refusal: str


@pytest.fixture(scope="module")
def two_tenants(empty_databases: Path) -> Iterator[TwoTenants]:
    """A stand-in with TWO_TENANTS."""
    access: list[TenantAccess] = []
    refusals: list[str] = []

    async def plant(stand_in: StandIn, accounts: list[Account]) -> None:
        access.extend(await plant_accounts(stand_in, parsed(TWO_TENANTS)))
        with pytest.raises(SeedError) as refused:
            await plant_accounts(stand_in, parsed(TWO_TENANTS))
        refusals.append(refused.value.reason)

    with emulated(empty_databases, tenants=0, plant=plant) as running:
        yield TwoTenants(running, access, *refusals)


def test_vendor_suites_find_what_they_look_for(vendor_tests: Emulated) -> None:
    caller = vendor_tests.caller()
    issued = vendor_tests.request(
        "GET",
        f"/mgmtconfig/v2/admin/customers/{caller.customer_id}/clientlessCertificate/issued",
        headers={"Authorization": f"Bearer {caller.token}"},
        params={"search": "name EQ sales.bd-hashicorp.com"},
    ).json()

    assert caller.account.client_secret == "administrator-secret"
    assert [each["name"] for each in issued["list"]] == ["sales.bd-hashicorp.com"]
    assert issued["list"][0]["cName"] == "sales.bd-hashicorp.com"
    assert caller.names("application", search="name EQ AppPortal01") == ["AppPortal01"]


def test_portals_have_the_cloud_letter_of_the_seed(vendor_tests: Emulated) -> None:
    caller = vendor_tests.caller()
    body = {"name": "Managed", "extLabel": "portal01", "extDomain": "acme.com"}

    made = caller.call("POST", "userPortal", body)

    assert made.json()["domain"] == "portal01-acme-com.b.zscalerportal.net"
    vendor_tests.reset()


def test_export_after_a_reset_is_the_export_before(vendor_tests: Emulated) -> None:
    before = vendor_tests.control("GET", "seed", format="yaml").text

    vendor_tests.caller().create_link("Later")
    changed = vendor_tests.control("GET", "seed", format="yaml").text
    vendor_tests.reset()

    assert "Later" in changed
    assert "secret: administrator-secret\n" in before
    assert vendor_tests.control("GET", "seed", format="yaml").text == before


def test_control_route_exports_one_tenant(two_tenants: TwoTenants) -> None:
    one = two_tenants.stand_in.control("GET", "seed", customerId="11")
    unknown = two_tenants.stand_in.control("GET", "seed", customerId="13")
    wrong = two_tenants.stand_in.control("GET", "seed", format="toml")

    assert [each["name"] for each in one.json()["tenants"]] == ["One"]
    assert one.json()["tenants"][0]["links"] == [{"name": "Wiki", "link": "wiki.example.com"}]
    assert unknown.status_code == 404
    assert unknown.json()["detail"] == "There is no tenant with the id 13."
    assert wrong.status_code == 400


def test_schema_is_served(vendor_tests: Emulated) -> None:
    answer = vendor_tests.control("GET", "seed.schema.json")

    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.text == seed_schema_text()


def test_access_is_the_client_that_can_do_most(two_tenants: TwoTenants) -> None:
    assert [
        (each.customer_id, each.client_id, each.client_secret) for each in two_tenants.access
    ] == [("11", "5", "b"), ("12", "", "")]


def test_seed_needs_an_empty_stand_in(two_tenants: TwoTenants) -> None:
    assert two_tenants.refusal == (
        "The database has tenants already, and a seed needs an empty one. Leave --seed out to go "
        "on with these tenants, or remove the database file."
    )
