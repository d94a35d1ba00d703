"""Seeds for commands and stand-ins: found by file or by name, planted, and tried out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from portico.demo.seeds import BUILT_IN, built_in_seed
from portico.domain.tenancy.identity import Role
from portico.emulation.access import TenantAccess
from portico.emulation.databases import cache_folder, temporary_database
from portico.emulator.seeds.planting import Planted, PlantedTenant, plant
from portico.emulator.seeds.reading import SeedFile, read_seed
from portico.emulator.seeds.sources import SeedError
from portico.emulator.stand_in import StandIn
from portico.installation import make_cipher, open_runtime
from portico.services.runtime import Runtime
from portico.services.tenancy.tenants import has_tenants
from portico.settings import Settings
from portico.storage.engine.database import open_database
from portico.web.shared.passwords import Argon2Passwords


def open_seed(named: str, *, plain_secrets: bool = True) -> SeedFile:
    """Return the built-in seed of that name, or the seed in that file. Raises SeedError."""
    if named in BUILT_IN:
        return built_in_seed(named)
    path = Path(named)
    if not path.exists() and not path.suffix:
        raise SeedError(
            f"There is no file {named}, and no built-in seed of that name. The built-in seeds are "
            f"{', '.join(sorted(BUILT_IN))}."
        )
    return read_seed(path, plain_secrets=plain_secrets)


async def plant_accounts(stand_in: StandIn, file: SeedFile) -> list[TenantAccess]:
    """Plant a seed into an empty stand-in, and return an API client of each of its tenants.

    Raises SeedError.
    """
    if await has_tenants(stand_in.runtime):
        raise SeedError(
            "The database has tenants already, and a seed needs an empty one. Leave --seed out to "
            "go on with these tenants, or remove the database file."
        )
    planted = await plant_quickly(stand_in.runtime, file, stand_in.portal_suffix)
    stand_in.secrets.update(planted.secrets)
    return [_access(each) for each in planted.tenants]


def _access(tenant: PlantedTenant) -> TenantAccess:
    """Return the client of a tenant that can do most: with a secret, whole tenant, admin, first."""
    best = min(
        (each for each in tenant.clients if each.secret),
        key=lambda each: (each.microtenant_id is not None, each.role is not Role.ADMIN),
        default=None,
    )
    return TenantAccess(
        customer_id=str(tenant.customer_id),
        name=tenant.name,
        client_id="" if best is None else str(best.id),
        client_secret="" if best is None else best.secret,
    )


async def plant_quickly(runtime: Runtime, file: SeedFile, managed_suffix: str) -> Planted:
    """Create everything in a seed, with quick hashes of passwords. Raises SeedError."""
    quick = replace(runtime, passwords=Argon2Passwords(for_tests=True))
    return await plant(quick, file, managed_suffix=managed_suffix)


async def try_seed(file: SeedFile) -> Planted:
    """Plant a seed into a temporary database, to see whether every rule holds. Raises SeedError."""
    async with temporary_database(cache_folder(os.environ)) as url:
        settings = replace(Settings(), database=url)
        database = open_database(url)
        try:
            runtime = await open_runtime(settings, database, make_cipher(settings))
            return await plant_quickly(runtime, file, settings.portal_suffix)
        finally:
            await database.close()
