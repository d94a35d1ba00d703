"""Deleting records that the operator no longer wants to keep, beside the requests.

What is deleted cannot be undone any more anyway: an undo is possible for ten minutes, and records
are kept for at least a day.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from portico.domain.audit import REMOVED_KIND, RemovedEntries
from portico.services.access import operator_writing
from portico.services.recording import record_deletion
from portico.services.runtime import Runtime
from portico.storage.engine.connections import Connection
from portico.storage.retention import (
    AUDIT,
    DAY_SECONDS,
    OPENINGS,
    SIGN_IN_EVENTS,
    OldRows,
    alone,
    delete_batch,
)
from portico.storage.tenancy.identity import IdentityRepository

PAUSE_SECONDS = 0.05
"""How long other writers have the database between two batches."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long records are kept, in seconds. None keeps them for good.

    Openings are the counts of links by day and the recent links of people. Sign-in events are
    failed sign-ins, and sessions and known browsers that have expired.
    """

    audit: int | None = None
    openings: int | None = None
    sign_in_events: int | None = None

    def __bool__(self) -> bool:
        """Return whether anything is ever deleted."""
        return any(each is not None for each in (self.audit, self.openings, self.sign_in_events))


async def remove_old_records(
    runtime: Runtime,
    retention: Retention,
    sqlite_file: Path | None,
    pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(PAUSE_SECONDS),
) -> dict[str, int] | None:
    """Delete old records and return how many of each table, or None if another process does it.

    Each batch is a transaction of its own. The audit trail of a tenant whose entries are deleted
    gets an entry that says so. Limits are rounded to whole days, UTC.
    """
    async with alone(runtime.database, sqlite_file) as is_alone:
        if not is_alone:
            return None
        async with runtime.database.read() as connection:
            tenants = await IdentityRepository(connection).all_tenants()
        removal = _Removal(runtime, pause)
        for tenant in tenants:
            await removal.remove_entries(tenant.id, retention.audit)
            await removal.remove(OPENINGS, retention.openings, tenant.id)
            await removal.remove(_of_tenants(SIGN_IN_EVENTS), retention.sign_in_events, tenant.id)
        await removal.remove(_of_nobody(SIGN_IN_EVENTS), retention.sign_in_events, 0)
        return dict(removal.counted)


class _Removal:
    """One run over all tenants, and how many rows of each table it deleted."""

    def __init__(self, runtime: Runtime, pause: Callable[[], Awaitable[None]]) -> None:
        self._runtime = runtime
        self._pause = pause
        self.counted: Counter[str] = Counter()

    async def remove(self, tables: Iterable[OldRows], keep: int | None, customer_id: int) -> None:
        """Delete the old rows of tables, of one tenant or, for 0, of no tenant."""
        if keep is None:
            return
        until = self._until(keep)
        for old in tables:
            while True:
                async with self._runtime.database.transaction(customer_id) as connection:
                    deleted = await self._delete(connection, old, until, customer_id)
                if not deleted:
                    break
                await self._pause()

    async def remove_entries(self, customer_id: int, keep: int | None) -> None:
        """Delete old audit entries of a tenant. The first batch also records that.

        It is recorded with the first batch, so that the trail tells of an interrupted removal too.
        """
        if keep is None:
            return
        until = self._until(keep)
        day = datetime.fromtimestamp(until, UTC).date().isoformat()
        async with operator_writing(self._runtime, customer_id) as work:
            deleted = 0
            for old in AUDIT:
                deleted += await self._delete(work.connection, old, until, customer_id)
            if deleted:
                removed = RemovedEntries(id=work.new_id(), name=f"Entries before {day}")
                await record_deletion(work, REMOVED_KIND, removed)
        if deleted:
            await self._pause()
            await self.remove(AUDIT, keep, customer_id)

    def _until(self, keep: int) -> int:
        return (self._runtime.now - keep) // DAY_SECONDS * DAY_SECONDS

    async def _delete(
        self, connection: Connection, old: OldRows, until: int, customer_id: int
    ) -> int:
        deleted = await delete_batch(connection, old, until, customer_id)
        if deleted:
            self.counted[old.name] += deleted
        return deleted


def _of_tenants(tables: Iterable[OldRows]) -> Sequence[OldRows]:
    return [each for each in tables if not each.is_global]


def _of_nobody(tables: Iterable[OldRows]) -> Sequence[OldRows]:
    return [each for each in tables if each.is_global]
