"""Upgrades of databases with rows: what they keep, lock, tell, and leave when a migration fails."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, inspect, select, text
from sqlalchemy import Connection as SyncConnection

from portico.domain.errors import Unavailable
from portico.storage.engine import sqlite
from portico.storage.engine.connections import TEXT_INDEX, Database
from portico.storage.engine.database import sqlite_path
from portico.storage.schema import migrate as schema
from portico.storage.schema.compatibility import MIGRATIONS, VERSION_TABLE, revisions
from portico.storage.schema.migrate import UpgradeFailed
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.upgrade_plan import plan_upgrade
from portico.storage.secrets.secret_cipher import secret_location
from tests.harness import cipher_of, with_database
from tests.storage.schema.test_schema import looked_at, run_statement

Row = dict[str, Any]

# The strongest lock that PostgreSQL takes on a table that a migration touches.
LOCKS = {
    "RowExclusiveLock": {Effect.CHANGES_ROWS},
    "ShareLock": {Effect.IS_INDEXED},
    "ShareRowExclusiveLock": {Effect.IS_REFERRED_TO},
    "AccessExclusiveLock": {Effect.IS_ALTERED, Effect.IS_DROPPED},
}
HELD = text(
    "SELECT relname, mode FROM pg_locks JOIN pg_class ON pg_class.oid = pg_locks.relation "
    "WHERE pid = pg_backend_pid() AND relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


class Stored(NamedTuple):
    """A row, the table it was stored in, and the schema of that time."""

    revision: str
    table: str
    values: Row


def own_tables(connection: SyncConnection) -> list[Table]:
    """Every table of the database, each after those it refers to."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: not name.startswith(TEXT_INDEX))
    return [table for table in found.sorted_tables if table.name != VERSION_TABLE]


def made_value(column: Column[Any], number: int) -> int | str | bool:
    """A value of the column's type, which no other revision makes."""
    if isinstance(column.type, Boolean):
        return True
    if isinstance(column.type, BigInteger | Integer):
        return number
    return f"{column.name} {number}"


def store_rows(connection: SyncConnection, revision: str) -> Iterator[Stored]:
    """Stores a row with every column in every table, and refers to the rows of this revision."""
    number = 1_000 + int(revision)
    for table in own_tables(connection):
        # Keys and references have the same number everywhere, so each row finds its parent.
        values = {column.name: made_value(column, number) for column in table.columns}
        connection.execute(table.insert().values(values))
        yield Stored(revision, table.name, values)


def step(connection: SyncConnection, url: str, revision: str) -> None:
    """Runs one migration."""
    command.upgrade(schema.migrations_on(connection, cipher_of(url)), revision)


def moved(stored: Stored) -> tuple[str, Row]:
    """Where the row of an older schema is now, and as what."""
    values = dict(stored.values)
    if stored.table == "link_tally":  # 0004
        return "link_count", values | {"slot": 0}
    if stored.table == "customer":  # 0004
        values.pop("revision", None)
    values.pop("plain_text_left", None)  # set until the upgrade has erased it
    return stored.table, values


def require_kept(connection: SyncConnection, url: str, rows: Sequence[Stored]) -> None:
    """Fails unless the rows are in the database, with every value that they had."""
    reflected = MetaData()
    for stored in rows:
        name, _ = moved(stored)
        require_row(connection, url, stored, Table(name, reflected, autoload_with=connection))


def require_row(connection: SyncConnection, url: str, stored: Stored, table: Table) -> None:
    """Fails unless a row is in its table of today."""
    name, values = moved(stored)
    secret = {"signing_key": "secret", "identity_provider": "client_secret"}.get(name, "")
    plain = values.pop(secret, "") if stored.revision < "0012" else ""
    found = connection.execute(
        select(table).where(*(table.c[key] == value for key, value in values.items()))
    ).all()
    assert len(found) == 1, f"{name} lost a row of {stored.revision}: {values}"
    if plain:
        row = found[0]._asdict()
        keys = {key.name: row[key.name] for key in table.primary_key}
        keys |= {"customer_id": row["customer_id"]} if "customer_id" in row else {}
        location = secret_location(name, secret, keys)
        assert cipher_of(url).decrypt(location, row[secret]) == plain


def require_told_locks(connection: SyncConnection, revision: str, before: set[str]) -> None:
    """Fails unless the migration's `touches` are the locks that the transaction holds."""
    script = ScriptDirectory(str(MIGRATIONS)).get_revision(revision)
    strongest: dict[str, int] = {}
    order = list(LOCKS)
    for name, mode in connection.execute(HELD):
        if name in before and mode in order:
            strongest[name] = max(order.index(mode), strongest.get(name, 0))
    told = script.module.touches
    wrong = {
        name: order[strength]
        for name, strength in strongest.items()
        if told.get(name) not in LOCKS[order[strength]]
    }
    dropped = {name for name, effect in told.items() if effect is Effect.IS_DROPPED}
    assert (wrong, set(told) - dropped - set(strongest)) == ({}, set()), revision


