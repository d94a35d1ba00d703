"""Seeds for commands and stand-ins: found by file or by name, planted, and tried out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from portico.demo.seeds import BUILT_IN, built_in_seed
from portico.emulation.databases import cache_folder, temporary_database
from portico.emulator.seeds.planting import Planted, plant
from portico.emulator.seeds.reading import SeedFile, read_seed
from portico.emulator.seeds.sources import SeedError
from portico.installation import make_cipher, open_runtime
from portico.services.runtime import Runtime
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


async def plant_seed(runtime: Runtime, file: SeedFile, settings: Settings) -> Planted:
    """Create everything in a seed, with quick hashes of passwords. Raises SeedError."""
    quick = replace(runtime, passwords=Argon2Passwords(for_tests=True))
    return await plant(quick, file, managed_suffix=settings.portal_suffix)


async def try_seed(file: SeedFile) -> Planted:
    """Plant a seed into a temporary database, to see whether every rule holds. Raises SeedError."""
    async with temporary_database(cache_folder(os.environ)) as url:
        settings = replace(Settings(), database=url)
        database = open_database(url)
        try:
            runtime = await open_runtime(settings, database, make_cipher(settings))
            return await plant_seed(runtime, file, settings)
        finally:
            await database.close()
