"""Statements on SQLite's connections: on the event loop, or on a thread if they are slow."""

from __future__ import annotations

import sqlite3
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from types import TracebackType
from typing import Any

from sqlalchemy import Executable, text

from portico.storage.engine.connections import TEXT_INDEX, WRITE_SECONDS, DuplicateKey
from portico.storage.engine.counted_writes import CountedWrites
from portico.storage.engine.sqlite_reads import (
    INLINE_SECONDS,
    OutOfTime,
    SlowReads,
    TimedConnection,
    run_to_end,
)
from portico.storage.engine.statements import Bound, PreparedStatement, Row, StatementCompiler
from portico.storage.engine.translation import Translated
from portico.storage.engine.usage import DatabaseUsage, StatementKind

ROWS_INLINE = 16
"""Most rows that are written on the event loop. More are written on a thread."""

ROWS_PER_STATEMENT = 100
"""Rows share a statement, because each statement makes the text index flush its buffer."""

LARGE_ROWS_PER_STATEMENT = 32
"""The same for rows with large text, which the driver copies while it holds the interpreter: 20 ms
for 32 rows of 256 KiB.
"""

LARGE_TEXT = 16 * 1024
"""Fewest characters of a large text."""

_TEXT_INDEX_EXISTS = text(f"SELECT 1 FROM sqlite_master WHERE name = '{TEXT_INDEX}'")


class SqliteConnection(CountedWrites):
    """Statements on one connection: on the event loop if they are quick, else on a thread."""

    slot = 0
    writers_overlap = False

    def __init__(
        self, timed: TimedConnection, statements: StatementCompiler, usage: DatabaseUsage
    ) -> None:
        self._timed = timed
        self._statements = statements
        self._usage = usage

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """Return all rows of a statement. Raises ReadTooSlow."""
        values = parameters or {}
        prepared = self._statements.prepare(statement, values)
        bound = prepared.bind(values)
        began = perf_counter()
        try:
            return self._timed.rows(prepared, bound, INLINE_SECONDS)
        except OutOfTime:
            return await self._slow_rows(prepared, bound)
        finally:
            self._usage.note(StatementKind.READ, prepared.sql, began)

    @abstractmethod
    async def _slow_rows(
        self, prepared: PreparedStatement, bound: tuple[str, Bound]
    ) -> Sequence[Row]:
        """Return the rows of a statement that was too slow for the event loop."""

    async def _write(
        self, prepared: PreparedStatement, parameters: Sequence[Mapping[str, Any]]
    ) -> int:
        return self._run(prepared, parameters)

    def _run(self, prepared: PreparedStatement, parameters: Sequence[Mapping[str, Any]]) -> int:
        execute = self._timed.connection.execute
        try:
            if len(parameters) == 1:
                return execute(*prepared.bind(parameters[0])).rowcount
            step = _rows_per_statement(parameters) if prepared.row_of_values else 1
            touched = 0
            for start in range(0, len(parameters), step):
                rows = parameters[start : start + step]
                bound = prepared.bind(rows[0]) if len(rows) == 1 else prepared.bind_rows(rows)
                touched += execute(*bound).rowcount
            return touched
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
                raise DuplicateKey(str(error)) from error
            raise

    async def has_text_index(self) -> bool:
        """Whether the schema was created with FTS5."""
        return bool(await self.rows(_TEXT_INDEX_EXISTS))


class SqliteReader(SqliteConnection):
    """The connection that all readers share, for one block. Slow reads run on a thread instead."""

    def __init__(
        self,
        timed: TimedConnection,
        statements: StatementCompiler,
        usage: DatabaseUsage,
        slow: SlowReads,
        translated: Translated,
        customer_id: int,
    ) -> None:
        super().__init__(timed, statements, usage)
        self._slow = slow
        self._translated = translated
        self._customer_id = customer_id

    async def __aenter__(self) -> SqliteReader:
        """Begin the block."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the block. Raises Portico's error in place of the driver's."""
        self._translated.__exit__(kind, error, traceback)

    async def scan(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """Like `rows`, but on a thread at once if a read of the tenant was slow a moment ago."""
        if not self._slow.are_expected(self._customer_id):
            return await self.rows(statement, parameters)
        values = parameters or {}
        prepared = self._statements.prepare(statement, values)
        began = perf_counter()
        try:
            return await self._slow.rows(self._customer_id, prepared, prepared.bind(values))
        finally:
            self._usage.note(StatementKind.READ, prepared.sql, began)

    async def _slow_rows(
        self, prepared: PreparedStatement, bound: tuple[str, Bound]
    ) -> Sequence[Row]:
        return await self._slow.rows_of_stopped(self._customer_id, prepared, bound)


class SqliteWriter(SqliteConnection):
    """The connection of the writer whose turn it is. `disk` is the thread for slow work."""

    def __init__(
        self,
        timed: TimedConnection,
        statements: StatementCompiler,
        usage: DatabaseUsage,
        disk: ThreadPoolExecutor,
    ) -> None:
        super().__init__(timed, statements, usage)
        self._disk = disk

    scan = SqliteConnection.rows

    async def _slow_rows(
        self, prepared: PreparedStatement, bound: tuple[str, Bound]
    ) -> Sequence[Row]:
        read = partial(self._timed.rows_on_thread, prepared, bound, WRITE_SECONDS)
        return await run_to_end(self._disk, read)

    async def _write(
        self, prepared: PreparedStatement, parameters: Sequence[Mapping[str, Any]]
    ) -> int:
        """Run a statement, on a thread for many rows, and return the number of rows it changed."""
        if not (
            len(parameters) > ROWS_INLINE
            or prepared.deletes_many
            or any(len(parameters[0][name]) > ROWS_INLINE for name in prepared.lists)
        ):
            return self._run(prepared, parameters)

        def work() -> int:
            with self._timed.unwatched():
                return self._run(prepared, parameters)

        return await run_to_end(self._disk, work)


def _rows_per_statement(rows: Sequence[Mapping[str, Any]]) -> int:
    large = any(
        type(value) is str and len(value) >= LARGE_TEXT for row in rows for value in row.values()
    )
    return LARGE_ROWS_PER_STATEMENT if large else ROWS_PER_STATEMENT
