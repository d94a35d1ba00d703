"""Distributes a PostgreSQL database over a Citus cluster by tenant.

Nothing must write meanwhile. Citus copies the rows of each table, so a row that a server adds to a
copied table before the commit would be lost or refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError

from portico.domain.errors import Unavailable
from portico.storage.engine.connections import Database
from portico.storage.schema.citus_placement import (
    COORDINATOR_TABLES,
    REFERENCE_TABLES,
    TENANT_TABLES,
)
from portico.storage.schema.compatibility import read_version
from portico.storage.schema.tables import customer

SHARDS = 128
"""Number of shards. docs/how-to/scale.md has the estimate."""

LOCK_WAIT = "10s"
"""How long a statement waits for a lock, on workers and on the coordinator."""

_OTHERS = text(
    "SELECT pid, application_name, backend_xid IS NOT NULL AS writes FROM pg_stat_activity "
    "WHERE datname = current_database() AND backend_type = 'client backend' "
    "AND pid <> pg_backend_pid() AND application_name NOT LIKE 'citus%'"
)
_LOCK_NOT_AVAILABLE = "55P03"


class CannotDistribute(Unavailable):
    """The database cannot be distributed. The message says what is missing."""


@dataclass(frozen=True)
class Distribution:
    """The names of the tables that were distributed, or moved back to the coordinator."""

    spread: Sequence[str]
    brought_back: Sequence[str]


async def distribute_database(database: Database) -> Distribution:
    """Move every table with its rows to its placement, unless it is already there.

    Raises SchemaMismatch for a database that is not upgraded, and CannotDistribute without Citus or
    while another session can write.
    """
    brought_back: list[str] = []
    spread: list[str] = []
    own: set[int] = set()

    def prepare(connection: SyncConnection) -> None:
        read_version(connection).require_newest()
        _require_citus(connection)
        _require_no_writers(connection, own)
        _limit_lock_waits(connection)
        distributed = _distributed(connection)
        for table in COORDINATOR_TABLES:
            if table.name in distributed:
                connection.execute(text(f"SELECT undistribute_table('{table.name}')"))
                brought_back.append(table.name)

    def spread_tables(connection: SyncConnection) -> None:
        _require_no_writers(connection, own)
        done = _distributed(connection)
        moving = [each for each in (*REFERENCE_TABLES, *TENANT_TABLES) if each.name not in done]
        _lock(connection, moving)
        # The time to copy the rows depends on their number.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for table in moving:
            connection.execute(text(_distribution(table)))
        for table in _roots(moving):
            connection.execute(
                text(f"SELECT truncate_local_data_after_distributing_table('{table.name}')")
            )
        spread.extend(table.name for table in moving)

    # Two transactions, because Citus refuses some changes of roles and tables after parallel ones.
    await database.run_sync(prepare)
    await database.run_sync(spread_tables)
    return Distribution(spread=spread, brought_back=brought_back)


def _require_citus(connection: SyncConnection) -> None:
    if connection.dialect.name != "postgresql":
        raise CannotDistribute("Only a PostgreSQL database can be distributed. This one is SQLite.")
    available = text("SELECT 1 FROM pg_available_extensions WHERE name = 'citus'")
    if not connection.execute(available).all():
        raise CannotDistribute(
            "This PostgreSQL server lacks the Citus extension. Install Citus on every node, add "
            "citus to shared_preload_libraries, restart PostgreSQL, and run this again."
        )
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS citus"))
    except DBAPIError as error:
        raise CannotDistribute(
            f"The Citus extension cannot be created: {error.orig}. Add it to "
            "shared_preload_libraries, and give this role the right to create extensions."
        ) from error


def _require_no_writers(connection: SyncConnection, own: set[int]) -> None:
    """Raise CannotDistribute while a server or another writer is connected.

    `own` collects the backends of this run. One that has just ended can still be listed.
    """
    own.add(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
    others = [row for row in connection.execute(_OTHERS) if row.pid not in own]
    servers = [row for row in others if row.application_name == "portico"]
    writers = [row for row in others if row.writes and row not in servers]
    if servers:
        raise CannotDistribute(
            f"Portico has {len(servers)} other connections to this database. Stop every server and "
            "command that uses it, then run this again."
        )
    if writers:
        names = ", ".join(sorted({row.application_name or "unnamed" for row in writers}))
        raise CannotDistribute(
            f"Another session is writing to this database ({names}). End it, then run this again."
        )


def _limit_lock_waits(connection: SyncConnection) -> None:
    """Give the role our lock timeout: workers apply only the settings of the role."""
    statement = text(
        "SELECT format('ALTER ROLE %I IN DATABASE %I SET lock_timeout = %L', current_user, "
        "current_database(), CAST(:wait AS text))"
    )
    connection.exec_driver_sql(connection.execute(statement, {"wait": LOCK_WAIT}).scalar_one())


def _lock(connection: SyncConnection, tables: Iterable[Table]) -> None:
    """Lock the tables against writers, including new servers, until they are moved."""
    names = ", ".join(table.name for table in tables)
    if not names:
        return
    try:
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE NOWAIT"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise CannotDistribute(
            "Another session uses the tables of this database. Stop every server and command that "
            "uses it, then run this again."
        ) from error


def _distributed(connection: SyncConnection) -> set[str]:
    rows = connection.execute(text("SELECT logicalrelid::text FROM pg_dist_partition"))
    return {row[0].rpartition(".")[2] for row in rows}


def _distribution(table: Table) -> str:
    if table in REFERENCE_TABLES:
        return f"SELECT create_reference_table('{table.name}')"
    if table is customer:
        return f"SELECT create_distributed_table('customer', 'id', shard_count => {SHARDS})"
    return (
        f"SELECT create_distributed_table('{table.name}', 'customer_id', "
        f"colocate_with => '{customer.name}')"
    )


def _roots(moved: Sequence[Table]) -> list[Table]:
    """Return the moved tables that refer to no other one. Truncating them truncates all."""
    return [
        table
        for table in moved
        if not any(each.referred_table in moved for each in table.foreign_key_constraints)
    ]
