"""SQLite: the embedded default. Reads run on the event loop; writers take turns on one connection.

Waiting writers share a COMMIT. It waits for the disk, so it runs on a thread, and writers that come
meanwhile form the next batch (decision 0010).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.exc import DBAPIError

from portico.domain.errors import ConcurrentChange, PorticoError, Unavailable
from portico.storage.engine.connections import READ_SECONDS, Connection, Database, SyncWork
from portico.storage.engine.sqlite_connections import SqliteReader, SqliteWriter
from portico.storage.engine.sqlite_file import DamageScan, SqliteFile
from portico.storage.engine.sqlite_reads import SLOW_READERS, SlowReads, TimedConnection, run_to_end
from portico.storage.engine.statements import StatementCompiler
from portico.storage.engine.translation import Translated
from portico.storage.engine.usage import DatabaseLoad, DatabaseUsage, StatementKind

T = TypeVar("T")

LOCK_WAIT_SECONDS = 10.0
WRITERS_PER_COMMIT = 32
_RETRY_SECONDS = 0.005
_CACHED_BY_DRIVER = 512
_CACHE_KIB = 32 * 1024
_SLOW_READERS_CACHE_KIB = 8 * 1024
_REVISION = "SELECT sum(revision) FROM customer_revision WHERE customer_id = ?"
_WAIT_FOR_TURN = "BEGIN IMMEDIATE"
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


@dataclass
class _Batch:
    """Writers that share a COMMIT. `committed` is done when it has ended."""

    committed: asyncio.Future[None]
    writers: int = 0


class SqliteDatabase(Database):
    """A SQLite file in WAL mode, which any number of processes can share.

    Without `durable`, commits do not wait for the disk: a power cut can destroy the file.
    """

    def __init__(
        self, path: Path, read_seconds: float = READ_SECONDS, *, durable: bool = True
    ) -> None:
        self.usage = DatabaseUsage()
        self._path = path
        self._synchronous = "FULL" if durable else "OFF"
        self._file = SqliteFile(path)
        self._translated = Translated(partial(_translation, self._file))
        self._scan = DamageScan(self._file, self._open)
        self._statements = StatementCompiler(pysqlite.dialect(paramstyle="named"))
        self._reader_connection: TimedConnection | None = None
        self._writer_connection: TimedConnection | None = None
        self._slow_reads = SlowReads(partial(self._open, _SLOW_READERS_CACHE_KIB), read_seconds)
        self._writing = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._batch: _Batch | None = None
        self._ending: asyncio.Task[None] | None = None
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="portico-commit")

    def _open(self, cache_kib: int = _CACHE_KIB) -> sqlite3.Connection:
        self._file.verify()
        # Several threads use a connection, one at a time. With `mode=rw` a missing file is an
        # error, instead of a new empty database.
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            check_same_thread=False,
            isolation_level=None,
            cached_statements=_CACHED_BY_DRIVER,
        )
        try:
            # Check again before SQLite reads: it would apply the old file's WAL to a new file
            # that has just replaced it.
            self._file.verify()
            self._configure(connection, cache_kib)
            self._file.note_opened()
        except BaseException:
            connection.close()
            raise
        return connection

    def _configure(self, connection: sqlite3.Connection, cache_kib: int) -> None:
        connection.execute(f"PRAGMA busy_timeout = {int(LOCK_WAIT_SECONDS * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")

    @property
    def _reader(self) -> TimedConnection:
        if self._reader_connection is None:
            self._reader_connection = TimedConnection(self._open())
        return self._reader_connection

    @property
    def _timed_writer(self) -> TimedConnection:
        if self._writer_connection is None:
            writer = self._open()
            # BEGIN must not block the event loop; `_begin` waits for the lock instead.
            writer.execute("PRAGMA busy_timeout = 0")
            self._writer_connection = TimedConnection(writer)
        return self._writer_connection

    @property
    def _writer(self) -> sqlite3.Connection:
        return self._timed_writer.connection

    def read(self, customer_id: int = 0) -> SqliteReader:
        """Open a connection for reading, which all readers share.

        Each statement ends before the event loop continues, because an open one would show the same
        old state of the data to all later readers.
        """
        with self._translated:
            self._file.verify_when_due()
            return SqliteReader(
                self._reader,
                self._statements,
                self.usage,
                self._slow_reads,
                self._translated,
                customer_id,
            )

    @asynccontextmanager
    async def transaction(self, customer_id: int = 0) -> AsyncIterator[Connection]:
        """Open a write transaction. Raises ConcurrentChange if the lock is not free in time."""
        began = perf_counter()
        await self._take_turn()
        try:
            with self._translated:
                batch = await self._join_batch()
                self.usage.note(StatementKind.WRITE, _WAIT_FOR_TURN, began)
                try:
                    yield SqliteWriter(self._timed_writer, self._statements, self.usage, self._disk)
                    self._writer.execute("RELEASE writer")
                    batch.writers += 1
                except BaseException as error:
                    self._undo(batch, error)
                    raise
        finally:
            self._pass_turn_on()
        began = perf_counter()
        with self._translated:
            try:
                # Cancelling one writer must not cancel the commit of the others.
                await asyncio.shield(batch.committed)
            except asyncio.CancelledError:
                await asyncio.wait([batch.committed])
                raise
            finally:
                self.usage.note(StatementKind.COMMIT, "COMMIT", began)

    async def _take_turn(self) -> None:
        if not self._writing:
            self._writing = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(LOCK_WAIT_SECONDS):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._pass_turn_on()
            if isinstance(error, TimeoutError):
                raise ConcurrentChange("database", "Too many writes are waiting.") from None
            raise

    def _pass_turn_on(self) -> None:
        """Let the next writer continue. Without one, or with a full batch, end the batch first."""
        batch = self._batch
        if batch is None or batch.writers < WRITERS_PER_COMMIT:
            while self._waiting:
                turn = self._waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        if batch is None:
            self._writing = False
        else:
            self._ending = asyncio.get_running_loop().create_task(self._end_turn())

    async def _end_turn(self) -> None:
        await self._end_batch()
        self._pass_turn_on()

    async def _join_batch(self) -> _Batch:
        if self._batch is None:
            await self._begin(self._writer)
            self._batch = _Batch(asyncio.get_running_loop().create_future())
        self._writer.execute("SAVEPOINT writer")
        return self._batch

    async def _begin(self, writer: sqlite3.Connection) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LOCK_WAIT_SECONDS
        while True:
            try:
                writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or loop.time() > deadline:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    def _undo(self, batch: _Batch, cause: BaseException) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK TO writer")
            self._writer.execute("RELEASE writer")
        else:
            # When the disk is full, SQLite undoes the whole batch, with the writes of others.
            self._batch = None
            lost = Unavailable("The database undid this write together with another's.")
            _fail(batch, cause if isinstance(cause, sqlite3.Error) else lost)

    async def _end_batch(self) -> None:
        batch, self._batch = self._batch, None
        if batch is None:
            return
        loop = asyncio.get_running_loop()
        try:
            if batch.writers:
                await loop.run_in_executor(self._disk, self._commit)
            else:
                self._writer.execute("ROLLBACK")
        except (sqlite3.Error, Unavailable) as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            _fail(batch, error)
        else:
            batch.committed.set_result(None)

    def _commit(self) -> None:
        """Commit the batch, unless the path now leads to another file than the open one.

        The second check is the decisive one. If the file was replaced before this COMMIT reached
        the disk, the write fails, because the new file does not have it. A file that comes later
        replaces a committed write, as any restored backup does.
        """
        self._file.verify()
        self._writer.execute("COMMIT")
        self._file.verify()

    def check_storage(self) -> None:
        """Raise Unavailable for a file that was replaced or damaged; scan it at intervals."""
        self._file.require_sound()
        self._scan.start_when_due()

    async def revision(self, customer_id: int) -> int | None:
        """Return the tenant's current revision, straight from the driver."""
        self._file.verify_when_due()
        try:
            row = self._reader.connection.execute(_REVISION, (customer_id,)).fetchone()
        except sqlite3.Error as error:  # a block would make this slower
            raise _refusal(error, self._file) from error
        self.usage.revisions.count += 1  # and no time, which would take as long as the query
        revision: int | None = row[0]
        return revision

    def load(self) -> DatabaseLoad:
        """Return the threads of slow reads in use, and who waits for them or to write."""
        return DatabaseLoad(
            connections=SLOW_READERS,
            in_use=self._slow_reads.running,
            readers_waiting=self._slow_reads.waiting,
            writers_waiting=len(self._waiting),
        )

    async def run_sync(self, work: SyncWork) -> None:
        """Run migrations in one transaction that excludes all other writers."""
        await self._take_turn()
        try:
            with self._translated:
                await self._end_batch()
                writer = self._open()
                with _engine_of(writer).connect() as connection:
                    await self._begin(writer)
                    # SQLAlchemy commits at the end of this block, not before.
                    with connection.begin():
                        work(connection)
                self._file.verify()
        finally:
            self._pass_turn_on()

    async def snapshot(self, work: SyncWork) -> None:
        """Run work in a read transaction, on a thread and a connection of its own.

        Until it ends, the WAL grows by what others write.
        """
        with self._translated, ThreadPoolExecutor(1, "portico-snapshot") as thread:
            await run_to_end(thread, partial(self._run_on_snapshot, work))

    def _run_on_snapshot(self, work: SyncWork) -> None:
        reader = self._open(_SLOW_READERS_CACHE_KIB)
        reader.execute("PRAGMA query_only = ON")
        with _engine_of(reader).connect() as connection:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment it shows
            work(connection)

    async def run_exclusively(
        self, work: Callable[[sqlite3.Connection], T], *, begin: bool = True
    ) -> T:
        """Run work on the writers' connection, on a thread, in a transaction of its own.

        It excludes all other writers. Without `begin`, no transaction is open, so that the work can
        attach another database, which stays attached.
        """
        await self._take_turn()
        try:
            with self._translated:
                await self._end_batch()
                if begin:
                    await self._begin(self._writer)
                return await run_to_end(self._disk, partial(self._run_whole, work))
        finally:
            self._pass_turn_on()

    def _run_whole(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._timed_writer.unwatched():
                result = work(self._writer)
            if self._writer.in_transaction:
                self._commit()
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        return result

    async def erase_deleted(self, tables: Sequence[str]) -> None:
        """Rewrite the whole file: its free pages and its WAL still hold deleted content."""
        await self._take_turn()
        try:
            with self._translated:
                await self._end_batch()
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._disk, self._rewrite)
        finally:
            self._pass_turn_on()

    def _rewrite(self) -> None:
        with closing(self._open()) as connection:
            connection.execute("VACUUM")
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise Unavailable("Another process is reading the database.")

    async def close(self) -> None:
        """Close every connection. SQLite moves the WAL into the file when the last one closes."""
        if self._ending is not None:
            await self._ending
        self._scan.close()
        self._disk.shutdown()
        self._slow_reads.close()
        for timed in (self._reader_connection, self._writer_connection):
            if timed is not None:
                timed.connection.close()
        self._reader_connection = self._writer_connection = None


def _engine_of(connection: sqlite3.Connection) -> Engine:
    """Return an engine for one use of a connection, which it closes. It begins no transaction."""
    return create_engine(
        "sqlite://",
        creator=lambda: connection,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )


def _fail(batch: _Batch, cause: BaseException) -> None:
    batch.committed.set_exception(cause)
    batch.committed.exception()  # asyncio logs an exception that nobody retrieves


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


def _translation(file: SqliteFile, error: BaseException) -> PorticoError | None:
    """Return Portico's error for one of SQLite's: wait, try again, or None for a defect.

    `file` remembers those that mean damage.
    """
    if isinstance(error, sqlite3.IntegrityError):
        # Use-cases check their rules before they write, and there is one writer at a time. So a
        # violated constraint means that what they checked has changed.
        return ConcurrentChange("record", f"{error}.")
    if isinstance(error, DBAPIError):
        error = error.orig or error
    return _refusal(error, file) if isinstance(error, sqlite3.Error) else None


def _refusal(error: sqlite3.Error, file: SqliteFile) -> PorticoError:
    file.note_error(error)
    if _is_busy(error):
        return ConcurrentChange("database", "The database is locked by another process.")
    return Unavailable(file.describe(error))
