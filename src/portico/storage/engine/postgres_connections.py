"""Statements on one pooled connection to PostgreSQL, each with a deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from time import perf_counter
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Executable

from portico.storage.engine.connections import DuplicateKey, ReadTooSlow
from portico.storage.engine.counted_writes import CountedWrites
from portico.storage.engine.duplicates import violated_constraint
from portico.storage.engine.statements import PreparedStatement, Row, StatementCompiler
from portico.storage.engine.usage import DatabaseUsage, StatementKind

T = TypeVar("T")


class PostgresConnection(CountedWrites):
    """Statements on one pooled connection. `seconds` is the database's time limit for each.

    `patience` is the time until the connection is closed, if it is not that of a read.
    """

    def __init__(
        self,
        connection: asyncpg.Connection[Any],
        statements: StatementCompiler,
        usage: DatabaseUsage,
        seconds: float,
        *,
        patience: float | None = None,
        slot: int = 0,
        writers_overlap: bool = False,
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._usage = usage
        self._seconds = seconds
        self._patience = patience
        self.slot = slot
        self.writers_overlap = writers_overlap

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """Return all rows of a statement. Raises ReadTooSlow."""
        values = parameters or {}
        prepared = self._statements.prepare(statement, values)
        sql, bound = prepared.bind(values)
        began = perf_counter()
        try:
            records = await self._connection.fetch(sql, *bound, timeout=self._patience)
        except asyncpg.QueryCanceledError as error:
            raise ReadTooSlow(self._seconds) from error
        except TimeoutError:
            # As `in_time` does, but every read would pay for that step.
            give_up(self._connection)
            raise
        finally:
            self._usage.note(StatementKind.READ, prepared.sql, began)
        return prepared.rows(records[0].keys, records) if records else []

    async def scan(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """Return all rows. A transaction has its connection already, so it waits for no slot."""
        return await self.rows(statement, parameters)

    async def _write(
        self, prepared: PreparedStatement, parameters: Sequence[Mapping[str, Any]]
    ) -> int:
        bound = [prepared.bind(values) for values in parameters]
        sql, first = bound[0]
        try:
            if len(bound) > 1:
                every = [values for _, values in bound]
                done = self._connection.executemany(sql, every, timeout=self._patience)
                await in_time(self._connection, done)
                return len(bound)
            answer = self._connection.execute(sql, *first, timeout=self._patience)
            status = await in_time(self._connection, answer)
        except asyncpg.UniqueViolationError as error:
            # Citus names the constraint only in the message.
            key = error.constraint_name or violated_constraint(str(error))
            raise DuplicateKey(key, error.detail or "") from error
        touched = status.rpartition(" ")[2]
        return int(touched) if touched.isdigit() else 0

    async def has_text_index(self) -> bool:
        """Return False: PostgreSQL's planner chooses its index by itself."""
        return False


def is_open(connection: asyncpg.Connection[Any]) -> bool:
    """Whether a connection of the pool is open."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False


async def in_time(connection: asyncpg.Connection[Any], answer: Awaitable[T]) -> T:
    """Return the answer to a statement. Close a connection that did not answer in time.

    A coordinator that waits for a frozen worker heeds neither its own time limit nor a request to
    cancel, so nothing more can be asked of that connection.
    """
    try:
        return await answer
    except TimeoutError:
        give_up(connection)
        raise


def give_up(connection: asyncpg.Connection[Any]) -> None:
    """Close a connection that did not answer in time."""
    if is_open(connection):
        connection.terminate()
