"""The connections in use and the writers that wait, as `/metrics` shows them."""

from __future__ import annotations

import asyncio
from dataclasses import astuple

from portico.storage.engine.database import open_database
from tests.storage.store import Store

WRITERS = 4


def test_writers_that_wait_and_connections_in_use_are_counted(store: Store) -> None:
    database = open_database(store.url, pool_size=1)
    has_pool = not store.url.startswith("sqlite")

    async def write_at_once() -> None:
        begun, end = asyncio.Event(), asyncio.Event()

        async def write() -> None:
            async with database.transaction():
                begun.set()
                await end.wait()

        before = database.load()
        writers = [asyncio.create_task(write()) for _ in range(WRITERS)]
        await begun.wait()
        while (during := database.load()).writers_waiting < WRITERS - 1:
            await asyncio.sleep(0.01)
        end.set()
        await asyncio.gather(*writers)
        after = database.load()
        await database.close()

        size = before.connections
        assert (size == 1) is has_pool
        assert astuple(before) == (size, 0, 0, 0)
        assert astuple(during) == (size, int(has_pool), 0, WRITERS - 1)
        assert astuple(after) == (size, 0, 0, 0)

    store.run(write_at_once())
