"""PostgreSQL over asyncpg: for several servers on one database.

Reads run in AUTOCOMMIT, which saves the two round trips of BEGIN and ROLLBACK (decision 0002).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from sqlalchemy import Executable, Row
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from portico.domain.errors import ConcurrentChange, PorticoError, Unavailable
from portico.storage.connections import Connection, Database, Parameters, SyncWork
from portico.storage.revisions import RevisionReader

CONNECT_SECONDS = 5.0
LOCK_WAIT_MILLISECONDS = 10_000
STATEMENT_MILLISECONDS = 60_000
MIGRATION_LOCK = 0x506F727469636F  # "Portico" in ASCII
_CONFLICTS = {"55P03": "A lock was not free in time.", "40001": "", "40P01": ""}


class PostgresConnection:
    """Statements on one pooled connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """All rows of a statement."""
        return (await self._connection.execute(statement, parameters)).all()

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Runs a statement; the number of rows it touched."""
        return (await self._connection.execute(statement, parameters)).rowcount

    async def has_text_index(self) -> bool:
        """False: PostgreSQL's planner finds its index by itself."""
        return False


class PostgresDatabase(Database):
    """A PostgreSQL database named by a libpq URL, reached through a bounded pool."""

    def __init__(self, url: str, pool_size: int) -> None:
        self._url = url
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=LOCK_WAIT_MILLISECONDS / 1000,
        )
        self._revisions = RevisionReader(self._connect)
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def _connect(self) -> asyncpg.Connection[Any]:
        try:
            return await asyncpg.connect(
                dsn=self._url,
                timeout=CONNECT_SECONDS,
                server_settings={
                    "application_name": "portico",
                    "lock_timeout": str(LOCK_WAIT_MILLISECONDS),
                    "statement_timeout": str(STATEMENT_MILLISECONDS),
                },
            )
        except (ValueError, asyncpg.InterfaceError) as error:
            raise Unavailable(f"The PostgreSQL URL cannot be used: {error}.") from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection for reading, in AUTOCOMMIT."""
        with translated():
            async with self._autocommit.connect() as connection:
                yield PostgresConnection(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A write transaction."""
        with translated():
            async with self._engine.begin() as connection:
                yield PostgresConnection(connection)

    async def revision(self, customer_id: int) -> int | None:
        """The tenant's revision now; those who ask while a query runs share the next one."""
        return await self._revisions.current(customer_id)

    async def run_sync(self, work: SyncWork) -> None:
        """Runs migrations in one transaction under an advisory lock, one process at a time."""
        with translated():
            async with self._engine.begin() as connection:
                await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
                await connection.run_sync(work)

    async def close(self) -> None:
        """Closes the pool."""
        await self._revisions.close()
        await self._engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's errors into ours: waiting helps, trying again helps, or a defect."""
    try:
        yield
    except IntegrityError as error:
        # Every rule is checked before it is written, under the tenant's lock, so a violated
        # constraint means that what was checked has changed since.
        raise ConcurrentChange("record", f"{error.orig}.") from error
    except DBAPIError as error:
        translation = _translation(error)
        if translation is None:
            raise
        raise translation from error
    except PoolTimeoutError as error:
        raise Unavailable("Every database connection is busy.") from error
    except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise Unavailable(f"The database cannot be reached: {error}.") from error


def _translation(error: DBAPIError) -> PorticoError | None:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state in _CONFLICTS:
        return ConcurrentChange("record", _CONFLICTS[state])
    if error.connection_invalidated or state[:2] in {"08", "53", "57", "58"} or not state:
        return Unavailable("The database cannot serve this request now.")
    return None
