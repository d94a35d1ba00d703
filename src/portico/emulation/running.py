"""Runs one stand-in in this process: the database, the application, the listeners."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from portico.emulation.access import PRODUCTION, VANITY_DOMAIN, StandInAccess, TenantAccess
from portico.emulation.assembly import make_stand_in_app
from portico.emulation.ca_bundle import write_ca_bundle
from portico.emulation.databases import (
    cache_folder,
    first_free_id,
    kept_database,
    temporary_database,
)
from portico.emulation.traffic import TrafficOptions, watched_traffic
from portico.emulator.clock import EmulatedClock, Hand
from portico.emulator.ids import CountingIds
from portico.emulator.listeners.authority import Authority, default_folder, open_authority
from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.destinations import Destinations
from portico.emulator.listeners.listener import HttpListener, Listener
from portico.emulator.listeners.proxy import ProxyListener
from portico.emulator.listeners.server import serve_app
from portico.emulator.listeners.tls import TlsListener
from portico.emulator.listeners.vendor_hosts import NO_PROXY, VendorHosts
from portico.emulator.stand_in import StandIn
from portico.emulator.tenants import create_account
from portico.services.tenancy.tenants import has_tenants
from portico.settings import Settings
from portico.storage.engine.database import sqlite_path

if TYPE_CHECKING:
    from portico.emulator.seeds.reading import SeedFile

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class EmulateOptions:
    """The options of `portico emulate`. Port 0 is any free port.

    Without `database`, a temporary one is created in `database_folder`, or in a folder of its own.
    `tenants` is how many tenants an empty database gets if there is no `seed`. The proxy also
    connects to the hosts of `direct`, and to any host with `pass_through`.
    """

    port: int = 0
    tls_port: int = 0
    proxy_port: int = 0
    direct: tuple[str, ...] = ()
    pass_through: bool = False
    ca_dir: Path | None = None
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
                made = await create_account(stand_in, f"Tenant {number}")
                accounts.append(
                    TenantAccess(
                        customer_id=str(made.tenant.id),
                        name=made.tenant.name,
                        client_id=str(made.client_id),
                        client_secret=made.client_secret,
                    )
                )

        app = make_stand_in_app(settings, stand_in, plant, durable=options.database is not None)
        authority, listeners = _listeners(options, clock)
        async with (
            watched_traffic(stand_in, options.traffic),
            _ca_bundle(options, url, authority.path) as ca_bundle,
            serve_app(app, listeners) as server,
        ):
            url, tls_url, proxy_url = server.urls
            yield StandInAccess(
                url=url,
                tls_url=tls_url,
                proxy_url=proxy_url,
                ca_file=str(authority.path),
                ca_bundle=str(ca_bundle),
                cloud=options.cloud,
                vanity_domain=options.vanity_domain,
                no_proxy=NO_PROXY + options.direct,
                tenants=tuple(accounts),
            )


def _portal_suffix(options: EmulateOptions) -> str:
    """Return the parent domain of managed portals: that of the seed, or of the settings."""
    own = None if options.seed is None else options.seed.seed.portal_suffix
    return own or options.settings.portal_suffix


def _listeners(
    options: EmulateOptions, clock: EmulatedClock
) -> tuple[Authority, tuple[Listener, ...]]:
    """Return the listeners for HTTP, HTTPS and the proxy, and the CA of their certificates."""
    hosts = VendorHosts.with_clouds([options.cloud])
    destinations = Destinations(hosts, options.direct, pass_through=options.pass_through)
    now = datetime.fromtimestamp(clock.wall(), UTC)
    folder = options.ca_dir or default_folder(os.environ)
    authority = open_authority(folder, hosts.domains(), now)
    certificates = ServerCertificates(authority, hosts, clock.wall)
    return authority, (
        HttpListener(HOST, options.port),
        TlsListener(certificates, HOST, options.tls_port),
        ProxyListener(certificates, destinations, HOST, options.proxy_port),
    )


@asynccontextmanager
async def _ca_bundle(options: EmulateOptions, url: str, ca_file: Path) -> AsyncIterator[Path]:
    """Write the CA bundle beside a temporary database, or into a folder of its own."""
    database = sqlite_path(url)
    if options.database is None and database is not None:
        yield write_ca_bundle(database.parent, ca_file, os.environ)
        return
    with tempfile.TemporaryDirectory(prefix="portico-") as folder:
        yield write_ca_bundle(Path(folder), ca_file, os.environ)


@asynccontextmanager
async def _database(options: EmulateOptions) -> AsyncIterator[str]:
    if options.database is not None:
        yield await kept_database(options.database)
        return
    async with temporary_database(cache_folder(os.environ), options.database_folder) as url:
        yield url
