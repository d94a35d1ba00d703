"""Which rows a backup has: those of every table, unless its reason to be left out is written."""

from __future__ import annotations

import asyncio
import resource
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import LargeBinary, func, select

from portico.services.backups.creating import create_backup
from portico.storage.backups.loading import load_backup
from portico.storage.backups.manifest import BackupError, Manifest
from portico.storage.backups.stored_rows import (
    LEFT_OUT,
    OF_ADMINISTRATORS,
    OF_TENANT,
    OF_THE_INSTALLATION,
    kind_of,
    read_stored,
    rows_of_tenant,
    stored_tables,
)
from portico.storage.engine.connections import Database
from portico.storage.engine.database import create_database_file, sqlite_path
from portico.storage.schema.citus_placement import TENANT_TABLES, metadata
from portico.storage.schema.distribution import distribute_database
from portico.storage.schema.state_tables import tenant_column
from portico.storage.secrets.secret_cipher import SecretCipher
from tests.every_table import add_rows
from tests.harness import cipher_of, upgrade, with_database
from tests.storage.conftest import new_postgres
from tests.storage.schema.citus import offer_citus

T = TypeVar("T")
EVERY = {table.name for table in metadata.sorted_tables}
NUMBERS = (7, 8)
ORDERED_APART = ("Z", "a", "ä", "é", "_", "-a", "A", "\U0001f600", "\uffff")
"""Texts that databases and languages sort differently."""


@pytest.fixture
def full(tmp_path: Path) -> str:
    """A SQLite database with rows of two tenants in every table."""
    url = f"sqlite:///{tmp_path / 'full.db'}"
    upgrade(url)
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        for table in ("id_node", "secret_key"):
            connection.execute(f"DELETE FROM {table}")
        connection.commit()
    for number in NUMBERS:
        add_rows(path, number)
    return url


def backed_up(url: str, path: Path, customer_id: int | None = None) -> Manifest:
    """A backup of a database."""
    return with_database(url, lambda each: create_backup(each, path, lambda: 0.0, customer_id))


def loaded(url: str, path: Path, manifest: Manifest, cipher: SecretCipher) -> None:
    """Loads a backup into an empty database."""
    with_database(
        url,
        lambda each: each.run_sync(lambda found: load_backup(found, path, manifest, cipher)),
    )


def on_snapshot(url: str, look: Callable[[SyncConnection], T]) -> T:
    """The result of reading one state of a database."""
    results: list[T] = []

    async def run(database: Database) -> None:
        await database.snapshot(lambda connection: results.append(look(connection)))

    with_database(url, run)
    return results[0]


def add_domains(url: str, *names: str) -> None:
    """Adds rows with a text as their key."""
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection, connection:
        for name in names:
            connection.execute("INSERT INTO allowed_domain VALUES (?, 7, 0)", (name,))


def counts(url: str) -> dict[str, int]:
    """The number of rows of every table."""
    return on_snapshot(
        url,
        lambda connection: {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        },
    )


def test_every_table_is_backed_up_or_left_out_for_a_reason(full: str, tmp_path: Path) -> None:
    path = tmp_path / "every.zip"

    manifest = backed_up(full, path)

    assert set(LEFT_OUT) <= EVERY
    assert {each.name for each in manifest.tables} == EVERY - set(LEFT_OUT)
    assert {each.name for each in manifest.tables if each.rows != len(NUMBERS)} == set()
    assert all(
        set(each.columns) == set(metadata.tables[each.name].columns.keys())
        for each in manifest.tables
    )


def test_every_column_is_of_a_kind_that_backups_know() -> None:
    for table in metadata.sorted_tables:
        for column in table.columns:
            assert kind_of(column.type) in {int, str, bool}
    with pytest.raises(BackupError):
        kind_of(LargeBinary())


def test_backup_of_one_tenant_knows_whose_the_rows_of_every_table_are() -> None:
    of_tenants = {table.name for table in metadata.sorted_tables if tenant_column(table)}
    known = of_tenants | set(OF_ADMINISTRATORS) | set(OF_TENANT) | set(OF_THE_INSTALLATION)

    assert EVERY - set(LEFT_OUT) - known == set(), "Name them in stored_rows.py."


