"""Snapshots of the stand-in's state: saved in a second database, and copied back table by table.

Copying back changes only the rows that differ, so a reset costs what the test changed. It never
returns to an earlier revision, because answers are cached by the tenant's revision (decision 8).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from portico.domain.errors import InvalidField, InvalidInput, PorticoError
from portico.domain.records import Clock
from portico.emulator.ids import CountingIds
from portico.storage.engine.sqlite import SqliteDatabase
from portico.storage.schema.state_tables import (
    ADMINISTRATORS,
    GRANTS,
    REVISIONS,
    TENANTS,
    StateTable,
    state_tables,
)

MOST_SNAPSHOTS = 100
MOST_BYTES = 1024 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_SCHEMA = "snapshot"


class NoSuchSnapshot(PorticoError):
    """There is no snapshot with this name for the tenant."""

    code = "portico.snapshot.unknown"


class SnapshotRefused(InvalidInput):
    """A snapshot cannot be saved or restored. The reason says what to do."""

    code = "portico.snapshot.refused"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A saved state, of one tenant or of all (None). `time` is on the stand-in's clock.

    `next_id` is the id that came next when it was saved.
    """

    number: int
    name: str
    customer_id: int | None
    time: int
    next_id: int
    tenants: int


class Snapshots:
    """The saved states of one stand-in, in a temporary database of SQLite.

    `open` must be called first. Names are unique for each tenant, and for all tenants together.
    """

    def __init__(self, database: SqliteDatabase, ids: CountingIds, clock: Clock) -> None:
        self._database = database
        self._ids = ids
        self._clock = clock
        self._tables = state_tables()
        self._named: dict[tuple[int | None, str], Snapshot] = {}
        self._seeds: dict[int | None, Snapshot] = {}
        self._last_number = 0

    async def open(self) -> None:
        """Attach the temporary database. There is no seed until `save_seed` has saved one."""
        await self._database.run_exclusively(partial(_attach, tables=self._tables), begin=False)

    async def save_seed(self, customer_id: int | None = None) -> None:
        """Save the present state as the one that a reset copies back: of a new tenant, or of all.

        Saving that of all tenants forgets those of single tenants.
        """
        if customer_id is None:
            await self._forget_seeds()
        self._last_number += 1
        self._seeds[customer_id] = await self._save(self._last_number, "", customer_id)

    async def reset(self, customer_id: int | None = None) -> None:
        """Return one tenant, or everything, to the seed. Tenants that are not in it are removed."""
        await self._restore(self._seeds.get(customer_id) or self._seeds[None], customer_id)
        if customer_id is None:
            await self._forget_seeds(of_tenants=True)

    async def save(self, name: str, customer_id: int | None = None) -> Snapshot:
        """Save the state of one tenant, or of all, in place of an earlier snapshot of the name.

        Raises SnapshotRefused when there are too many snapshots, and InvalidField for a name that
        an address cannot hold.
        """
        if not _NAME.fullmatch(name):
            raise InvalidField(
                "name", "Use 1 to 100 letters, digits, dots, hyphens and underscores."
            )
        earlier = self._named.get((customer_id, name))
        if earlier is None and len(self._named) >= MOST_SNAPSHOTS:
            raise SnapshotRefused(
                f"There are {MOST_SNAPSHOTS} snapshots already. Delete one that you do not need."
            )
        self._last_number += 1
        saved = await self._save(self._last_number, name, customer_id)
        self._named[customer_id, name] = saved
        if earlier is not None:
            await self._forget(earlier)
        return saved

    async def restore(self, name: str, customer_id: int | None = None) -> Snapshot:
        """Copy a snapshot back, for one tenant or for all. Return it.

        A tenant is also restored from a snapshot of all tenants. Raises NoSuchSnapshot, and
        SnapshotRefused for a row that another tenant has taken meanwhile.
        """
        found = self.find(name, customer_id)
        await self._restore(found, customer_id)
        return found

    def find(self, name: str, customer_id: int | None = None) -> Snapshot:
        """Return the snapshot of a tenant, else that of all tenants. Raises NoSuchSnapshot."""
        found = self._named.get((customer_id, name)) or self._named.get((None, name))
        if found is None:
            of = "" if customer_id is None else f" of tenant {customer_id}"
            raise NoSuchSnapshot(f"There is no snapshot {name}{of}.", name)
        return found

    def list(self, customer_id: int | None = None) -> list[Snapshot]:
        """Return all snapshots by name, or those that a tenant can be restored from."""
        fitting = [
            each
            for each in self._named.values()
            if customer_id is None or each.customer_id in (None, customer_id)
        ]
        return sorted(fitting, key=lambda each: (each.name, each.customer_id or 0))

    async def delete(self, name: str, customer_id: int | None = None) -> None:
        """Delete the snapshot of a tenant, or that of all tenants. Raises NoSuchSnapshot."""
        found = self._named.pop((customer_id, name), None)
        if found is None:
            raise NoSuchSnapshot(f"There is no snapshot {name} of this scope.", name)
        await self._forget(found)

    async def remove_tenant(self, customer_id: int) -> None:
        """Remove a tenant with all that belongs to it, and the snapshots of it alone."""
        copying = _Copying(self._tables, None, customer_id)
        await self._database.run_exclusively(copying.run)
        for snapshot in [each for each in self._named.values() if each.customer_id == customer_id]:
            await self.delete(snapshot.name, customer_id)
        if customer_id in self._seeds:
            await self._forget(self._seeds.pop(customer_id))

    async def _forget_seeds(self, *, of_tenants: bool = False) -> None:
        for customer_id in [each for each in self._seeds if not of_tenants or each is not None]:
            await self._forget(self._seeds.pop(customer_id))

    async def _save(self, number: int, name: str, customer_id: int | None) -> Snapshot:
        work = partial(_copy_out, tables=self._tables, number=number, customer_id=customer_id)
        tenants = await self._database.run_exclusively(work)
        return Snapshot(
            number=number,
            name=name,
            customer_id=customer_id,
            time=int(self._clock()),
            next_id=self._ids.next,
            tenants=tenants,
        )

    async def _restore(self, snapshot: Snapshot, customer_id: int | None) -> None:
        wanted = snapshot.customer_id if customer_id is None else customer_id
        copying = _Copying(self._tables, snapshot.number, wanted)
        await self._database.run_exclusively(copying.run)
        if wanted is None:
            self._ids.next = snapshot.next_id

    async def _forget(self, snapshot: Snapshot) -> None:
        work = partial(_delete_saved, tables=self._tables, number=snapshot.number)
        await self._database.run_exclusively(work)


