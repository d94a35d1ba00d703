"""Reads are stopped at their time limit, slow ones wait for one another, and writes go on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import TextClause, text
from sqlalchemy.dialects.sqlite import pysqlite

from portico.domain.errors import SearchTooExpensive, Unavailable
from portico.domain.links.links import LINK_FIELDS
from portico.domain.records import Scope
from portico.domain.search import ListQuery, parse_search
from portico.storage.engine.connections import Connection, Database, ReadTooSlow
from portico.storage.engine.database import open_database
from portico.storage.engine.sqlite_reads import SlowReads
from portico.storage.engine.statements import StatementCompiler
from portico.storage.links.link_sets import LinkSetRepository
from portico.storage.links.links import LinkRepository
from tests.storage.records import make_link
from tests.storage.store import Store, undone

ENDLESS = 1_000_000_000
SOME_TENTHS = 1_000_000
ALMOST = " OR ".join(f"description LIKE {'a' * 230}{number:02}" for number in range(16))
"""Text that a description of many "a" holds nearly at each of its letters."""


def counting(to: int) -> TextClause:
    """A statement that both databases need long for: about a second for ten million."""
    return text(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {to}) "
        "SELECT max(i) AS last FROM n"
    )


@asynccontextmanager
async def opened(url: str, seconds: float, pool_size: int = 10) -> AsyncIterator[Database]:
    """A database whose reads may take so long."""
    database = open_database(url, read_seconds=seconds, pool_size=pool_size)
    try:
        yield database
    finally:
        await database.close()


def with_limit(url: str, seconds: float, work: Callable[[Database], Awaitable[None]]) -> None:
    """Runs work on a database whose reads may take so long."""

    async def run() -> None:
        async with opened(url, seconds) as database:
            await work(database)

    asyncio.run(run())


def test_read_is_stopped_at_its_limit_and_the_next_one_works(database_url: str) -> None:
    async def work(database: Database) -> None:
        for ask in ("rows", "scan"):
            async with database.read(1) as connection:
                with pytest.raises(ReadTooSlow, match=r"after 0\.3 seconds"):
                    await getattr(connection, ask)(counting(ENDLESS))
                rows = await getattr(connection, ask)(counting(3))
            assert [row.last for row in rows] == [3]

    with_limit(database_url, 0.3, work)


def test_slow_read_within_its_limit_is_answered(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.read(1) as connection:
            first = await connection.rows(counting(SOME_TENTHS))
            again = [await connection.scan(counting(SOME_TENTHS)) for _ in range(2)]
        assert [rows[0].last for rows in (first, *again)] == [SOME_TENTHS] * 3

    with_limit(database_url, 30, work)


def test_writes_and_migrations_are_not_cut_by_the_limit_of_reads(database_url: str) -> None:
    found: list[int] = []

    def migrate(connection: SyncConnection) -> None:
        found.append(connection.execute(counting(SOME_TENTHS)).scalar_one())

    async def work(database: Database) -> None:
        for ask in ("rows", "scan"):
            async with database.transaction() as connection:
                rows = await getattr(connection, ask)(counting(SOME_TENTHS))
                found.append(rows[0].last)
        await database.run_sync(migrate)

    with_limit(database_url, 0.1, work)
    assert found == [SOME_TENTHS] * 3


def test_event_loop_goes_on_during_a_slow_read(database_url: str) -> None:
    async def work(database: Database) -> None:
        async def read() -> None:
            async with database.read(1) as connection:
                with pytest.raises(ReadTooSlow):
                    await connection.rows(counting(ENDLESS))

        slow = asyncio.create_task(read())
        turns = 0
        while not slow.done():
            async with database.read(2) as connection:
                await connection.rows(text("SELECT 1"))
            await asyncio.sleep(0.01)
            turns += 1
        await slow
        assert turns > 10

    with_limit(database_url, 1, work)


def test_slow_read_sees_what_was_committed_before_it(store: Store) -> None:
    """Also in the middle of one unit of work, after a read on another connection."""
    scope = store.scope()
    links = [make_link(scope, f"Link {number}") for number in range(3)]

    async def work() -> int:
        async with store.database.read(scope.customer_id) as connection:
            await connection.rows(counting(SOME_TENTHS))
            async with store.database.write(scope.customer_id) as writer:
                await LinkRepository(writer, scope).insert(*links)
            count = f"SELECT count(*) AS links FROM user_portal_link, ({counting(SOME_TENTHS)}) c "
            mine = text(f"{count} WHERE customer_id = {scope.customer_id}")
            return int((await connection.rows(mine))[0].links)

    assert store.run(work()) == 3


def test_searches_of_one_tenant_leave_room_for_others(database_url: str) -> None:
    async def work(database: Database) -> None:
        async def search(customer_id: int, to: int) -> Any:  # noqa: ANN401  # a row
            async with database.read(customer_id) as connection:
                await connection.rows(text("SELECT 1"))
                return (await connection.scan(counting(to)))[0].last

        endless = [asyncio.create_task(search(1, ENDLESS)) for _ in range(30)]
        await asyncio.sleep(0.1)

        found = await asyncio.gather(*(search(2, SOME_TENTHS // 10) for _ in range(4)))
        async with database.transaction() as connection:
            await connection.rows(text("SELECT 1"))

        assert found == [SOME_TENTHS // 10] * 4
        assert not all(each.done() for each in endless)
        refusals = await asyncio.gather(*endless, return_exceptions=True)
        assert all(isinstance(each, Unavailable) for each in refusals)
        assert {type(each).__name__ for each in refusals} == {"ReadTooSlow", "Overloaded"}

    with_limit(database_url, 1.5, work)


@pytest.mark.parametrize("search", ["name EQ Wiki", "name IN Wiki AND description LIKE know"])
def test_search_for_a_name_waits_for_no_slow_search(store: Store, search: str) -> None:
    scope = store.scope()

    async def insert(connection: Connection) -> None:
        await LinkRepository(connection, scope).insert(
            make_link(scope, "Wiki", description="All we know"), make_link(scope, "Mail")
        )

    store.write(scope, insert)
    query = ListQuery(condition=parse_search(search, LINK_FIELDS))

    async def work(database: Database) -> None:
        async def search_for_long() -> None:
            async with database.read(scope.customer_id) as connection:
                with suppress(Unavailable):
                    await connection.scan(counting(ENDLESS))

        slow = [asyncio.create_task(search_for_long()) for _ in range(10)]
        await asyncio.sleep(0.1)
        async with database.read(scope.customer_id) as connection:
            page = await LinkRepository(connection, scope).page(query)
        assert [link.name for link in page.items] == ["Wiki"]
        assert not any(each.done() for each in slow)
        await asyncio.gather(*slow)

    with_limit(store.url, 1, work)


def test_search_that_waits_keeps_no_connection(database_url: str) -> None:
    async def run() -> None:
        async with opened(database_url, 1, pool_size=2) as database:

            async def search() -> None:
                async with database.read(1) as connection:
                    await connection.rows(text("SELECT 1"))
                    with suppress(Unavailable):
                        await connection.scan(counting(ENDLESS))

            searches = [asyncio.create_task(search()) for _ in range(10)]
            await asyncio.sleep(0.1)
            async with database.read(2) as connection:
                await connection.rows(text("SELECT 1"))
            assert not any(each.done() for each in searches)
            await asyncio.gather(*searches)

    asyncio.run(run())


def test_cancelled_slow_read_frees_its_place(database_url: str) -> None:
    async def work(database: Database) -> None:
        async def read() -> None:
            async with database.read(1) as connection:
                await connection.scan(counting(ENDLESS))

        for _ in range(6):
            slow = asyncio.create_task(read())
            await asyncio.sleep(0.05)
            slow.cancel()
            with suppress(asyncio.CancelledError, Unavailable):
                await slow
        async with database.read(1) as connection:
            rows = await connection.scan(counting(3))
        assert rows[0].last == 3

    with_limit(database_url, 0.3, work)


def test_search_that_is_too_expensive_says_so(store: Store) -> None:
    scope = store.scope()
    links = [make_link(scope, f"Link {number}", description="a" * 2_000) for number in range(1_000)]

    async def insert(connection: Connection) -> None:
        await LinkRepository(connection, scope).insert(*links)

    store.write(scope, insert)
    search = ListQuery(condition=parse_search(ALMOST, LINK_FIELDS))

    async def work(database: Database) -> None:
        async with database.read(scope.customer_id) as connection:
            place = LinkRepository(connection, scope)
            with pytest.raises(SearchTooExpensive, match=r"stopped after 0\.01 seconds") as refusal:
                await place.page(search)
        assert refusal.value.code == "filtering.input.too.expensive"

    with_limit(store.url, 0.01, work)


def test_writer_goes_on_after_a_slow_read_in_its_transaction(
    store: Store, tenant_scope: Scope
) -> None:
    link = make_link(tenant_scope, "Wiki")

    async def work() -> list[str]:
        async with undone(store.database, tenant_scope) as connection:
            links = LinkRepository(connection, tenant_scope)
            await links.insert(link)
            await connection.rows(counting(SOME_TENTHS))
            await links.insert(make_link(tenant_scope, "Mail"))
            return [each.name for each in (await links.page(ListQuery())).items]

    assert store.run(work()) == ["Mail", "Wiki"]


async def turns_during(work: Awaitable[object]) -> int:
    """How often the event loop gets round to something else until the work is done."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting_turns = asyncio.create_task(count())
    await asyncio.sleep(0)
    before = turns
    await work
    counting_turns.cancel()
    return turns - before


