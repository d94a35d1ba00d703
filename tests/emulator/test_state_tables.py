"""Every table of the schema is state or named as something else, and a reset restores all of it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from portico.emulation.databases import temporary_database
from portico.emulator.ids import FIRST_ID, CountingIds
from portico.emulator.snapshots import Snapshots
from portico.storage.engine.database import sqlite_path
from portico.storage.engine.sqlite import SqliteDatabase
from portico.storage.schema.state_tables import (
    KEPT,
    REVISIONS,
    SHARED,
    highest_id,
    state_tables,
    tenant_column,
)
from tests.every_table import TABLES, add_rows

STATE = [table for table in TABLES if table.name not in {*KEPT, REVISIONS}]
Dump = dict[str, list[tuple[object, ...]]]
Test = Callable[[Snapshots, Path], Coroutine[Any, Any, None]]


def test_every_table_is_of_one_kind() -> None:
    names = {table.name for table in TABLES}
    of_tenants = {table.name for table in TABLES if tenant_column(table)} - KEPT - {REVISIONS}

    assert names >= KEPT | SHARED | {REVISIONS}
    assert of_tenants.isdisjoint(SHARED | KEPT)
    forgotten = names - of_tenants - SHARED - KEPT - {REVISIONS}
    assert forgotten == set(), "Name these tables in SHARED or KEPT of state_tables.py."
    assert {table.name for table in state_tables()} == of_tenants | SHARED


def change(path: Path, statement: str, *values: object) -> None:
    """Runs one statement for each table of state, last tables first."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for table in reversed(STATE):
            connection.execute(statement.format(table.name), values)
        connection.commit()


def contents(path: Path) -> Dump:
    """All rows of the tables of state."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table.name: sorted(connection.execute(f"SELECT * FROM {table.name}").fetchall())
            for table in STATE
        }


def check_integrity(path: Path) -> None:
    """The file, its references and its text index are sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("INSERT INTO link_text (link_text, rank) VALUES ('integrity-check', 1)")


def with_snapshots(cache: Path, test: Test) -> None:
    """Runs a test on snapshots of an empty database."""

    async def run() -> None:
        async with temporary_database(cache) as url:
            path = sqlite_path(url)
            assert path is not None
            with closing(sqlite3.connect(path)) as connection:
                for table in ("id_node", "secret_key"):  # each has a row from the start
                    connection.execute(f"DELETE FROM {table}")
                connection.commit()
            database = SqliteDatabase(path, durable=False)
            try:
                await test(Snapshots(database, CountingIds(), lambda: 0.0), path)
            finally:
                await database.close()

    asyncio.run(run())


def test_reset_restores_every_table(empty_databases: Path) -> None:
    async def test(snapshots: Snapshots, path: Path) -> None:
        add_rows(path, 7)
        await snapshots.open()
        await snapshots.save_seed()
        seed = contents(path)
        assert all(len(rows) == 1 for rows in seed.values())

        change(path, "DELETE FROM {}")
        assert not any(contents(path).values())
        await snapshots.reset()
        assert contents(path) == seed
        check_integrity(path)

        add_rows(path, 8, STATE)
        await snapshots.reset()
        assert contents(path) == seed
        check_integrity(path)

    with_snapshots(empty_databases, test)


def test_reset_restores_every_changed_column(empty_databases: Path) -> None:
    async def test(snapshots: Snapshots, path: Path) -> None:
        add_rows(path, 7)
        await snapshots.open()
        await snapshots.save_seed()
        seed = contents(path)
        for table in state_tables():
            for column in {*table.columns} - {*table.key}:
                with closing(sqlite3.connect(path)) as connection:
                    connection.execute(f"UPDATE {table.name} SET {column} = 0")
                    connection.commit()
        assert contents(path) != seed

        await snapshots.reset()

        assert contents(path) == seed
        check_integrity(path)

    with_snapshots(empty_databases, test)


def test_reset_of_a_tenant_leaves_the_others_alone(empty_databases: Path) -> None:
    async def test(snapshots: Snapshots, path: Path) -> None:
        add_rows(path, 7)
        add_rows(path, 8, STATE)
        await snapshots.open()
        await snapshots.save_seed()
        seed = contents(path)

        change(path, "DELETE FROM {}")
        await snapshots.reset(7)

        restored = contents(path)
        for table in state_tables():
            expected = [row for row in seed[table.name] if row[0] in (7, "7")]
            if table.name in SHARED or table.name == "administrator_grant":
                expected = []  # the administrator was deleted, and its grant stays away with it
            assert len(restored[table.name]) == len(expected), table.name
        await snapshots.reset()
        assert contents(path) == seed
        await snapshots.remove_tenant(8)
        assert all(
            len(rows) == (2 if name in SHARED else 1) for name, rows in contents(path).items()
        )
        check_integrity(path)

    with_snapshots(empty_databases, test)


def test_ids_continue_after_those_in_a_file(empty_databases: Path) -> None:
    async def test(snapshots: Snapshots, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            assert highest_id(connection) == 0
        add_rows(path, FIRST_ID + 5)
        with closing(sqlite3.connect(path)) as connection:
            assert highest_id(connection) == FIRST_ID + 5

    with_snapshots(empty_databases, test)


@pytest.mark.parametrize("table", STATE, ids=lambda table: str(table.name))
def test_tables_of_state_have_a_key_to_compare_by(table: Table) -> None:
    assert table.primary_key.columns