class _Copying:
    """Copies a snapshot, by its number, over one tenant's rows or everything's.

    Without a number it removes the rows. All rows to delete go first, so that no name or address
    is taken twice meanwhile.
    """

    def __init__(
        self, tables: tuple[StateTable, ...], number: int | None, customer_id: int | None
    ) -> None:
        self._statements = _statements(tables, whole=customer_id is None)
        self._values = {"number": number, "tenant": customer_id}
        self._condition = "TRUE" if customer_id is None else "{} = :tenant"

    def run(self, connection: sqlite3.Connection) -> None:
        """Copy in the transaction of the connection. Raises SnapshotRefused."""
        connection.execute(_RAISE_FLOOR)
        condition = self._condition.format("customer_id")
        connection.execute(f"DELETE FROM main.{REVISIONS} WHERE {condition}", self._values)
        connection.execute("SAVEPOINT copying")
        try:
            self._copy(connection)
        except sqlite3.IntegrityError:
            connection.execute("ROLLBACK TO copying")
            self._copy_with_late_checks(connection)
        connection.execute("RELEASE copying")
        self._take_revisions(connection)

    def _copy(self, connection: sqlite3.Connection) -> None:
        for statement in self._statements:
            connection.execute(statement, self._values)

    def _copy_with_late_checks(self, connection: sqlite3.Connection) -> None:
        """Copy, and check references at the end: a row that others refer to may be replaced.

        The pragma makes SQLite compile all statements again, which takes as long as the copying.
        """
        connection.execute("PRAGMA defer_foreign_keys = ON")
        try:
            self._copy(connection)
        except sqlite3.IntegrityError as error:
            raise SnapshotRefused(
                f"Another tenant has taken something that the snapshot holds ({error}). Restore "
                "all tenants together, or rename it there."
            ) from error

    def _take_revisions(self, connection: sqlite3.Connection) -> None:
        """Give the copied tenants a revision that no tenant ever had."""
        connection.execute(
            f"INSERT INTO main.{REVISIONS} (customer_id, slot, revision) "
            f"SELECT id, 0, (SELECT revision FROM {_SCHEMA}.revision_floor) "
            f"FROM main.{TENANTS} WHERE {self._condition.format('id')}",
            self._values,
        )


@lru_cache(maxsize=2)
def _statements(tables: tuple[StateTable, ...], *, whole: bool) -> list[str]:
    """Return the statements that copy a snapshot over everything, or over one tenant's rows."""
    copied = [each for each in tables if whole or each.tenant_column]
    return [
        *(_deletion(table, whole=whole) for table in reversed(copied)),
        *(_insertion(table, whole=whole) for table in copied),
    ]