def climb_with_rows(empty_url: str) -> list[Stored]:
    """Runs every migration, stores rows after each, and finds all of them at the end; the rows."""
    rows: list[Stored] = []
    is_sqlite = sqlite_path(empty_url) is not None

    def climb(connection: SyncConnection, steps: Sequence[str]) -> None:
        for revision in steps:
            before = set(inspect(connection).get_table_names()) - {VERSION_TABLE}
            step(connection, empty_url, revision)
            if not is_sqlite:
                require_told_locks(connection, revision, before)
            rows.extend(store_rows(connection, revision))

    # PostgreSQL holds the locks of a migration until its transaction ends.
    for steps in [revisions()] if is_sqlite else [[each] for each in revisions()]:
        looked_at(empty_url, partial(climb, steps=steps))

    def look(connection: SyncConnection) -> None:
        require_kept(connection, empty_url, rows)
        revision = connection.execute(
            text("SELECT revision FROM customer_revision WHERE customer_id = 1001 AND slot = 0")
        )
        assert revision.scalar() == 1_001

    looked_at(empty_url, look)
    return rows


def test_rows_of_every_schema_outlive_all_later_migrations(empty_url: str) -> None:
    rows = climb_with_rows(empty_url)

    assert {each.revision for each in rows} == set(revisions())


def at_revision(url: str, revision: str) -> list[Stored]:
    """Brings an empty database to an older schema with a row in every table."""
    rows: list[Stored] = []

    def work(connection: SyncConnection) -> None:
        step(connection, url, revision)
        rows.extend(store_rows(connection, revision))

    looked_at(url, work)
    return rows


def upgrade(url: str) -> list[str]:
    """Upgrades a database; the names of the migrations that ran."""
    applied = with_database(url, lambda database: schema.upgrade(database, cipher_of(url)))
    assert all(each.seconds >= 0 for each in applied)
    return [each.revision for each in applied]


def test_migration_that_fails_in_the_middle_is_named_and_can_be_run_again(empty_url: str) -> None:
    rows = at_revision(empty_url, "0013")
    asyncio.run(run_statement(empty_url, "CREATE TABLE portal_request (id INTEGER)"))

    with pytest.raises(UpgradeFailed) as failure:
        upgrade(empty_url)

    assert failure.value.reason.startswith("Migration 0016 failed: ")
    assert "portal_request" in failure.value.reason
    assert "the database still has schema 0013" in failure.value.reason
    assert with_database(empty_url, schema.current_revision) == "0013"
    # 0014 and 0015 are undone too.
    tables = looked_at(empty_url, lambda connection: inspect(connection).get_table_names())
    assert "console_password_link" not in tables

    asyncio.run(run_statement(empty_url, "DROP TABLE portal_request"))

    assert upgrade(empty_url) == [each for each in revisions() if each > "0013"]

    looked_at(empty_url, lambda connection: require_kept(connection, empty_url, rows))


def test_plan_names_tables_and_rows_and_changes_nothing(empty_url: str) -> None:
    at_revision(empty_url, "0017")

    plan = with_database(empty_url, plan_upgrade)

    assert plan.version.revision == "0017"
    favourites, dates, *_ = plan.migrations
    assert favourites.title.startswith("The order that people give their favourites")
    assert [(e.name, e.effect, e.rows) for e in favourites.tables] == [
        ("favourite", Effect.IS_ALTERED, 1)
    ]
    assert [each.name for each in dates.tables] == ["link_presentation", "portal_page"]
    assert with_database(empty_url, schema.current_revision) == "0017"
    assert upgrade(empty_url) == [each.revision for each in plan.migrations]
    assert with_database(empty_url, plan_upgrade).migrations == ()


@pytest.mark.one_database
def test_upgrade_beside_another_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "portico.db"
    path.touch(0o600)
    url = f"sqlite:///{path}"
    at_revision(url, "0018")
    opened = with_database(url, schema.schema_version)
    monkeypatch.setattr(sqlite, "LOCK_WAIT_SECONDS", 0.2)

    async def upgrade_meanwhile(database: Database) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await schema.upgrade(database, cipher_of(url))

    assert opened.revision == "0018"
    with pytest.raises(Unavailable, match="Another process is upgrading this database"):
        with_database(url, upgrade_meanwhile)
    assert with_database(url, schema.current_revision) == "0018"
