"""The interface of a database: statements that return rows, and statements that change them.

Two implementations, because the two drivers wait differently: SQLite answers inline on the event
loop, PostgreSQL over the network (decision 0002).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Executable, text

from portico.domain.errors import ConcurrentChange, Overloaded
from portico.storage.engine.statements import Row
from portico.storage.engine.usage import DatabaseLoad, DatabaseUsage

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]

TEXT_INDEX = "link_text"
"""The name of the text index of links on SQLite, which `storage.links.trigrams` describes."""

READ_SECONDS = 3.0
"""Default time limit of a read."""

WRITE_SECONDS = 60.0
"""Time limit of a statement in a write transaction."""


class Connection(Protocol):
    """A database connection, inside or outside a transaction."""

    slot: int
    """The tenant's counter that this transaction increments. Parallel ones use other counters."""

    writers_overlap: bool
    """Whether other transactions of the tenant may run beside this one, so that it has to lock
    what it reads before it decides by it.
    """

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """Return all rows of a statement. Raises ReadTooSlow."""

    async def scan(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """Return all rows of a statement that may scan everything of a tenant.

        Few run at once, fewer of one tenant. Raises ReadTooSlow, or Overloaded when none of their
        places is free in time.
        """

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Run a statement once for each mapping of parameters, and count the changed rows."""

    async def has_text_index(self) -> bool:
        """Whether the database has a text index that statements must name."""


class DuplicateKey(ConcurrentChange):
    """The same key is stored already. `key` names the constraint or its columns, `detail` the
    values, as far as the database tells them.
    """

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__("record", "Another one has the same key.")
        self.key = key
        self.detail = detail


class ReadTooSlow(Overloaded):
    """A read was stopped at its time limit, in seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The database had not answered after {seconds:g} seconds, so the read was stopped. "
            "Ask for less at once, or try again when less is running."
        )
        self.seconds = seconds


class SyncWork(Protocol):
    """A function that works on a plain SQLAlchemy connection."""

    def __call__(self, connection: SyncConnection, /) -> None: ...


class Database(ABC):
    """An open database: reads between transactions, and transactions that write.

    Every method may raise Unavailable; `write` may also raise ConcurrentChange.
    """

    usage: DatabaseUsage
    """The statements of this process, and the time that they took."""

    @abstractmethod
    def load(self) -> DatabaseLoad:
        """Return the connections in use at this moment, and who waits. Any thread may call it."""

    @abstractmethod
    def read(self, customer_id: int = 0) -> AbstractAsyncContextManager[Connection]:
        """Open a connection for reading. Each statement sees what was committed before it.

        Slow reads of one tenant wait for one another; 0 stands for what belongs to no tenant.
        """

    @abstractmethod
    def transaction(self, customer_id: int = 0) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction, which commits when the block ends and rolls back when it raises.

        The work is one tenant's; 0 stands for what belongs to no tenant.
        """

    @abstractmethod
    async def revision(self, customer_id: int) -> int | None:
        """Return the tenant's revision at a moment after the call, or None for an unknown tenant.

        The one query of a hot read, so each database asks it in its cheapest way.
        """

    @abstractmethod
    def check_storage(self) -> None:
        """Raise Unavailable when the stored data is known to be replaced or damaged.

        Returns at once. It may start a check for damage on a thread, which a later call reports.
        """

    @abstractmethod
    async def run_sync(self, work: SyncWork) -> None:
        """Run synchronous work (migrations) in one transaction that excludes all others."""

    @abstractmethod
    async def snapshot(self, work: SyncWork) -> None:
        """Run synchronous work that only reads, on one consistent state of the data.

        Everything that was committed before the call is in it, and nothing later. It blocks no
        writer and has no time limit. No migration runs meanwhile.
        """

    @abstractmethod
    async def erase_deleted(self, tables: Sequence[str]) -> None:
        """Rewrite tables, or the whole database, so that its files hold no deleted content."""

    @abstractmethod
    async def close(self) -> None:
        """Close every connection."""

    @asynccontextmanager
    async def write(self, customer_id: int) -> AsyncIterator[Connection]:
        """Open a transaction of one tenant. It takes the tenant's next revision when it ends."""
        async with self.transaction(customer_id) as connection:
            yield connection
            taken = {"customer_id": customer_id, "slot": connection.slot}
            await connection.run(_NEXT_REVISION, taken)


# Both databases take the same words for it; a slot that was never used is made.
_NEXT_REVISION = text(
    "INSERT INTO customer_revision (customer_id, slot, revision) VALUES (:customer_id, :slot, 1) "
    "ON CONFLICT (customer_id, slot) DO UPDATE SET revision = customer_revision.revision + 1"
)
