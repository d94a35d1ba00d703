"""Fills a Portico database with many links, through Portico's storage layer instead of its API.

The storage layer updates folded columns and search indexes. This skips the checks, the audit trail
and a round trip for each request.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from portico.domain.links.links import Link
from portico.domain.portals.portals import UserPortal
from portico.domain.records import Scope
from portico.domain.tenancy.identity import Tenant
from portico.domain.tenancy.microtenants import default_microtenant
from portico.storage.engine.connections import Connection, Database
from portico.storage.links.links import LinkRepository
from portico.storage.portals.portals import UserPortalRepository
from portico.storage.tenancy.identity import IdentityRepository
from portico.storage.tenancy.microtenants import MicrotenantRepository

LINKS_ON_A_PORTAL = 500
LINKS_A_TRANSACTION = 20_000
RARE_LINKS = 5
RARE_WORD = "quasar"
FIRST_PORTAL, FIRST_LINK, FIRST_TENANT = 1_000, 10_000_000, 500_000
IDS_OF_A_TENANT = 10_000_000

_FIRST = ("Amber", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbour", "Indigo")
_SECOND = ("Payroll", "Roster", "Wiki", "Tickets", "Mail", "Budget", "Library", "Canteen")


def link_name(number: int) -> str:
    """Return a unique name. The names of the first few links contain the rare word."""
    rare = f"{RARE_WORD} " if number < RARE_LINKS else ""
    first = _FIRST[number % len(_FIRST)]
    second = _SECOND[number // len(_FIRST) % len(_SECOND)]
    return f"{first} {second} {rare}{number:07d}"


def portal_id(number: int) -> int:
    return FIRST_PORTAL + number


def link_id(number: int, tenant: int = 0) -> int:
    """Return an id that is unique across tenants."""
    return FIRST_LINK + tenant * IDS_OF_A_TENANT + number


def _link(customer_id: int, number: int, now: int, tenant: int) -> Link:
    return Link(
        customer_id=customer_id,
        microtenant_id=0,
        id=link_id(number, tenant),
        creation_time=now,
        modified_time=now,
        modified_by=1,
        name=link_name(number),
        description=f"Opens page number {number} for everyone in the team",
        enabled=number % 10 != 0,
        link=f"app-{number:07d}.example.com",
        link_path=f"/start/{number}",
        protocol="https://",
        portal_ids=(portal_id(number // LINKS_ON_A_PORTAL),),
    )


def _portal(customer_id: int, number: int, now: int) -> UserPortal:
    return UserPortal(
        customer_id=customer_id,
        microtenant_id=0,
        id=portal_id(number),
        creation_time=now,
        modified_time=now,
        modified_by=1,
        name=f"Portal {number:05d}",
        enabled=True,
        ext_label=f"portal-{number:05d}",
        ext_domain="example.com",
    )


async def add_links(database: Database, customer_id: int, start: int, end: int) -> None:
    """Add the links from number `start` up to, but not including, `end`, and their portals.

    Both numbers must be multiples of 500, the links of a portal.
    """
    for first, last in _runs(start, end, LINKS_A_TRANSACTION):
        async with database.write(customer_id) as connection:
            await _insert(connection, customer_id, first, last)


async def add_tenants(database: Database, start: int, end: int) -> None:
    """Add tenants, each with one portal of 500 links."""
    step = LINKS_A_TRANSACTION // LINKS_ON_A_PORTAL
    for first, last in _runs(start, end, step):
        async with database.transaction() as connection:
            for number in range(first, last):
                await _insert_tenant(connection, number)


async def _insert_tenant(connection: Connection, number: int) -> None:
    now, customer_id = int(time.time()), FIRST_TENANT + number
    tenant = Tenant(
        id=customer_id, name=f"Tenant {customer_id}", auth_domains=(), creation_time=now
    )
    await IdentityRepository(connection).add_tenant(tenant)
    microtenants = MicrotenantRepository(connection, Scope(customer_id=customer_id))
    await microtenants.insert(default_microtenant(customer_id, now))
    await _insert(connection, customer_id, 0, LINKS_ON_A_PORTAL, number)


async def _insert(
    connection: Connection, customer_id: int, first: int, last: int, tenant: int = 0
) -> None:
    now = int(time.time())
    scope = Scope(customer_id=customer_id)
    portals = range(first // LINKS_ON_A_PORTAL, last // LINKS_ON_A_PORTAL)
    await UserPortalRepository(connection, scope).insert(
        *(_portal(customer_id, number, now) for number in portals)
    )
    await LinkRepository(connection, scope).insert(
        *(_link(customer_id, number, now, tenant) for number in range(first, last))
    )


def _runs(start: int, end: int, step: int) -> Iterator[tuple[int, int]]:
    for first in range(start, end, step):
        yield first, min(first + step, end)
