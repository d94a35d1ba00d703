"""The verdict of `/readyz`: a write succeeds, within a deadline, and nothing else changes."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text

from portico.services.readiness import (
    DEADLINE_SECONDS,
    LOCKED,
    OTHER_SCHEMA,
    PROBE_SECONDS,
    TOO_SLOW,
    Readiness,
)
from portico.storage.engine.connections import Database
from portico.storage.engine.database import open_database, sqlite_path
from portico.storage.readiness import write_probe
from tests.harness import upgrade
from tests.services.world import World
from tests.storage.store import Store, opened

SLOT = itertools.count(1)
PROBED = text("SELECT time, length(padding) AS padding FROM readiness_probe WHERE slot = :slot")
AUDITED = text("SELECT count(*) AS entries FROM audit_entry")
LOCK = text("LOCK TABLE readiness_probe IN ACCESS EXCLUSIVE MODE")
CHECKPOINT_BYTES = 1_000 * 4_120  # SQLite starts its log anew after a thousand pages


@asynccontextmanager
async def ready(
    database: Database,
    clock: Callable[[], float] = time.time,
    slot: int = 0,
    *,
    every: float = PROBE_SECONDS,
    within: float = DEADLINE_SECONDS,
) -> AsyncIterator[Readiness]:
    """A verdict of its own on a database."""
    made = Readiness(database, clock, slot, every=every, within=within)
    try:
        yield made
    finally:
        await made.close()


async def probed(database: Database, slot: int) -> list[tuple[int, int]]:
    """What the probe of a slot wrote: the time, and how many bytes of padding."""
    async with database.read() as connection:
        rows = await connection.rows(PROBED, {"slot": slot})
    return [(row.time, row.padding) for row in rows]


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Another process holds what a probe needs, for the length of a block."""
    other = open_database(url)
    try:
        async with other.transaction() as connection:
            if connection.writers_overlap:
                await connection.run(LOCK)
            yield
    finally:
        await other.close()


def test_probe_commits_a_row_and_touches_no_tenant(store: Store, world: World) -> None:
    slot, revision = next(SLOT), world.revision()
    audited = store.read(lambda connection: connection.rows(AUDITED))[0].entries

    async def ask() -> str:
        async with ready(store.database, lambda: 1_234.5, slot) as verdict:
            return await verdict.reason()

    assert store.run(ask()) == ""
    assert store.run(probed(store.database, slot)) == [(1_234, 0)]
    assert world.revision() == revision
    assert store.read(lambda connection: connection.rows(AUDITED))[0].entries == audited


def test_those_who_ask_at_once_or_soon_share_a_probe(store: Store) -> None:
    probes = itertools.count(1)
    slot = next(SLOT)

    async def ask() -> set[str]:
        async with ready(store.database, lambda: next(probes), slot) as verdict:
            reasons = await asyncio.gather(*(verdict.reason() for _ in range(50)))
            reasons += [await verdict.reason() for _ in range(50)]
        return set(reasons)

    assert store.run(ask()) == {""}
    assert store.run(probed(store.database, slot)) == [(1, 0)]


def test_lock_makes_it_false_in_time_and_its_end_makes_it_true(empty_url: str) -> None:
    upgrade(empty_url)

    async def ask(database: Database) -> tuple[list[str], float, str]:
        async with ready(database, every=0.0, within=0.5) as verdict:
            async with locked(empty_url):
                began = time.monotonic()
                refused = [await verdict.reason() for _ in range(3)]
                took = time.monotonic() - began
            return refused, took, await verdict.reason()

    with opened(empty_url) as store:
        refused, took, after = store.run(ask(store.database))

    assert set(refused) <= {TOO_SLOW, LOCKED}
    assert took < 8
    assert after == ""


def test_probe_under_way_does_not_delay_the_stop(empty_url: str) -> None:
    upgrade(empty_url)

    async def ask(database: Database) -> float:
        async with locked(empty_url):
            async with ready(database) as verdict:
                waiting = asyncio.create_task(verdict.reason())
                await asyncio.sleep(0.2)
                began = time.monotonic()
            took = time.monotonic() - began
            await waiting
        return took

    with opened(empty_url) as store:
        assert store.run(ask(store.database)) < 2


def test_newer_schema_is_ready_only_within_its_range(empty_url: str) -> None:
    upgrade(empty_url)

    async def ask(database: Database, change: str) -> str:
        async with database.transaction() as connection:
            await connection.run(text(f"UPDATE alembic_version SET {change}"))
        async with ready(database) as verdict:
            return await verdict.reason()

    with opened(empty_url) as store:
        assert store.run(ask(store.database, "version_num = '9999'")) == ""
        assert store.run(ask(store.database, "oldest_server = '9999'")) == OTHER_SCHEMA


def test_read_only_database_is_not_ready(empty_url: str) -> None:
    upgrade(empty_url)

    async def ask(database: Database) -> str:
        async with database.transaction() as connection:
            if connection.writers_overlap:
                await connection.run(
                    text("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
                )
            else:
                await connection.run(text("PRAGMA query_only = on"))
        fresh = open_database(empty_url) if sqlite_path(empty_url) is None else database
        try:
            async with ready(fresh) as verdict:
                return await verdict.reason()
        finally:
            if fresh is not database:
                await fresh.close()
                async with database.transaction() as connection:
                    await connection.run(
                        text("ALTER ROLE CURRENT_USER RESET default_transaction_read_only")
                    )

    with opened(empty_url) as store:
        reason = store.run(ask(store.database)).replace("-", "")

    assert "readonly" in reason


def test_probes_do_not_let_the_log_of_an_idle_database_grow(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    with opened(url) as store:
        store.read(lambda connection: connection.rows(AUDITED))

        async def probe_for_hours() -> None:
            for now in range(1_300):
                async with store.database.transaction() as connection:
                    await write_probe(connection, 0, now, padded=False)

        store.run(probe_for_hours())
        size = (tmp_path / "portico.db-wal").stat().st_size

    assert size < CHECKPOINT_BYTES * 1.2
