"""What a process asks of its database: statements, their time, and who waits for a connection.

Plain numbers, because every statement counts: a counter of a metrics library takes ten times as
long. The metrics read them when they are collected.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter

LISTED_STATEMENTS = 200
"""Most different statements that are listed for a request. Others share one line."""

TIMED_STATEMENTS = 1_000
"""Most statements of a request whose times are kept one by one."""

OTHER_STATEMENTS = "(other statements)"


class StatementKind(StrEnum):
    """What a statement does: it reads, writes, commits, or reads a tenant's revision."""

    READ = "read"
    WRITE = "write"
    COMMIT = "commit"
    REVISION = "revision"


@dataclass(slots=True)
class StatementTotal:
    """How often something ran, and for how many seconds in all."""

    count: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TimedStatement:
    """The text of a statement, never its values, when it began and the seconds that it took.

    `began` is a time of `perf_counter`.
    """

    sql: str
    began: float
    seconds: float


@dataclass(slots=True)
class RequestStatements:
    """The statements of one request: by text, and if `one_by_one` is set, each with its time."""

    one_by_one: bool = False
    totals: dict[str, StatementTotal] = field(default_factory=dict)
    timed: list[TimedStatement] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The seconds that the request waited for the database."""
        return sum(total.seconds for total in self.totals.values())

    def add(self, sql: str, began: float, seconds: float) -> None:
        """Add a statement that has ended."""
        total = self.totals.get(sql)
        if total is None:
            if len(self.totals) >= LISTED_STATEMENTS:
                sql = OTHER_STATEMENTS
            total = self.totals.setdefault(sql, StatementTotal())
        total.count += 1
        total.seconds += seconds
        if self.one_by_one and len(self.timed) < TIMED_STATEMENTS:
            self.timed.append(TimedStatement(sql, began, seconds))


@dataclass(frozen=True, kw_only=True)
class DatabaseLoad:
    """The connections of a process at one moment, and who waits for them.

    On PostgreSQL the connections are those of the pool; on SQLite, those of slow reads.
    """

    connections: int
    in_use: int
    readers_waiting: int
    writers_waiting: int


class DatabaseUsage:
    """The totals of one process, and the statements of the requests that are followed."""

    def __init__(self) -> None:
        self.totals = {kind: StatementTotal() for kind in StatementKind}
        self.revisions = self.totals[StatementKind.REVISION]
        self.writers_waiting = 0
        self.lent = 0
        """The connections of a pool in use, and those who wait for one."""
        self._followed: ContextVar[RequestStatements | None] = ContextVar(
            "portico_statements", default=None
        )

    def follow(self, *, one_by_one: bool) -> RequestStatements:
        """Collect the statements of the current task and return the list that they are added to."""
        statements = RequestStatements(one_by_one)
        self._followed.set(statements)
        return statements

    def note(self, kind: StatementKind, sql: str, began: float) -> None:
        """Count a statement that has ended. `began` is the time of `perf_counter` before it."""
        seconds = perf_counter() - began
        total = self.totals[kind]
        total.count += 1
        total.seconds += seconds
        statements = self._followed.get()
        if statements is not None:
            statements.add(sql, began, seconds)
