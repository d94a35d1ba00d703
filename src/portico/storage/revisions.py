"""Reading tenants' revisions from PostgreSQL with as few queries as exactness allows.

Requests that arrive while a query for their tenant runs share the next one. That is exact: a
request only ever uses a query that started after the request arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from portico.domain.errors import Unavailable

READERS = 4
_REVISION = "SELECT sum(revision)::bigint FROM customer_revision WHERE customer_id = $1"
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

Connect = Callable[[], Awaitable[Any]]


class RevisionReader:
    """A few connections of its own; each tenant has at most one query under way and one to come."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._waiting: dict[int, asyncio.Future[int | None]] = {}
        self._queue: asyncio.Queue[int] = asyncio.Queue()
        self._under_way: set[int] = set()
        self._readers: set[asyncio.Task[None]] = set()
        self._idle = 0

    async def current(self, customer_id: int) -> int | None:
        """The tenant's revision at a moment after the call. Raises Unavailable."""
        future = self._waiting.get(customer_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            self._waiting[customer_id] = future
            if customer_id not in self._under_way:
                self._ask(customer_id)
        # A request that is cancelled must not take the others' answer with it.
        return await asyncio.shield(future)

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
                future = self._waiting.pop(customer_id)
                try:
                    if connection is None or connection.is_closed():
                        connection = await self._connect()
                    revision = await connection.fetchval(_REVISION, customer_id)
                except _FAILURES as error:
                    future.set_exception(Unavailable(f"The database cannot be reached: {error}."))
                    future.exception()  # whoever waits gets it; nobody may be left waiting
                else:
                    future.set_result(revision)
                self._under_way.discard(customer_id)
                if customer_id in self._waiting:
                    self._ask(customer_id)
        finally:
            if connection is not None:
                connection.terminate()

    async def close(self) -> None:
        """Ends the readers and their connections."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
