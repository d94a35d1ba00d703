"""SQLite: the embedded default. Reads run inline; writes follow one another on one connection.

Only COMMIT leaves the event loop: it is the call that waits for the disk, and readers go on while
it does (decision 0002).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Executable, NullPool, Row, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from portico.domain.errors import ConcurrentChange, PorticoError, Unavailable
from portico.storage.connections import Connection, Database, Parameters, SyncWork
from portico.storage.trigrams import TEXT_INDEX

LOCK_WAIT_SECONDS = 10.0
_RETRY_SECONDS = 0.005
_TEXT_INDEX_EXISTS = text(f"SELECT 1 FROM sqlite_master WHERE name = '{TEXT_INDEX}'")
_REVISION = "SELECT revision FROM customer WHERE id = ?"
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class SqliteConnection:
    """Statements on one SQLite connection, answered before the event loop goes on."""

    def __init__(self, connection: SyncConnection) -> None:
        self._connection = connection

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """All rows of a statement."""
        return self._connection.execute(statement, parameters).all()

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Runs a statement; the number of rows it touched."""
        return self._connection.execute(statement, parameters).rowcount

    async def has_text_index(self) -> bool:
        """Whether this SQLite had FTS5 when the schema was made."""
        return bool(self._connection.execute(_TEXT_INDEX_EXISTS).all())


class SqliteDatabase(Database):
    """One file in WAL mode, shared with any number of other processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # NullPool: the two connections below are held for life, and each opens one of its own.
        self._engine = create_engine(
            "sqlite://", creator=self._open, poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )
        self._reader_connection: SyncConnection | None = None
        self._writer_connection: SyncConnection | None = None
        self._writing = asyncio.Lock()
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="portico-commit")

    def _open(self) -> sqlite3.Connection:
        # Commits run on the disk thread; the lock above keeps the threads apart.
        connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        connection.execute(f"PRAGMA busy_timeout = {int(LOCK_WAIT_SECONDS * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32768")
        return connection

    @property
    def _reader(self) -> SyncConnection:
        if self._reader_connection is None:
            self._reader_connection = self._engine.connect()
        return self._reader_connection

    @property
    def _writer(self) -> SyncConnection:
        if self._writer_connection is None:
            self._writer_connection = self._engine.connect()
            # The event loop must not sleep inside BEGIN; `_begin` waits for the lock instead.
            self._writer_connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        return self._writer_connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection for reading, shared by all readers: each statement ends at once."""
        with translated():
            yield SqliteConnection(self._reader)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A write transaction. Raises ConcurrentChange when the lock is not free in time."""
        await self._acquire()
        try:
            with translated():
                await self._begin()
                try:
                    yield SqliteConnection(self._writer)
                    await self._commit()
                except BaseException:
                    self._undo()
                    raise
        finally:
            self._writing.release()

    async def _acquire(self) -> None:
        try:
            await asyncio.wait_for(self._writing.acquire(), LOCK_WAIT_SECONDS)
        except TimeoutError:
            raise ConcurrentChange("database", "Too many writes are waiting.") from None

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LOCK_WAIT_SECONDS
        while True:
            try:
                self._writer.exec_driver_sql("BEGIN IMMEDIATE")
            except DBAPIError as error:
                if not _is_busy(error) or loop.time() > deadline:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def _commit(self) -> None:
        loop = asyncio.get_running_loop()
        commit = loop.run_in_executor(self._disk, self._writer.exec_driver_sql, "COMMIT")
        try:
            await asyncio.shield(commit)
        except asyncio.CancelledError:
            # The client went away; the connection is free only when the commit has ended.
            await asyncio.wait([commit])
            raise

    def _undo(self) -> None:
        driver = self._writer.connection.driver_connection
        if driver is not None and driver.in_transaction:
            self._writer.exec_driver_sql("ROLLBACK")

    async def revision(self, customer_id: int) -> int | None:
        """The tenant's revision now, straight from the driver."""
        with translated():
            driver: Any = self._reader.connection.driver_connection
        try:
            row = driver.execute(_REVISION, (customer_id,)).fetchone()
        except sqlite3.Error as error:
            raise Unavailable(f"The database cannot serve this request now: {error}.") from error
        return None if row is None else int(row[0])

    async def run_sync(self, work: SyncWork) -> None:
        """Runs migrations in one transaction that excludes all other writers."""
        await self._acquire()
        try:
            with translated():
                await self._begin()
                try:
                    work(self._writer)
                    await self._commit()
                except BaseException:
                    self._undo()
                    raise
        finally:
            self._writing.release()

    async def close(self) -> None:
        """Closes both connections; the last one to close folds the WAL into the file."""
        self._disk.shutdown()
        for connection in (self._reader_connection, self._writer_connection):
            if connection is not None:
                connection.close()
        self._reader_connection = self._writer_connection = None


def _is_busy(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF in _BUSY


@contextmanager
def translated() -> Iterator[None]:
    """Turns SQLite's errors into ours: waiting helps, trying again helps, or a defect."""
    try:
        yield
    except IntegrityError as error:
        # Every rule is checked before it is written, under the writers' lock, so a violated
        # constraint means that what was checked has changed since.
        raise ConcurrentChange("record", f"{error.orig}.") from error
    except DBAPIError as error:
        raise _translation(error) from error


def _translation(error: DBAPIError) -> PorticoError:
    if _is_busy(error):
        return ConcurrentChange("database", "The database is locked by another process.")
    return Unavailable(f"The database cannot serve this request now: {error.orig}.")