def _deletion(table: StateTable, *, whole: bool) -> str:
    same = " AND ".join(
        f"saved.{each} {'=' if each in table.key else 'IS'} {table.name}.{each}"
        for each in table.columns
    )
    own = "TRUE" if whole else f"{table.tenant_column} = :tenant"
    return (
        f"DELETE FROM main.{table.name} WHERE {own} AND NOT EXISTS "
        f"(SELECT 1 FROM {_SCHEMA}.{table.name} AS saved "
        f"WHERE saved.snapshot_number = :number AND {same})"
    )


def _insertion(table: StateTable, *, whole: bool) -> str:
    same = " AND ".join(f"present.{each} = saved.{each}" for each in table.key)
    own = "TRUE" if whole else f"saved.{table.tenant_column} = :tenant"
    if table.name == GRANTS and not whole:
        # An administrator can have been deleted since; its grants stay away with it.
        own += f" AND saved.administrator_id IN (SELECT id FROM main.{ADMINISTRATORS})"
    return (
        f"INSERT INTO main.{table.name} ({table.column_list}) SELECT {table.column_list} "
        f"FROM {_SCHEMA}.{table.name} AS saved WHERE saved.snapshot_number = :number AND {own} "
        f"AND NOT EXISTS (SELECT 1 FROM main.{table.name} AS present WHERE {same})"
    )


_RAISE_FLOOR = f"""
UPDATE {_SCHEMA}.revision_floor SET revision = 1 + max(revision, coalesce((
    SELECT max(total) FROM (
        SELECT sum(revision) AS total FROM main.{REVISIONS} GROUP BY customer_id
    )
), 0))
"""

_FLOOR_FOR_NEW_TENANTS = f"""
CREATE TEMP TRIGGER portico_revision_floor AFTER INSERT ON main.{REVISIONS}
WHEN new.revision < (SELECT revision FROM {_SCHEMA}.revision_floor)
BEGIN
    UPDATE {REVISIONS} SET revision = (SELECT revision FROM {_SCHEMA}.revision_floor)
    WHERE customer_id = new.customer_id AND slot = new.slot;
END
"""
"""A tenant can get the id of one that was removed. Its revisions then begin above all others."""


def _attach(connection: sqlite3.Connection, tables: Sequence[StateTable]) -> None:
    """Attach the database of the snapshots. SQLite removes its file when the connection closes."""
    connection.execute(f"ATTACH DATABASE '' AS {_SCHEMA}")
    pages = MOST_BYTES // connection.execute(f"PRAGMA {_SCHEMA}.page_size").fetchone()[0]
    connection.execute(f"PRAGMA {_SCHEMA}.max_page_count = {pages}")
    connection.execute(f"PRAGMA {_SCHEMA}.synchronous = OFF")
    connection.execute(f"CREATE TABLE {_SCHEMA}.revision_floor (revision INTEGER NOT NULL)")
    connection.execute(f"INSERT INTO {_SCHEMA}.revision_floor VALUES (1)")
    connection.execute(_FLOOR_FOR_NEW_TENANTS)
    for table in tables:
        # With the types of the original, or SQLite could not use the key to compare rows.
        described = connection.execute(f"PRAGMA main.table_info({table.name})").fetchall()
        columns = ", ".join(f"{name} {kind}" for _, name, kind, *_ in described)
        connection.execute(
            f"CREATE TABLE {_SCHEMA}.{table.name} (snapshot_number INTEGER, {columns}, "
            f"PRIMARY KEY (snapshot_number, {', '.join(table.key)})) WITHOUT ROWID"
        )


def _copy_out(
    connection: sqlite3.Connection,
    tables: Sequence[StateTable],
    number: int,
    customer_id: int | None,
) -> int:
    """Save a state under a number, and return how many tenants are in it."""
    tenants = 0
    values = {"number": number, "tenant": customer_id}
    try:
        _delete_saved(connection, tables, number)
        for table in tables:
            if customer_id is not None and not table.tenant_column:
                continue
            own = "TRUE" if customer_id is None else f"{table.tenant_column} = :tenant"
            copied = connection.execute(
                f"INSERT INTO {_SCHEMA}.{table.name} (snapshot_number, {table.column_list}) "
                f"SELECT :number, {table.column_list} FROM main.{table.name} WHERE {own}",
                values,
            )
            if table.name == TENANTS:
                tenants = copied.rowcount
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise SnapshotRefused(
            f"The snapshots would take more than {MOST_BYTES // 1024**3} GiB, or the disk is full. "
            "Delete a snapshot that you do not need."
        ) from error
    return tenants


def _delete_saved(
    connection: sqlite3.Connection, tables: Sequence[StateTable], number: int
) -> None:
    for table in tables:
        connection.execute(
            f"DELETE FROM {_SCHEMA}.{table.name} WHERE snapshot_number = ?", (number,)
        )
