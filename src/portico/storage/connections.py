"""What a repository needs of a database: rows of a statement, and running one.

Two implementations, because the two drivers wait differently: SQLite answers inline on the event
loop, PostgreSQL over the network (decision 0002).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Executable, bindparam, update

from portico.domain.errors import NotFound
from portico.storage.statements import Row, kept
from portico.storage.tables import customer

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Connection(Protocol):
    """One conversation with the database, inside a transaction or between them."""

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """All rows of a statement."""

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Runs a statement, once for each mapping of parameters; the number of rows it touched."""

    async def has_text_index(self) -> bool:
        """Whether the database has the text index that statements must name to use."""


class SyncWork(Protocol):
    """Work on a plain SQLAlchemy connection."""

    def __call__(self, connection: SyncConnection, /) -> None: ...


class Database(ABC):
    """An open database: reads between transactions, and transactions that write.

    Every method may raise Unavailable; `write` may also raise ConcurrentChange.
    """

    @abstractmethod
    def read(self) -> AbstractAsyncContextManager[Connection]:
        """A connection for reading; each statement sees what was committed before it began."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """A connection whose work is committed when the block ends and undone when it raises."""

    @abstractmethod
    async def revision(self, customer_id: int) -> int | None:
        """The tenant's revision at a moment after the call, or None for an unknown tenant.

        The one query of a hot read, so each database asks it in its cheapest way.
        """

    @abstractmethod
    async def run_sync(self, work: SyncWork) -> None:
        """Runs synchronous work (migrations) in one transaction that excludes all others."""

    @abstractmethod
    async def close(self) -> None:
        """Gives every connection back."""

    @asynccontextmanager
    async def write(self, customer_id: int) -> AsyncIterator[Connection]:
        """A transaction of one tenant. It takes the tenant's next revision first, which also
        makes the tenant's writers follow one another. Raises NotFound for an unknown tenant.
        """
        async with self.transaction() as connection:
            if not await connection.run(_next_revision(), {"customer_id": customer_id}):
                raise NotFound(customer_id)
            yield connection


@kept
def _next_revision() -> Executable:
    return (
        update(customer)
        .where(customer.c.id == bindparam("customer_id"))
        .values(revision=customer.c.revision + 1)
    )