def test_backup_of_one_tenant_has_its_rows_alone(full: str, tmp_path: Path) -> None:
    manifest = backed_up(full, tmp_path / "one.zip", customer_id=7)

    rows = {each.name: each.rows for each in manifest.tables}
    whole = {name: rows.pop(name) for name in OF_THE_INSTALLATION}
    assert set(rows.values()) == {1}
    assert set(whole.values()) == {len(NUMBERS)}
    with pytest.raises(BackupError, match="no tenant 9"):
        backed_up(full, tmp_path / "none.zip", customer_id=9)
    assert not (tmp_path / "none.zip").exists()


def test_rows_pass_between_both_databases_unchanged(
    full: str, tmp_path: Path, postgres_url: str
) -> None:
    cipher = cipher_of(full)
    add_domains(full, *ORDERED_APART)
    first, second, third = (tmp_path / f"{number}.zip" for number in range(3))
    on_postgres, on_sqlite = new_postgres(postgres_url), f"sqlite:///{tmp_path / 'again.db'}"
    create_database_file(on_sqlite)
    original = backed_up(full, first)

    loaded(on_postgres, first, original, cipher)
    passed_on = backed_up(on_postgres, second)
    loaded(on_sqlite, second, passed_on, cipher)
    returned = backed_up(on_sqlite, third)

    assert original.tables == passed_on.tables == returned.tables
    assert (original.database, passed_on.database) == ("sqlite", "postgresql")
    restored = counts(on_sqlite)
    assert {name for name, rows in restored.items() if rows == 0} == set(LEFT_OUT)
    one, other = (
        backed_up(url, tmp_path / f"{number}-one.zip", customer_id=7)
        for number, url in enumerate((full, on_postgres))
    )
    assert one.tables == other.tables

    # In a cluster each tenant is read by one statement, and the backup is the same.
    offer_citus(on_postgres)
    with_database(on_postgres, distribute_database)
    assert backed_up(on_postgres, tmp_path / "cluster.zip").tables == original.tables


def test_rows_of_a_tenant_come_table_by_table(full: str) -> None:
    def look(connection: SyncConnection) -> tuple[list[Any], list[Any]]:
        names = {each.name for each in TENANT_TABLES}
        tables = [each for each in stored_tables(connection) if each.name in names]
        return list(rows_of_tenant(connection, tables, 7)), [each.name for each in tables]

    rows, names = on_snapshot(full, look)

    assert [name for name, _ in rows] == names


def test_snapshot_shows_one_state_while_others_write(full: str) -> None:
    async def run(database: Database) -> list[int]:
        seen: list[int] = []
        loop = asyncio.get_running_loop()

        async def write() -> None:
            async with database.transaction() as connection:
                await connection.run(metadata.tables["allowed_domain"].delete())

        def look(connection: SyncConnection) -> None:
            tables = stored_tables(connection)
            for _ in range(2):
                rows = [name for name, _ in read_stored(connection, tables, None)]
                seen.append(rows.count("allowed_domain"))
                asyncio.run_coroutine_threadsafe(write(), loop).result(10)

        await database.snapshot(look)
        return seen

    assert with_database(full, run) == [2, 2]
    assert counts(full)["allowed_domain"] == 0


def test_backup_needs_a_database_of_a_known_schema(full: str, tmp_path: Path) -> None:
    path = tmp_path / "refused.zip"
    empty = f"sqlite:///{tmp_path / 'empty.db'}"
    create_database_file(empty)
    with pytest.raises(BackupError, match="no tables of Portico"):
        backed_up(empty, path)
    for schema, reason in (("9999", "newer"), ("0011", "not encrypted")):
        file = sqlite_path(full)
        assert file is not None
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (schema,))
        with pytest.raises(BackupError, match=reason):
            backed_up(full, path)
    assert sorted(each.suffix for each in tmp_path.iterdir() if "refused" in each.name) == []


def test_full_disk_leaves_no_backup(full: str, tmp_path: Path) -> None:
    add_domains(full, *(secrets.token_hex(64 * 1024) for _ in range(4)))
    path = tmp_path / "full.zip"
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, most))
    try:
        with pytest.raises(BackupError, match="cannot be written: File too large"):
            backed_up(full, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    assert [each.name for each in tmp_path.iterdir() if "zip" in each.name] == []
    assert backed_up(full, path).rows > 0
