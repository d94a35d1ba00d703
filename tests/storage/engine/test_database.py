"""What a database URL means, and which ones are refused with a sentence."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from portico.domain.errors import Unavailable
from portico.storage.engine.connections import Database
from portico.storage.engine.database import (
    InvalidDatabaseUrl,
    MissingDatabase,
    create_database_file,
    open_database,
    require_database,
    sqlite_path,
)
from portico.storage.engine.files import create_private_file
from portico.storage.engine.postgres import PostgresDatabase
from portico.storage.engine.sqlite import SqliteDatabase
from portico.storage.schema import migrate as schema
from tests.harness import cipher_of, upgrade, with_database


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///portico.db", "portico.db"),
        ("sqlite:///data/portico.db", "data/portico.db"),
        ("sqlite:////var/lib/portico/portico.db", "/var/lib/portico/portico.db"),
        ("sqlite:///with space.db", "with space.db"),
        ("sqlite:///dänisch.db", "dänisch.db"),
    ],
)
def test_sqlite_url_names_a_file(url: str, path: str) -> None:
    assert sqlite_path(url) == Path(path)


@pytest.mark.parametrize("url", ["postgresql://host/name", "postgres://host/name", "", "mysql://x"])
def test_other_url_names_no_file(url: str) -> None:
    assert sqlite_path(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///portico.db?mode=ro",
        "sqlite://portico.db",
        "sqlite:portico.db",
    ],
)
def test_sqlite_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(InvalidDatabaseUrl, match="names no file; write sqlite:///path"):
        open_database(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "portico.db",
        "mysql://host/name",
        "SQLITE:///portico.db",
        "postgresql:/host/name",
        "postgresql+asyncpg://host/name",
        " postgresql://host/name",
    ],
)
def test_url_of_no_known_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidDatabaseUrl, match="is not a database URL; write sqlite:///path or"):
        open_database(url)


def test_refusal_does_not_tell_a_password() -> None:
    with pytest.raises(InvalidDatabaseUrl) as refusal:
        open_database("mysql://portico:hunter2@db.example.com/portico")

    assert "hunter2" not in refusal.value.reason


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://portico:hunter2@db.example.com:port/portico",
        "postgresql://portico:hunter2@db.example.com:0/portico",
        "postgresql://portico:hunter2@db.example.com:99999/portico",
        "postgresql://portico:hunter2@[::1/portico",
        "postgresql://portico:hunter2/9@db.example.com/portico",
        "postgres://portico:hunter2?9@db.example.com/portico",
        "postgres://portico:hunter2#9@db.example.com/portico",
    ],
)
def test_unreadable_postgresql_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidDatabaseUrl, match="cannot be read") as refusal:
        open_database(url)

    assert "hunter2" not in refusal.value.reason


@pytest.mark.parametrize("umask", [0o000, 0o777], ids=["open", "closed"])
def test_created_database_belongs_to_its_owner_alone(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "new" / "folder" / "portico.db"
    before = os.umask(umask)
    try:
        upgrade(f"sqlite:///{path}")
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE more (id INTEGER)")
        modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    finally:
        os.umask(before)
        other.close()

    assert modes == {
        "portico.db": 0o600,
        "portico.db-wal": 0o600,
        "portico.db-shm": 0o600,
        "portico.key": 0o600,
    }
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700


def test_existing_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "portico.db"
    path.write_text("content")
    path.chmod(0o640)

    create_database_file(f"sqlite:///{path}")

    assert path.read_text() == "content"
    assert path.stat().st_mode & 0o777 == 0o640


def test_file_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidDatabaseUrl, match=r"file/portico.db cannot be created"):
        create_database_file(f"sqlite:///{tmp_path}/file/portico.db")


def test_missing_file_is_refused_with_the_command_that_creates_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/my portico.db"

    with pytest.raises(MissingDatabase) as refusal:
        require_database(url)

    assert refusal.value.reason == (
        f"There is no database file {tmp_path}/my portico.db; "
        f"`portico db upgrade --create --database '{url}'` creates it."
    )
    require_database("postgresql://nowhere.invalid/portico")


def test_file_that_is_deleted_before_it_is_opened_stays_away(tmp_path: Path) -> None:
    path = tmp_path / "portico.db"
    upgrade(f"sqlite:///{path}")

    async def write(database: Database) -> None:
        path.unlink()
        async with database.transaction():
            raise AssertionError("a transaction on no file")

    with pytest.raises(Unavailable):
        with_database(f"sqlite:///{path}", write)

    assert [each.name for each in tmp_path.iterdir()] == ["portico.key"]


@pytest.mark.parametrize("name", ["with space", "100% sure", "a?mode=memory", "a#b", "dänisch"])
def test_any_file_name_can_be_opened(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.db"
    create_private_file(path)

    async def work() -> int | None:
        database = SqliteDatabase(path)
        try:
            await schema.upgrade(database, cipher_of(f"sqlite:///{tmp_path}/x"), create=True)
            return await database.revision(1)
        finally:
            await database.close()

    assert asyncio.run(work()) is None
    assert {each.name for each in tmp_path.iterdir()} == {path.name, "x.key"}


def test_opening_connects_to_nothing_yet(tmp_path: Path) -> None:
    path = tmp_path / "portico.db"

    assert isinstance(open_database(f"sqlite:///{path}"), SqliteDatabase)
    assert isinstance(open_database("postgresql://nowhere.invalid/portico"), PostgresDatabase)
    assert isinstance(open_database("postgres://nowhere.invalid/portico"), PostgresDatabase)
    assert not path.exists()


def test_closed_database_leaves_its_file_and_its_key(tmp_path: Path) -> None:
    path = tmp_path / "portico.db"
    upgrade(f"sqlite:///{path}")

    async def nothing(database: object) -> None:
        assert isinstance(database, SqliteDatabase)

    with_database(f"sqlite:///{path}", nothing)

    assert {each.name for each in tmp_path.iterdir()} == {"portico.db", "portico.key"}