def test_event_loop_goes_on_while_many_rows_are_written(store: Store, tenant_scope: Scope) -> None:
    links = [make_link(tenant_scope, f"Link {number}") for number in range(40)]

    async def work() -> list[int]:
        async with undone(store.database, tenant_scope) as connection:
            sets = LinkSetRepository(connection, tenant_scope)
            return [
                await turns_during(sets.insert(*links)),
                await turns_during(sets.set_enabled(links, enabled=False)),
                await turns_during(sets.remove(links[0].id)),
                await turns_during(sets.remove_all([link.id for link in links[1:]])),
            ]

    assert min(store.run(work())) > 0


def test_event_loop_is_spared_the_search_after_a_slow_one(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.read(1) as connection:
            await connection.scan(counting(SOME_TENTHS))
            assert await turns_during(connection.scan(text("SELECT 1"))) > 0

    with_limit(database_url, 30, work)


def test_read_that_only_met_a_busy_machine_slows_no_other_one(tmp_path: Path) -> None:
    """A pause of the machine can stop any statement on the event loop, also a quick one."""
    statements = StatementCompiler(pysqlite.dialect(paramstyle="named"))
    quick = statements.prepare(text("SELECT 1"), {})
    slow = statements.prepare(counting(SOME_TENTHS), {})
    connect = partial(sqlite3.connect, tmp_path / "any.db", check_same_thread=False)

    async def work() -> None:
        reads = SlowReads(connect, 30)
        await reads.rows_of_stopped(1, quick, quick.bind({}))
        assert not reads.are_expected(1)
        await reads.rows_of_stopped(1, slow, slow.bind({}))
        assert reads.are_expected(1)
        reads.close()

    asyncio.run(work())
