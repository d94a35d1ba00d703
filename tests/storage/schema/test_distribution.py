"""`portico db distribute`: what it asks of Citus, in which order, and when it refuses."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import inspect, text

from portico.storage.engine.connections import Database
from portico.storage.schema import migrate as schema
from portico.storage.schema.citus_placement import (
    COORDINATOR_TABLES,
    REFERENCE_TABLES,
    TENANT_TABLES,
    metadata,
)
from portico.storage.schema.distribution import CannotDistribute, Distribution, distribute_database
from tests.harness import cipher_of, upgrade, with_database
from tests.storage.conftest import new_postgres
from tests.storage.schema.citus import (
    calls,
    distributed_tables,
    execute,
    offer_citus,
    query,
)
from tests.storage.store import opened

SHARED = {table.name for table in (*TENANT_TABLES, *REFERENCE_TABLES)}
ON_COORDINATOR = {table.name for table in COORDINATOR_TABLES}


@pytest.fixture
def cluster(own_postgres: str) -> str:
    """A database with the newest schema, in which the stand-in for Citus can be created."""
    offer_citus(own_postgres)
    return own_postgres


def distribute(url: str) -> Distribution:
    """Distributes a database."""
    return with_database(url, distribute_database)


def refusal(url: str) -> str:
    """Why a database cannot be distributed."""
    with pytest.raises(CannotDistribute) as refused:
        distribute(url)
    return refused.value.reason


def test_every_table_goes_where_it_belongs_in_an_order_that_citus_takes(cluster: str) -> None:
    done = distribute(cluster)

    made = calls(cluster)
    assert made[:2] == [
        "reference api_client",
        "distribute customer by id with default shards 128",
    ]
    assert distributed_tables(cluster) == SHARED == set(done.spread)
    assert {name for name in ON_COORDINATOR if any(name in call.split() for call in made)} == set()
    assert set(metadata.tables) == ON_COORDINATOR | SHARED
    # Citus makes local data invisible, and old rows there would break references.
    emptied = [call for call in made if call.startswith("truncate local")]
    assert made[-len(emptied) :] == emptied
    assert {"customer", "audit_entry", "api_client"} <= {call.split()[-1] for call in emptied}


def test_only_api_clients_are_on_every_node() -> None:
    assert [table.name for table in REFERENCE_TABLES] == ["api_client"]
    assert {"signing_key", "id_node", "portal_address", "administrator", "console_session"} <= (
        ON_COORDINATOR
    )
    assert [table.name for table in COORDINATOR_TABLES if table.foreign_key_constraints] == []


def test_second_run_has_nothing_to_do(cluster: str) -> None:
    distribute(cluster)
    before = calls(cluster)

    assert distribute(cluster) == Distribution(spread=[], brought_back=[])
    assert calls(cluster) == before


def test_reference_tables_of_an_earlier_version_come_back(cluster: str) -> None:
    before = ("administrator", "console_session", "signing_key")
    execute(cluster, "CREATE EXTENSION citus")
    for name in before:
        execute(cluster, f"SELECT create_reference_table('{name}')")

    done = distribute(cluster)

    assert done.brought_back == sorted(before)
    assert distributed_tables(cluster) == SHARED


def test_rows_are_copied_without_a_time_limit(cluster: str) -> None:
    distribute(cluster)

    limits = query(cluster, "SELECT DISTINCT statement_timeout FROM citus_calls")
    assert [row["statement_timeout"] for row in limits] == ["0"]


def test_workers_get_the_lock_timeout_from_the_role(cluster: str) -> None:
    distribute(cluster)

    assert query(cluster, "SHOW lock_timeout")[0][0] == "10s"


def test_servers_are_stopped_first(cluster: str) -> None:
    with opened(cluster) as store:
        store.scope()
        said = refusal(cluster)

    assert "other connections to this database. Stop every server" in said
    assert "citus_calls" not in tables_of(cluster)
    distribute(cluster)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("UPDATE id_node SET handed_out = 1", "session is writing to this database (psql)."),
        ("LOCK TABLE microtenant IN ROW EXCLUSIVE MODE", "uses the tables of this database."),
    ],
)
def test_other_writers_are_refused(cluster: str, held: str, said: str) -> None:
    async def work() -> None:
        writer = await asyncpg.connect(cluster, server_settings={"application_name": "psql"})
        try:
            async with writer.transaction():
                await writer.execute(held)
                reason = await asyncio.to_thread(refusal, cluster)
            assert said in reason
            assert "run this again" in reason
        finally:
            await writer.close()

    asyncio.run(work())
    distribute(cluster)


def test_database_without_citus_says_what_to_install(own_postgres: str) -> None:
    assert "lacks the Citus extension" in refusal(own_postgres)


def test_migrations_place_new_tables_of_a_distributed_database(postgres_url: str) -> None:
    url = new_postgres(postgres_url)
    offer_citus(url)

    def first_schema(connection: SyncConnection) -> None:
        command.upgrade(schema.migrations_on(connection, cipher_of(url)), "0001")
        connection.execute(text("CREATE EXTENSION citus"))
        for name in sorted(SHARED & set(inspect(connection).get_table_names())):
            connection.execute(text(f"INSERT INTO pg_dist_partition VALUES ('{name}', 'h')"))

    with_database(url, lambda database: database.run_sync(first_schema))
    upgrade(url)

    assert distributed_tables(url) - {"link_tally"} == SHARED
    assert with_database(url, distribute_database).brought_back == []


def tables_of(url: str) -> set[str]:
    """The names of the tables in a database."""
    return {row[0] for row in query(url, "SELECT tablename FROM pg_tables")}


def test_settings_for_citus_do_no_harm_without_it(own_postgres: str) -> None:
    async def look(database: Database) -> str:
        async with database.read() as connection:
            rows = await connection.rows(
                text("SELECT current_setting('citus.override_table_visibility') AS setting")
            )
            return str(rows[0].setting)

    assert with_database(own_postgres, look) == "off"
