"""Reading tenants' revisions from PostgreSQL with as few queries as exactness allows.

Requests that arrive while a query for their tenant runs share the next one. That is exact: a
request only ever uses a query that started after the request arrived.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import Any

import asyncpg

from portico.domain.errors import PorticoError, Unavailable
from portico.storage.engine.usage import DatabaseUsage

READERS = 4
FOR_EACH_NODE = 2
"""Most readers that the tenants of one worker can keep waiting in a cluster."""

_REVISION = "SELECT sum(revision)::bigint FROM customer_revision WHERE customer_id = $1"
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, PorticoError)

Connect = Callable[[], Awaitable[Any]]
GroupOf = Callable[[int], Awaitable[int]]


class RevisionReader:
    """Reads revisions on a few connections. A tenant has one query running and one queued at most.

    `group_of` returns the worker of a tenant, 0 for none. When a query takes longer than `patience`
    seconds, all requests that wait for its worker fail.
    """

    def __init__(
        self, connect: Connect, group_of: GroupOf, patience: float, usage: DatabaseUsage
    ) -> None:
        self._connect = connect
        self._group_of = group_of
        self._patience = patience
        self._usage = usage.revisions
        self._busy: Counter[int] = Counter()
        self._held: defaultdict[int, deque[int]] = defaultdict(deque)
        self._waiting: dict[int, list[asyncio.Future[int | None]]] = {}
        """Those who wait for a tenant's next query. Each has a future, so that one can give up."""
        self._queue: asyncio.Queue[int] = asyncio.Queue()
        self._under_way: set[int] = set()
        self._readers: set[asyncio.Task[None]] = set()
        self._idle = 0
        self._running: dict[Any, float] = {}
        """The connections with a query, and when it began."""
        self._overdue: set[Any] = set()
        self._watch: asyncio.TimerHandle | None = None

    async def current(self, customer_id: int) -> int | None:
        """Return the tenant's revision at a moment after the call. Raises Unavailable."""
        future: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(customer_id)
        if waiting is not None:
            waiting.append(future)
        else:
            self._waiting[customer_id] = [future]
            if customer_id not in self._under_way:
                self._ask(customer_id)
        return await future

    def _ask(self, customer_id: int) -> None:
        self._under_way.add(customer_id)
        self._queue.put_nowait(customer_id)
        if not self._idle and len(self._readers) < READERS:
            reader = asyncio.get_running_loop().create_task(self._read())
            self._readers.add(reader)
            reader.add_done_callback(self._readers.discard)

    async def _read(self) -> None:
        connection = None
        try:
            while True:
                self._idle += 1
                customer_id = await self._queue.get()
                self._idle -= 1
                try:
                    group = await self._group_of(customer_id)
                except _FAILURES as error:
                    self._fail(customer_id, error)
                    continue
                if group and self._busy[group] >= FOR_EACH_NODE:
                    self._held[group].append(customer_id)
                    continue
                connection = await self._answer(customer_id, group, connection)
                if self._held[group]:
                    self._queue.put_nowait(self._held[group].popleft())
        finally:
            if connection is not None:
                connection.terminate()

    async def _answer(self, customer_id: int, group: int, connection: Any) -> Any:  # noqa: ANN401  # the driver's
        """Query a tenant's revision for all who wait. Return the connection for the next query."""
        self._busy[group] += 1
        # A request that comes after this needs a query that starts later.
        waiting = self._waiting.pop(customer_id)
        try:
            if connection is None or connection.is_closed():
                connection = await self._connect()
            began = self._running[connection] = perf_counter()
            if self._watch is None:
                self._watch_for(self._patience)
            revision = await connection.fetchval(_REVISION, customer_id)
            self._usage.count += 1
            self._usage.seconds += perf_counter() - began
            for future in waiting:
                if not future.done():
                    future.set_result(revision)
        except _FAILURES as error:
            _tell(waiting, error)
            is_late = isinstance(error, TimeoutError | asyncpg.QueryCanceledError)
            if is_late or connection in self._overdue:
                while self._held[group]:
                    self._fail(self._held[group].popleft(), error)
        finally:
            self._busy[group] -= 1
            self._running.pop(connection, None)
            self._overdue.discard(connection)
        self._done(customer_id)
        return connection

    def _watch_for(self, seconds: float) -> None:
        # One timer for all queries: a timer for each would cost a tenth of the query.
        self._watch = asyncio.get_running_loop().call_later(seconds, self._end_overdue)

    def _end_overdue(self) -> None:
        """Close the connections whose query takes longer than the patience."""
        self._watch = None
        late = perf_counter() - self._patience
        for connection, began in self._running.items():
            if began <= late and connection not in self._overdue:
                self._overdue.add(connection)
                connection.terminate()
        waiting = [began for each, began in self._running.items() if each not in self._overdue]
        if waiting:
            self._watch_for(max(0.001, min(waiting) - late))

    def _fail(self, customer_id: int, error: Exception) -> None:
        _tell(self._waiting.pop(customer_id), error)
        self._done(customer_id)

    def _done(self, customer_id: int) -> None:
        self._under_way.discard(customer_id)
        if customer_id in self._waiting:
            self._ask(customer_id)

    async def close(self) -> None:
        """End the readers and close their connections."""
        if self._watch is not None:
            self._watch.cancel()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


def _tell(waiting: Iterable[asyncio.Future[int | None]], error: Exception) -> None:
    """Raise the error of a failed query to everybody who still waits for it."""
    for future in waiting:
        if not future.done():
            future.set_exception(Unavailable(f"The database cannot be reached: {error}."))
