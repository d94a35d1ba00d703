"""PostgreSQL over asyncpg: for several servers on one database.

Reads run without a transaction, which saves the two round trips of BEGIN and COMMIT.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from math import ceil
from random import randrange
from time import perf_counter
from types import TracebackType
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Executable, NullPool
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.ext.asyncio import create_async_engine

from portico.domain.errors import Unavailable
from portico.storage.engine.connections import (
    READ_SECONDS,
    WRITE_SECONDS,
    Connection,
    Database,
    Parameters,
    SyncWork,
)
from portico.storage.engine.nodes import COORDINATOR, Nodes
from portico.storage.engine.postgres_connections import PostgresConnection, in_time, is_open
from portico.storage.engine.postgres_errors import TRANSLATED
from portico.storage.engine.revisions import RevisionReader
from portico.storage.engine.slots import Slots
from portico.storage.engine.statements import Row, StatementCompiler
from portico.storage.engine.usage import DatabaseLoad, DatabaseUsage, StatementKind

T = TypeVar("T")

CONNECT_SECONDS = 5.0
POOL_WAIT_SECONDS = 10.0
LOCK_WAIT_MILLISECONDS = 10_000
GRACE_SECONDS = 2.0
"""Seconds after the database's own time limit until the connection is closed."""

SLOTS = 16
"""Most writers of a tenant that commit in parallel. A revision is the sum of as many numbers."""

MIGRATION_LOCK = 0x506F727469636F  # "Portico" in ASCII
_BEGIN = f"BEGIN; SET LOCAL statement_timeout = {WRITE_SECONDS * 1000:.0f}"
_CACHED_BY_DRIVER = 512
_IDLE_SECONDS = 300.0

Lender = Callable[[int], Awaitable[tuple["Loan", "PostgresConnection"]]]


class _PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # it has no types
    """A connection without a reset between two uses, because Portico leaves no state on it."""

    def get_reset_query(self) -> str:
        """Return no query. That saves a round trip for each use."""
        return ""


