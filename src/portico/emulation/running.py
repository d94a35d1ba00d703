"""Runs one stand-in in this process: the database, the application, the listeners."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from portico.domain.tenancy.identity import Role
from portico.emulation.access import PRODUCTION, VANITY_DOMAIN, StandInAccess, TenantAccess
from portico.emulation.assembly import make_stand_in_app
from portico.emulation.databases import (
    cache_folder,
    first_free_id,
    kept_database,
    temporary_database,
)
from portico.emulation.traffic import TrafficOptions, watched_traffic
from portico.emulator.clock import EmulatedClock, Hand
from portico.emulator.ids import CountingIds
from portico.emulator.listeners.listener import HttpListener
from portico.emulator.listeners.server import serve_app
from portico.emulator.stand_in import StandIn
from portico.services.access import operator_writing
from portico.services.tenancy.clients import create_client
from portico.services.tenancy.tenants import create_tenant, has_tenants
from portico.settings import Settings

if TYPE_CHECKING:
    from portico.emulator.seeds.reading import SeedFile

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class EmulateOptions:
    """The options of `portico emulate`. Port 0 is any free port.

    Without `database`, a temporary one is created in `database_folder`, or in a folder of its own.
    `tenants` is how many tenants an empty database gets if there is no `seed`.
    """

    port: int = 0
    database: Path | None = None
    database_folder: Path | None = None
    seed: SeedFile | None = None
    tenants: int = 1
    cloud: str = PRODUCTION
    vanity_domain: str = VANITY_DOMAIN
    frozen_at: float | None = None
    settings: Settings = field(default_factory=Settings)
    traffic: TrafficOptions = field(default_factory=TrafficOptions)


@asynccontextmanager
async def running_stand_in(options: EmulateOptions) -> AsyncIterator[StandInAccess]:
    """Run a stand-in for the length of a block, which begins when it answers requests.

    Raises PorticoError for a database that cannot be used or a port that is not free.
    """
    accounts: list[TenantAccess] = []
    async with _database(options) as url:
        settings = replace(
            options.settings,
            host=HOST,
            database=url,
            secret_key_file="",
            workers=1,
            access_log=False,
            insecure_cookies=True,
            portal_suffix=_portal_suffix(options),
        )
        clock = EmulatedClock(start=Hand(frozen_at=options.frozen_at))
        stand_in = StandIn(clock, CountingIds(first_free_id(url)))

        async def plant(stand_in: StandIn) -> None:
            if options.seed is not None:
                # Imported when it is used: most stand-ins start without a seed, and sooner so.
                from portico.emulation.seeding import plant_accounts

                accounts.extend(await plant_accounts(stand_in, options.seed))
                return
            if await has_tenants(stand_in.runtime):
                return
            for number in range(1, options.tenants + 1):
                accounts.append(await _add_tenant(stand_in, f"Tenant {number}"))

        app = make_stand_in_app(settings, stand_in, plant, durable=options.database is not None)
        async with (
            watched_traffic(stand_in, options.traffic),
            serve_app(app, [HttpListener(HOST, options.port)]) as server,
        ):
            yield StandInAccess(
                url=server.urls[0],
                cloud=options.cloud,
                vanity_domain=options.vanity_domain,
                tenants=tuple(accounts),
            )


def _portal_suffix(options: EmulateOptions) -> str:
    """Return the parent domain of managed portals: that of the seed, or of the settings."""
    own = None if options.seed is None else options.seed.seed.portal_suffix
    return own or options.settings.portal_suffix


@asynccontextmanager
async def _database(options: EmulateOptions) -> AsyncIterator[str]:
    if options.database is not None:
        yield await kept_database(options.database)
        return
    async with temporary_database(cache_folder(os.environ), options.database_folder) as url:
        yield url


async def _add_tenant(stand_in: StandIn, name: str) -> TenantAccess:
    """Create a tenant with an API client."""
    tenant = await create_tenant(stand_in.runtime, name)
    async with operator_writing(stand_in.runtime, tenant.id) as work:
        client, secret = await create_client(work, name="API client", role=Role.ADMIN)
    return TenantAccess(
        customer_id=str(tenant.id), name=name, client_id=str(client.id), client_secret=secret
    )
