"""Deletes old records in small batches, and lets one process at a time do so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Delete, Select, Table, and_, bindparam, delete, select, text

from portico.domain.records import first_id_at
from portico.storage.engine.connections import Connection, Database
from portico.storage.engine.files import locked_file
from portico.storage.engine.statements import cached
from portico.storage.schema.people_tables import (
    console_device,
    console_session,
    link_opening,
    portal_device,
    portal_session,
    recent_opening,
    sign_in_failure,
)
from portico.storage.schema.tables import audit_entry, ended_session

BATCH = 500
DAY_SECONDS = 86_400
_HOUR_SECONDS = 3_600
_LOCK = 0x526574656E74  # "Retent" in ASCII
_TAKE = text(f"SELECT pg_try_advisory_lock({_LOCK}) AS taken")
_RELEASE = text(f"SELECT pg_advisory_unlock({_LOCK})")


@dataclass(frozen=True, eq=False)
class OldRows:
    """The rows of one table that are older than the parameters `until` and `until_id`."""

    table: Table
    condition: ColumnElement[bool]
    is_global: bool = False

    @property
    def name(self) -> str:
        """The name of the table."""
        return str(self.table.name)


def _before(column: ColumnElement[int]) -> ColumnElement[bool]:
    return column < bindparam("until")


AUDIT = (
    # The condition on the id uses the primary key. Clocks of servers may differ by an hour.
    OldRows(
        audit_entry,
        and_(audit_entry.c.id < bindparam("until_id"), _before(audit_entry.c.time)),
    ),
)
OPENINGS = (
    OldRows(link_opening, link_opening.c.day < bindparam("until_day")),
    OldRows(recent_opening, _before(recent_opening.c.time)),
)
SIGN_IN_EVENTS = (
    OldRows(portal_session, _before(portal_session.c.expires)),
    OldRows(portal_device, _before(portal_device.c.expires)),
    OldRows(ended_session, _before(ended_session.c.expires)),
    OldRows(console_session, _before(console_session.c.expires), is_global=True),
    OldRows(console_device, _before(console_device.c.expires), is_global=True),
    OldRows(
        sign_in_failure,
        and_(_before(sign_in_failure.c.since), _before(sign_in_failure.c.locked_until)),
        is_global=True,
    ),
)


async def delete_batch(
    connection: Connection, old: OldRows, until: int, customer_id: int = 0
) -> int:
    """Delete at most 500 rows that are older than `until`, in epoch seconds, and count them.

    `customer_id` is the tenant, or 0 for a table of no tenant.
    """
    times = {
        "until": until,
        "until_id": first_id_at(until + _HOUR_SECONDS),
        "until_day": until // DAY_SECONDS,
    }
    chosen = _chosen(old)
    wanted = times | {"customer_id": customer_id, "batch": BATCH}
    values = {name: wanted[name] for name in chosen.compile().params if name in wanted}
    rows = await connection.rows(chosen, values)
    if rows:
        keys = [{f"key_{name}": value for name, value in row._asdict().items()} for row in rows]
        await connection.run(_deletion(old), keys)
    return len(rows)


@asynccontextmanager
async def alone(database: Database, sqlite_file: Path | None) -> AsyncIterator[bool]:
    """Give True for a block if no other process is in such a block, else False.

    `sqlite_file` is the file of a SQLite database, beside which the lock is.
    """
    if sqlite_file is not None:
        lock = sqlite_file.with_name(f"{sqlite_file.name}-retention.lock")
        with locked_file(lock) as descriptor:
            yield descriptor is not None
        return
    async with database.read() as connection:
        taken = bool((await connection.rows(_TAKE))[0].taken)
        try:
            yield taken
        finally:
            if taken:
                await connection.rows(_RELEASE)


@cached
def _chosen(old: OldRows) -> Select[Any]:
    table = old.table
    keys = list(table.primary_key.columns)
    chosen = select(*keys).where(old.condition).order_by(*keys).limit(bindparam("batch"))
    return (
        chosen if old.is_global else chosen.where(table.c.customer_id == bindparam("customer_id"))
    )


@cached
def _deletion(old: OldRows) -> Delete:
    """Return the deletion of one row by its key."""
    table = old.table
    keys = [each for each in table.primary_key.columns if each.name != "customer_id"]
    one = delete(table).where(*(each == bindparam(f"key_{each.name}") for each in keys))
    return one if old.is_global else one.where(table.c.customer_id == bindparam("key_customer_id"))
