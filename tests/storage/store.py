"""An open database with an event loop of its own, tenants on it, and work that leaves no trace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from portico.domain.records import Scope
from portico.services.runtime import Runtime, claim_ids
from portico.services.tenancy import tenants
from portico.storage.engine.connections import Connection, Database
from portico.storage.engine.database import open_database
from tests.harness import cipher_of, make_runtime, new_tenant_name

T = TypeVar("T")

PATIENCE_SECONDS = 60


class Undo(Exception):
    """Ends a transaction whose work must not stay."""


class Store:
    """A database that synchronous tests use. `scope` starts a tenant of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.runner = asyncio.Runner()
        self.database: Database = open_database(url)
        self.cipher = cipher_of(url)
        self.ids = self.run(claim_ids(self.database, time.time))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of asynchronous work, which may not hang."""
        return self.runner.run(asyncio.wait_for(work, PATIENCE_SECONDS))

    @property
    def runtime(self) -> Runtime:
        """What services need of the test's process."""
        return make_runtime(self.database, self.cipher, self.ids)

    def scope(self, *auth_domains: str) -> Scope:
        """The Default microtenant of a new tenant."""
        made = self.run(
            tenants.create_tenant(self.runtime, new_tenant_name(), auth_domains=auth_domains)
        )
        return Scope(customer_id=made.id)

    def read(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """The result of work on a connection for reading."""

        async def run() -> T:
            async with self.database.read() as connection:
                return await work(connection)

        return self.run(run())

    def write(self, scope: Scope, work: Callable[[Connection], Awaitable[T]]) -> T:
        """The result of work in a transaction of the scope's tenant, committed."""

        async def run() -> T:
            async with self.database.write(scope.customer_id) as connection:
                return await work(connection)

        return self.run(run())

    def close(self) -> None:
        """Closes the database and the event loop."""
        self.run(self.database.close())
        self.runner.close()


@asynccontextmanager
async def undone(database: Database, scope: Scope) -> AsyncIterator[Connection]:
    """A transaction of the scope's tenant that is rolled back when the block ends."""
    try:
        async with database.write(scope.customer_id) as connection:
            yield connection
            raise Undo
    except Undo:
        pass


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """A store for the length of a block."""
    store = Store(url)
    try:
        yield store
    finally:
        store.close()
