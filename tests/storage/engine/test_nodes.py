"""A worker of a cluster that does not answer, a backend that is frozen: who waits, and who not."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from portico.domain.errors import Unavailable
from portico.domain.people.administrators import Administrator, Grant
from portico.domain.people.sessions import ConsoleSession
from portico.domain.tenancy.identity import Role
from portico.services.people.console_access import list_accessible_microtenants
from portico.services.people.sessions import SignedInAdministrator
from portico.storage.engine import postgres
from portico.storage.engine.connections import Connection, Database
from portico.storage.engine.database import open_database
from portico.storage.engine.revisions import READERS, RevisionReader
from portico.storage.engine.usage import DatabaseUsage
from portico.storage.schema.distribution import distribute_database
from tests.harness import cipher_of, make_runtime, with_database
from tests.storage.schema.citus import execute, offer_citus
from tests.storage.store import PATIENCE_SECONDS, opened

POOL = 5
OF_ONE_WORKER = 3
ON_FIRST, ON_SECOND = 10, 11  # the stand-in places tenants by the parity of their ids
ONE = text("SELECT 1 AS one")


async def lent(stack: AsyncExitStack, database: Database, customer_id: int) -> None:
    """Lends a tenant a connection until the stack is closed."""
    reader = await stack.enter_async_context(database.read(customer_id))
    await reader.rows(ONE)


@pytest.fixture
def cluster(own_postgres: str) -> str:
    """A distributed database, as far as the stand-in for Citus goes."""
    offer_citus(own_postgres)
    with_database(own_postgres, distribute_database)
    return own_postgres


def test_tenants_of_one_worker_leave_connections_to_the_others(cluster: str) -> None:
    async def work() -> None:
        database = open_database(cluster, pool_size=POOL, read_seconds=0.5)
        async with AsyncExitStack() as stack:
            for _ in range(OF_ONE_WORKER):
                await lent(stack, database, ON_FIRST)

            with pytest.raises(Unavailable, match="tenants of one worker"):
                await lent(stack, database, ON_FIRST + 2)
            await lent(stack, database, ON_SECOND)
            await lent(stack, database, 0)
        async with AsyncExitStack() as stack:
            await lent(stack, database, ON_FIRST + 2)
        await database.close()

    asyncio.run(asyncio.wait_for(work(), PATIENCE_SECONDS))


@pytest.mark.parametrize("extension", [False, True])
def test_database_of_one_node_gives_every_connection_to_one_tenant(
    own_postgres: str, extension: bool
) -> None:
    if extension:
        offer_citus(own_postgres)
        execute(own_postgres, "CREATE EXTENSION citus")

    async def work() -> None:
        database = open_database(own_postgres, pool_size=POOL, read_seconds=0.5)
        async with AsyncExitStack() as stack:
            for _ in range(POOL):
                await lent(stack, database, ON_FIRST)
        await database.close()

    asyncio.run(asyncio.wait_for(work(), PATIENCE_SECONDS))


@pytest.mark.parametrize("writing", [False, True])
def test_backend_that_is_frozen_costs_one_answer(
    own_postgres: str, writing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a coordinator is whose worker is frozen: it heeds neither its timeout nor a cancel."""
    monkeypatch.setattr(postgres, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(postgres, "WRITE_SECONDS", 0.5)

    async def work() -> None:
        database = open_database(own_postgres, pool_size=2, read_seconds=0.5)
        open_one = database.transaction if writing else database.read
        frozen: list[int] = []

        async def freeze(connection: Connection) -> None:
            frozen.append((await connection.rows(text("SELECT pg_backend_pid() AS pid")))[0].pid)
            os.kill(frozen[0], signal.SIGSTOP)
            await connection.rows(ONE)

        async def use(work: Callable[[Connection], Awaitable[object]]) -> None:
            async with open_one() as connection:
                await work(connection)

        try:
            with pytest.raises(Unavailable, match="did not answer in time"):
                await use(freeze)
            for _ in range(3):
                await use(lambda each: each.rows(ONE))
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        await database.close()

    asyncio.run(asyncio.wait_for(work(), PATIENCE_SECONDS))


def test_switcher_leaves_out_tenants_that_do_not_answer(own_postgres: str) -> None:
    with opened(own_postgres) as store:
        here, silent = store.scope().customer_id, store.scope().customer_id
        later = store.scope().customer_id
    # A worker that is away, as the coordinator sees it: rows of one tenant never come.
    execute(
        own_postgres,
        "ALTER TABLE customer RENAME TO customer_rows",
        f"""CREATE VIEW customer AS SELECT * FROM customer_rows
        WHERE id <> {silent} OR pg_sleep(60)::text = 'over'""",
    )
    grants = [
        Grant(id=each, administrator_id=1, customer_id=each, role=Role.ADMIN)
        for each in (silent, here, later)
    ]
    signed_in = SignedInAdministrator(
        session=ConsoleSession(
            digest="d", csrf_token="c", administrator_id=1, created=1, seen=1, expires=2
        ),
        administrator=Administrator(id=1, name="ada", creation_time=1),
        grants=tuple(grants),
    )

    async def work() -> list[int]:
        database = open_database(own_postgres, read_seconds=0.5)
        places = await list_accessible_microtenants(
            make_runtime(database, cipher_of(own_postgres)), signed_in, first=here
        )
        await database.close()
        return [each.tenant.id for each in places]

    assert asyncio.run(asyncio.wait_for(work(), PATIENCE_SECONDS)) == [here]


class _Backend:
    """A connection of the reader of revisions: tenants of the first worker are never answered."""

    def __init__(self, asked: Counter[int]) -> None:
        self._asked = asked
        self._closed = asyncio.Event()

    async def fetchval(self, sql: str, customer_id: int) -> int:
        self._asked[customer_id] += 1
        if customer_id % 2:
            await self._closed.wait()
            raise asyncpg.ConnectionDoesNotExistError("closed in the middle of operation")
        return customer_id

    def is_closed(self) -> bool:
        return self._closed.is_set()

    def terminate(self) -> None:
        self._closed.set()


def revision_reader(url: str, patience: float) -> RevisionReader:
    """A reader of revisions from a database of one node."""

    async def connect() -> asyncpg.Connection[Any]:
        return await asyncpg.connect(url)

    async def undistributed(_: int) -> int:
        return 0

    return RevisionReader(connect, undistributed, patience=patience, usage=DatabaseUsage())


@asynccontextmanager
async def locked_revisions(url: str) -> AsyncIterator[None]:
    """A block in which nobody else can read revisions."""
    locking = await asyncpg.connect(url)
    async with locking.transaction():
        await locking.execute("LOCK TABLE customer_revision IN ACCESS EXCLUSIVE MODE")
        yield
    await locking.close()


def test_revision_that_is_not_read_in_time_is_unavailable(own_postgres: str) -> None:
    async def work() -> None:
        reader = revision_reader(own_postgres, patience=0.3)
        async with locked_revisions(own_postgres):
            waiting = [asyncio.create_task(reader.current(ON_FIRST)) for _ in range(3)]
            for told in await asyncio.gather(*waiting, return_exceptions=True):
                assert isinstance(told, Unavailable)
        assert await reader.current(ON_FIRST) is None
        await reader.close()

    asyncio.run(asyncio.wait_for(work(), PATIENCE_SECONDS))


def test_request_that_is_given_up_takes_no_revision_from_those_that_share_its_query(
    own_postgres: str,
) -> None:
    async def work() -> None:
        reader = revision_reader(own_postgres, patience=30)
        async with locked_revisions(own_postgres):
            running = [asyncio.create_task(reader.current(ON_FIRST)) for _ in range(2)]
            await asyncio.sleep(0.1)  # their query waits for the lock
            queued = [asyncio.create_task(reader.current(ON_FIRST)) for _ in range(2)]
            await asyncio.sleep(0)
            for given_up in (running[0], queued[0]):
                given_up.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await given_up
        assert [await each for each in (running[1], queued[1])] == [None, None]
        await reader.close()

    asyncio.run(asyncio.wait_for(work(), PATIENCE_SECONDS))


def test_revisions_of_other_workers_are_read_while_one_is_silent() -> None:
    asked: Counter[int] = Counter()

    async def connect() -> _Backend:
        return _Backend(asked)

    async def group_of(customer_id: int) -> int:
        return 1 + customer_id % 2

    async def work() -> None:
        reader = RevisionReader(connect, group_of, patience=0.3, usage=DatabaseUsage())
        silent = [asyncio.create_task(reader.current(2 * n + 1)) for n in range(4 * READERS)]
        await asyncio.sleep(0)
        for customer_id in range(0, 60, 2):
            assert await reader.current(customer_id) == customer_id
        assert not any(task.done() for task in silent)
        told = await asyncio.gather(*silent, return_exceptions=True)
        assert {type(each) for each in told} == {Unavailable}
        # Those who waited behind the first ones were told with them, and nothing is left over.
        assert len([each for each in asked if each % 2]) < len(silent)
        assert await reader.current(2) == 2
        await reader.close()

    asyncio.run(asyncio.wait_for(work(), PATIENCE_SECONDS))
