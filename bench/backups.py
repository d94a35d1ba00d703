"""Backs up a large tenant under load, and restores it: time, size, memory, and what was lost.

python -m bench.backups --links 100000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from portico.domain.links.links import LinkSpec
from portico.installation import make_cipher, open_runtime
from portico.services.access import operator_writing
from portico.services.backups.creating import create_backup, verify_backup
from portico.services.backups.restoring import restore_backup
from portico.services.links.links import create_link, create_links
from portico.services.runtime import Runtime
from portico.services.tenancy.tenants import create_tenant
from portico.settings import Settings
from portico.storage.engine.connections import Database
from portico.storage.engine.database import create_database_file, open_database
from portico.storage.schema import migrate as schema

BULK = 500
_RESET_PEAK = Path("/proc/self/clear_refs")


def prove_backups(links: int, folder: Path, target: str) -> dict[str, Any]:
    """Return the figures of a SQLite backup under load that is restored into `target`."""
    settings = Settings(database=f"sqlite:///{folder / 'source.db'}")
    path = folder / "backup.zip"
    figures = asyncio.run(_back_up(settings, links, path))
    cipher = make_cipher(settings)
    opened = partial(open_runtime, settings, cipher=cipher)
    with _measured(figures, "verify"):
        verify_backup(path)
    with _measured(figures, "restore"):
        asyncio.run(restore_backup(path, target, cipher, opened))
    found = asyncio.run(_names(target))
    figures["acknowledged_before"] = len(figures["before"])
    figures["lost"] = len(figures.pop("before") - found)
    figures["restored_links"] = len(found)
    again = folder / "again.zip"
    asyncio.run(_copy(target, again))
    figures["tables_equal"] = verify_backup(again).tables == verify_backup(path).tables
    return figures


async def _back_up(settings: Settings, links: int, path: Path) -> dict[str, Any]:
    create_database_file(settings.database)
    cipher = make_cipher(settings)
    database = open_database(settings.database)
    try:
        await schema.upgrade(database, cipher, create=True)
        runtime = await open_runtime(settings, database, cipher)
        tenant = (await create_tenant(runtime, "Acme")).id
        names = await _fill(runtime, tenant, links)
        figures: dict[str, Any] = {"before": names, "links": links}
        stopping = asyncio.Event()
        writer = asyncio.create_task(_write(runtime, tenant, stopping))
        with _measured(figures, "create"):
            manifest = await create_backup(database, path, time.time)
        stopping.set()
        written = await writer
    finally:
        await database.close()
    return figures | {
        "rows": manifest.rows,
        "written_meanwhile": written,
        "file_bytes": path.stat().st_size,
        "lines_bytes": manifest.lines_bytes,
    }


@contextmanager
def _measured(figures: dict[str, Any], step: str) -> Iterator[None]:
    """Record how long a step takes, and by how much the memory peaks above that before it."""
    _RESET_PEAK.write_text("5")
    before, began, began_cpu = _memory_kib("VmRSS"), time.monotonic(), time.process_time()
    yield
    figures[f"{step}_seconds"] = round(time.monotonic() - began, 2)
    figures[f"{step}_cpu_seconds"] = round(time.process_time() - began_cpu, 2)
    figures[f"{step}_mib_above"] = (_memory_kib("VmHWM") - before) // 1024


def _memory_kib(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


async def _fill(runtime: Runtime, tenant: int, links: int) -> set[str]:
    names = [f"Link {number}" for number in range(links)]
    for start in range(0, links, BULK):
        specs = [_spec(name) for name in names[start : start + BULK]]
        async with operator_writing(runtime, tenant) as work:
            await create_links(work, specs)
    return set(names)


async def _write(runtime: Runtime, tenant: int, stopping: asyncio.Event) -> int:
    written = 0
    while not stopping.is_set():
        written += 1
        async with operator_writing(runtime, tenant) as work:
            await create_link(work, _spec(f"Later {written}"))
        await asyncio.sleep(0.005)
    return written


def _spec(name: str) -> LinkSpec:
    return LinkSpec(
        name=name, link=f"{name.replace(' ', '-').lower()}.example.com", description="A" * 40
    )


async def _names(url: str) -> set[str]:
    found: set[str] = set()
    statement = text("SELECT name FROM user_portal_link")
    database = open_database(url)
    try:
        await database.snapshot(lambda connection: found.update(connection.scalars(statement)))
    finally:
        await database.close()
    return found


async def _copy(url: str, path: Path) -> None:
    database: Database = open_database(url)
    try:
        await create_backup(database, path, time.time)
    finally:
        await database.close()


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=100_000)
    parser.add_argument("--target", default="", help="An empty PostgreSQL database, else SQLite.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backups-") as name:
        target = chosen.target or f"sqlite:///{Path(name) / 'target.db'}"
        json.dump(prove_backups(chosen.links, Path(name), target), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
