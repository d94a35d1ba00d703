"""Slots of a tenant's revision on PostgreSQL: none is handed out before its transaction ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy import text

from portico.storage.engine.connections import Connection, Database
from portico.storage.engine.database import open_database
from portico.storage.engine.postgres import SLOTS
from tests.storage.store import PATIENCE_SECONDS, opened

GATE = 7
WAITS_AT_GATE = text("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
DEFERRED_TRIGGER = (
    f"""CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NULL; END $$""",
    """CREATE CONSTRAINT TRIGGER gate AFTER INSERT OR UPDATE ON customer_revision
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_gate()""",
)


@asynccontextmanager
async def closed_gate(database: Database) -> AsyncIterator[None]:
    """Every COMMIT of a tenant's change waits until the block ends."""
    async with database.transaction() as connection:
        await connection.run(text(f"SELECT pg_advisory_xact_lock({GATE})"))
        yield


async def until_one_waits(connection: Connection) -> None:
    """Returns when a COMMIT waits at the gate."""
    while not await connection.rows(WAITS_AT_GATE):
        await asyncio.sleep(0.01)


async def hold(database: Database, count: int) -> dict[int, AsyncExitStack]:
    """So many open transactions, by the slots that they have."""
    held: dict[int, AsyncExitStack] = {}
    for _ in range(count):
        holder = AsyncExitStack()
        connection = await holder.enter_async_context(database.transaction())
        held[connection.slot] = holder
    assert len(held) == count
    return held


async def slots_of_next(database: Database) -> set[int]:
    """The slots of the next few transactions, one after another."""
    slots = set()
    for _ in range(SLOTS):
        async with database.transaction() as connection:
            slots.add(connection.slot)
    return slots


def test_slot_is_taken_until_the_commit_has_ended(own_postgres: str) -> None:
    with opened(own_postgres) as store:
        scope = store.scope()
        slots: list[int] = []

        async def write(database: Database) -> None:
            async with database.write(scope.customer_id) as connection:
                slots.append(connection.slot)

        async def work() -> None:
            database = open_database(own_postgres, pool_size=SLOTS + 2)
            async with store.database.transaction() as connection:
                for statement in DEFERRED_TRIGGER:
                    await connection.run(text(statement))
            held = await hold(database, SLOTS - 2)
            (one, other) = set(range(SLOTS)) - set(held)
            async with closed_gate(store.database), store.database.read() as looking:
                committing = asyncio.create_task(write(database))
                await until_one_waits(looking)
                beside = await slots_of_next(database)
            await committing
            assert beside == {one, other} - set(slots)
            for holder in held.values():
                await holder.aclose()
            await database.close()

        store.run(work())


def test_slot_that_is_shared_stays_with_its_first_holder(own_postgres: str) -> None:
    async def work() -> None:
        database = open_database(own_postgres, pool_size=SLOTS + 1)
        held = await hold(database, SLOTS)
        assert set(held) == set(range(SLOTS))
        assert await slots_of_next(database) <= set(held)
        await held.pop(3).aclose()
        assert await slots_of_next(database) == {3}
        for holder in held.values():
            await holder.aclose()
        await database.close()

    asyncio.run(asyncio.wait_for(work(), PATIENCE_SECONDS))
