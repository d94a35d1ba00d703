"""Spreading a PostgreSQL database over a Citus cluster; tenants are the shards."""

from __future__ import annotations

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError

from portico.domain.errors import Unavailable
from portico.storage import schema
from portico.storage.connections import Database
from portico.storage.placement import REFERENCE_TABLES, TENANT_TABLES
from portico.storage.tables import customer


class CannotDistribute(Unavailable):
    """The database cannot be distributed; the sentence says what is missing."""


async def distribute_database(database: Database) -> list[str]:
    """Distributes every table that is not yet; their names. Rows that are there move along.

    Raises SchemaMismatch for a database that is not upgraded, CannotDistribute without Citus.
    """
    await schema.require_current(database)
    moved: list[str] = []

    def work(connection: SyncConnection) -> None:
        _require_citus(connection)
        done = _distributed(connection)
        for table in REFERENCE_TABLES:
            if table.name not in done:
                connection.execute(text(f"SELECT create_reference_table('{table.name}')"))
                moved.append(table.name)
        for table in TENANT_TABLES:
            if table.name not in done:
                connection.execute(text(_distribution(table)))
                moved.append(table.name)

    await database.run_sync(work)
    return moved


def _require_citus(connection: SyncConnection) -> None:
    if connection.dialect.name != "postgresql":
        raise CannotDistribute("Only a PostgreSQL database can be distributed; this one is SQLite.")
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
            f"The Citus extension cannot be created: {error.orig}. It has to be in "
            "shared_preload_libraries, and this role needs the right to create extensions."
        ) from error


def _distributed(connection: SyncConnection) -> set[str]:
    rows = connection.execute(text("SELECT logicalrelid::text FROM pg_dist_partition"))
    return {row[0].rpartition(".")[2] for row in rows}


def _distribution(table: Table) -> str:
    if table is customer:
        return "SELECT create_distributed_table('customer', 'id')"
    return (
        f"SELECT create_distributed_table('{table.name}', 'customer_id', "
        f"colocate_with => '{customer.name}')"
    )
