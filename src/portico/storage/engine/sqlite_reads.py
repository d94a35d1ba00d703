"""Statements of SQLite under a time limit, and a few threads for reads that take long.

The event loop runs a statement itself, which costs the least, and gives it up when it is not done
in some milliseconds. Then a thread runs it again on a connection of its own (decision 17).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from math import inf
from time import monotonic, thread_time
from typing import TypeVar

from portico.storage.engine.connections import ReadTooSlow
from portico.storage.engine.slots import Slots
from portico.storage.engine.statements import Bound, PreparedStatement, Row

T = TypeVar("T")

INLINE_SECONDS = 0.008
"""Time limit of a read on the event loop."""

_INLINE_STEPS = 500
"""Looking at the clock this often costs less than 1 %. One step takes up to 0.6 ms (`instr` in a
policy of 64 KiB), so a statement overruns by some 20 ms at the worst.
"""

_THREAD_STEPS = 20_000
"""Rarely, because a thread needs the interpreter for each check, and may wait long for it."""

SLOW_READERS = 4
SLOW_READERS_FOR_EACH = 2
_REST_SECONDS = 20 * INLINE_SECONDS
"""After a read that the event loop gave up, the tenant's scans go to threads for so long: many
of them together take a twentieth of the event loop's time, and not all of it.
"""

_WAITING = 10
"""How much longer a read on a busy machine may take than it runs."""

_RESTING = 256


class OutOfTime(Exception):
    """A statement was stopped at its time limit."""


class TimedConnection:
    """A SQLite connection whose reads have a time limit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._stop_at = inf
        self._watch(_INLINE_STEPS)

    def _watch(self, steps: int) -> None:
        self.connection.set_progress_handler(self._is_over if steps else None, steps)

    def _is_over(self) -> bool:
        return monotonic() > self._stop_at

    def rows(
        self, prepared: PreparedStatement, bound: tuple[str, Bound], seconds: float
    ) -> Sequence[Row]:
        """Return all rows of a statement. Raises OutOfTime after so many seconds."""
        self._stop_at = monotonic() + seconds
        try:
            cursor = self.connection.execute(*bound)
            return prepared.rows(lambda: [column[0] for column in cursor.description], cursor)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise OutOfTime from None
            raise
        finally:
            self._stop_at = inf

    def rows_on_thread(
        self, prepared: PreparedStatement, bound: tuple[str, Bound], seconds: float
    ) -> Sequence[Row]:
        """Return all rows, on a thread. Raises ReadTooSlow after so many seconds."""
        self._watch(_THREAD_STEPS)
        try:
            return self.rows(prepared, bound, seconds)
        except OutOfTime:
            raise ReadTooSlow(seconds) from None
        finally:
            self._watch(_INLINE_STEPS)

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """Run a block without time limit, so that a writing thread rarely needs the interpreter."""
        self._watch(0)
        try:
            yield
        finally:
            self._watch(_INLINE_STEPS)


async def run_to_end(executor: Executor, work: Callable[[], T]) -> T:
    """Return the result of work on a thread. If cancelled, wait for the thread to end first."""
    running = asyncio.get_running_loop().run_in_executor(executor, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


class SlowReads:
    """Threads that read, each on its own connection. No tenant can occupy all of them."""

    def __init__(self, open_connection: Callable[[], sqlite3.Connection], seconds: float) -> None:
        self._open = open_connection
        self._seconds = seconds
        self._idle: list[TimedConnection] = []
        self._threads = ThreadPoolExecutor(SLOW_READERS, thread_name_prefix="portico-read")
        self._slots = Slots(
            in_all=SLOW_READERS, for_each=SLOW_READERS_FOR_EACH, wait_seconds=seconds
        )
        self._rest_until: dict[int, float] = {}

    @property
    def running(self) -> int:
        """The number of reads on threads at this moment."""
        return self._slots.taken

    @property
    def waiting(self) -> int:
        """The number of reads that wait for a thread."""
        return self._slots.waiting

    def are_expected(self, customer_id: int) -> bool:
        """Whether a read of the tenant was slow a moment ago."""
        return self._rest_until.get(customer_id, 0.0) > monotonic()

    async def rows(
        self, customer_id: int, prepared: PreparedStatement, bound: tuple[str, Bound]
    ) -> Sequence[Row]:
        """Return all rows of a statement. Raises ReadTooSlow, or Overloaded without a slot."""
        rows, _ = await self._timed_rows(customer_id, prepared, bound)
        return rows

    async def rows_of_stopped(
        self, customer_id: int, prepared: PreparedStatement, bound: tuple[str, Bound]
    ) -> Sequence[Row]:
        """Return the same for a statement that the event loop stopped.

        If it is quick here, the machine was busy, and no more slow reads are expected.
        """
        expected_until = self._expect_more(customer_id)
        rows, seconds = await self._timed_rows(customer_id, prepared, bound)
        if seconds <= INLINE_SECONDS and self._rest_until.get(customer_id) == expected_until:
            del self._rest_until[customer_id]
        return rows

    async def _timed_rows(
        self, customer_id: int, prepared: PreparedStatement, bound: tuple[str, Bound]
    ) -> tuple[Sequence[Row], float]:
        """Return the rows, and about how many seconds the event loop would have needed."""
        async with self._slots.hold(customer_id):
            try:
                rows, seconds = await run_to_end(
                    self._threads, partial(self._read, prepared, bound)
                )
            except ReadTooSlow:
                self._expect_more(customer_id)
                raise
        if seconds > INLINE_SECONDS:
            self._expect_more(customer_id)
        return rows, seconds

    def _expect_more(self, customer_id: int) -> float:
        """Expect more slow reads of the tenant, until the time that this returns."""
        self._rest_until.pop(customer_id, None)
        until = self._rest_until[customer_id] = monotonic() + _REST_SECONDS
        if len(self._rest_until) > _RESTING:
            del self._rest_until[next(iter(self._rest_until))]
        return until

    def _read(
        self, prepared: PreparedStatement, bound: tuple[str, Bound]
    ) -> tuple[Sequence[Row], float]:
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = TimedConnection(self._open())
        began, ran = monotonic(), thread_time()
        try:
            rows = reader.rows_on_thread(prepared, bound, self._seconds)
        finally:
            self._idle.append(reader)
        # On a busy machine a quick read waits long for its turn, and a slow disk takes no
        # processor time; so the one counts in full, and the other in part.
        return rows, max(thread_time() - ran, (monotonic() - began) / _WAITING)

    def close(self) -> None:
        """Close the connections after the reads that still run."""
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().connection.close()