class Loan:
    """A connection of the pool for one block, within the limit of its Citus worker.

    A class and not a generator, because every uncached read enters one.
    """

    __slots__ = ("_connection", "_open_pool", "_place", "_pool", "_usage")

    def __init__(
        self,
        open_pool: Callable[[], Awaitable[asyncpg.Pool[Any]]],
        place: AbstractAsyncContextManager[None],
        usage: DatabaseUsage,
    ) -> None:
        self._open_pool = open_pool
        self._place = place
        self._usage = usage

    async def __aenter__(self) -> asyncpg.Connection[Any]:
        """Take a connection. Raises Unavailable if none is free in time, or Overloaded."""
        await self._place.__aenter__()
        self._usage.lent += 1
        try:
            self._pool = await self._open_pool()
            # With a timeout, the driver makes a task. If a connection is free, nobody waits.
            is_free = self._usage.lent <= self._pool.get_max_size()
            self._connection = await self._pool.acquire(
                timeout=None if is_free else POOL_WAIT_SECONDS
            )
        except BaseException as error:
            self._usage.lent -= 1
            await self._place.__aexit__(*sys.exc_info())
            if isinstance(error, TimeoutError):
                raise Unavailable("Every database connection is busy.") from None
            raise
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Return the connection to the pool."""
        try:
            await self._pool.release(self._connection)
        finally:
            self._usage.lent -= 1
            await self._place.__aexit__(kind, error, traceback)


class PostgresReader:
    """Statements between transactions, on a connection that the first of them takes.

    A scan holds no connection while it waits for its slot.
    """

    slot = 0
    writers_overlap = False

    def __init__(self, lend: Lender, scans: Slots, customer_id: int) -> None:
        self._lend = lend
        self._scans = scans
        self._customer_id = customer_id
        self._loan: Loan | None = None
        self._lent: PostgresConnection | None = None

    async def __aenter__(self) -> PostgresReader:
        """Begin the block."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Return the connection. Raises Portico's error in place of the driver's."""
        with TRANSLATED:
            await self.give_back()
        TRANSLATED.__exit__(kind, error, traceback)

    async def _borrow(self) -> PostgresConnection:
        self._loan, self._lent = await self._lend(self._customer_id)
        return self._lent

    async def give_back(self) -> None:
        """Return the connection, if there is one; the next statement takes another."""
        loan, self._loan, self._lent = self._loan, None, None
        if loan is not None:
            await loan.__aexit__()

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """Return all rows of a statement. Raises ReadTooSlow."""
        connection = self._lent or await self._borrow()
        return await connection.rows(statement, parameters)

    async def scan(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """Return all rows of a statement, once a slot is free. Raises ReadTooSlow or Overloaded."""
        if not self._scans.take_free(self._customer_id):
            await self.give_back()
            await self._scans.take(self._customer_id)
        try:
            return await self.rows(statement, parameters)
        finally:
            self._scans.give_back(self._customer_id)

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Run a statement by itself, and return the number of rows it changed."""
        connection = self._lent or await self._borrow()
        return await connection.run(statement, parameters)

    async def has_text_index(self) -> bool:
        """Return False: PostgreSQL's planner chooses its index by itself."""
        return False


class PostgresDatabase(Database):
    """A PostgreSQL database named by a libpq URL, reached through a bounded pool.

    Of its connections one tenant's scans have four tenths at the most, and all scans seven. In a
    cluster, the tenants of one worker have six tenths.
    """

    def __init__(self, url: str, pool_size: int, read_seconds: float = READ_SECONDS) -> None:
        self.usage = DatabaseUsage()
        self._url = url
        self._pool_size = pool_size
        self._read_seconds = read_seconds
        self._scans = Slots(
            in_all=max(1, pool_size * 7 // 10),
            for_each=max(1, pool_size * 4 // 10),
            wait_seconds=read_seconds,
        )
        self._pool: asyncpg.Pool[Any] | None = None
        self._opening = asyncio.Lock()
        self._statements = StatementCompiler(asyncpg_dialect.dialect())  # type: ignore[no-untyped-call]
        self._free_slots = set(range(SLOTS))
        self._nodes = Nodes(self._fetch_value, pool_size, read_seconds)
        self._revisions = RevisionReader(
            partial(self._connect, command_timeout=None),
            self._nodes.group_of,
            read_seconds + GRACE_SECONDS,
            self.usage,
        )

    async def _connect(
        self,
        *_: object,
        statement_seconds: float | None = None,
        **options: Any,  # noqa: ANN401  # the pool's own
    ) -> asyncpg.Connection[Any]:
        """Open a connection. Its statements have the time limit of a read by default."""
        seconds = self._read_seconds if statement_seconds is None else statement_seconds
        # Cheaper than a time limit for each statement. Writes have their own.
        options.setdefault("command_timeout", seconds + GRACE_SECONDS if seconds else None)
        try:
            return await asyncpg.connect(
                dsn=self._url,
                timeout=CONNECT_SECONDS,
                statement_cache_size=_CACHED_BY_DRIVER,
                max_cached_statement_lifetime=0,
                server_settings={
                    "application_name": "portico",
                    "jit": "off",
                    "lock_timeout": str(LOCK_WAIT_MILLISECONDS),
                    "statement_timeout": _milliseconds(seconds),
                    # Citus takes two seconds longer to connect if it hides shards. PostgreSQL
                    # without Citus accepts and ignores these settings.
                    "citus.override_table_visibility": "off",
                    "citus.node_connection_timeout": _milliseconds(CONNECT_SECONDS),
                },
                **options,
            )
        except (ValueError, asyncpg.InterfaceError) as error:
            raise Unavailable(f"The PostgreSQL URL cannot be used: {error}.") from error

    async def _fetch_value(self, sql: str, *values: object) -> int | None:
        """Return the value of a query about the cluster, which the coordinator answers."""
        async with self._acquire() as connection:
            patience = self._read_seconds + GRACE_SECONDS
            answer: Awaitable[int | None] = connection.fetchval(sql, *values, timeout=patience)
            return await in_time(connection, answer)

    def _acquire(self, group: int = COORDINATOR) -> Loan:
        return Loan(self._open_pool, self._nodes.hold(group), self.usage)

    async def _open_pool(self) -> asyncpg.Pool[Any]:
        if self._pool is not None:
            return self._pool
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    min_size=0,
                    max_size=self._pool_size,
                    max_inactive_connection_lifetime=_IDLE_SECONDS,
                    connect=self._connect,
                    connection_class=_PooledConnection,
                )
            return self._pool

    async def _lend(self, customer_id: int) -> tuple[Loan, PostgresConnection]:
        loan = self._acquire(await self._nodes.group_of(customer_id))
        connection = await loan.__aenter__()
        return loan, PostgresConnection(
            connection, self._statements, self.usage, self._read_seconds
        )

    def read(self, customer_id: int = 0) -> PostgresReader:
        """Open a connection for reading, outside a transaction."""
        return PostgresReader(self._lend, self._scans, customer_id)

    @asynccontextmanager
    async def transaction(self, customer_id: int = 0) -> AsyncIterator[Connection]:
        """Open a write transaction."""
        with TRANSLATED:
            own: int | None = None
            try:
                group = await self._nodes.group_of(customer_id)
                async with self._acquire_to_write(group) as connection:
                    own = self._free_slots.pop() if self._free_slots else None
                    # Without a free slot, share a random one. Its writers wait for one another.
                    slot = randrange(SLOTS) if own is None else own
                    async with _transaction(connection, self.usage):
                        yield PostgresConnection(
                            connection,
                            self._statements,
                            self.usage,
                            WRITE_SECONDS,
                            patience=WRITE_SECONDS + GRACE_SECONDS,
                            slot=slot,
                            writers_overlap=True,
                        )
            finally:
                # COMMIT or ROLLBACK has ended here, even if this task was cancelled.
                if own is not None:
                    self._free_slots.add(own)

    @asynccontextmanager
    async def _acquire_to_write(self, group: int) -> AsyncIterator[asyncpg.Connection[Any]]:
        loan = self._acquire(group)
        self.usage.writers_waiting += 1
        try:
            connection = await loan.__aenter__()
        finally:
            self.usage.writers_waiting -= 1
        try:
            yield connection
        finally:
            await loan.__aexit__()

    def load(self) -> DatabaseLoad:
        """Return the pool's connections in use, and who waits for one."""
        pool = self._pool
        return DatabaseLoad(
            connections=self._pool_size,
            in_use=0 if pool is None else pool.get_size() - pool.get_idle_size(),
            readers_waiting=self._scans.waiting,
            writers_waiting=self.usage.writers_waiting,
        )

    async def revision(self, customer_id: int) -> int | None:
        """Return the tenant's current revision. Requests during a query share the next one."""
        return await self._revisions.current(customer_id)

    def check_storage(self) -> None:
        """PostgreSQL checks its own files."""

    async def run_sync(self, work: SyncWork) -> None:
        """Run migrations in one transaction under an advisory lock, one process at a time."""
        engine = create_async_engine(
            "postgresql+asyncpg://",
            # A migration of large tables can take hours.
            async_creator=partial(self._connect, statement_seconds=0),
            poolclass=NullPool,
        )
        with TRANSLATED:
            async with engine.begin() as connection:
                await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
                await connection.run_sync(work)

    async def snapshot(self, work: SyncWork) -> None:
        """Run work in a transaction that only reads, and holds off migrations.

        Raises ConcurrentChange while a migration runs.
        """
        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect_beside_migrations,
            poolclass=NullPool,
            isolation_level="REPEATABLE READ",
        )
        with TRANSLATED:
            async with engine.connect() as connection:
                await connection.execution_options(postgresql_readonly=True)
                await connection.run_sync(work)

    async def _connect_beside_migrations(self) -> asyncpg.Connection[Any]:
        """Open a connection that no migration runs beside, from before its first transaction."""
        connection = await self._connect(statement_seconds=0)
        try:
            await connection.execute(f"SELECT pg_advisory_lock_shared({MIGRATION_LOCK})")
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def erase_deleted(self, tables: Sequence[str]) -> None:
        """Rewrite the tables into new files."""
        with TRANSLATED:
            # Statements on connections of the pool have the time limit of a read.
            connection = await self._connect(statement_seconds=0)
            try:
                for table in tables:
                    await connection.execute(f"VACUUM FULL {table}")
            finally:
                await connection.close()

    async def close(self) -> None:
        """Close the pool."""
        await self._revisions.close()
        if self._pool is not None:
            self._pool.terminate()


@asynccontextmanager
async def _transaction(
    connection: asyncpg.Connection[Any], usage: DatabaseUsage
) -> AsyncIterator[None]:
    """Open a transaction with the time limit of writes, in one round trip fewer than the driver."""
    began = perf_counter()
    await _execute(connection, _BEGIN)
    usage.note(StatementKind.WRITE, "BEGIN", began)
    try:
        yield
    except BaseException:
        if is_open(connection):
            await _execute(connection, "ROLLBACK")
        raise
    began = perf_counter()
    try:
        await _execute(connection, "COMMIT")
    finally:
        usage.note(StatementKind.COMMIT, "COMMIT", began)


async def _execute(connection: asyncpg.Connection[Any], sql: str) -> None:
    patience = WRITE_SECONDS + GRACE_SECONDS
    await in_time(connection, connection.execute(sql, timeout=patience))


def _milliseconds(seconds: float) -> str:
    """Return a time in the unit of PostgreSQL's settings, where 0 means no limit."""
    return str(ceil(seconds * 1000))
