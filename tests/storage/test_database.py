"""What a database URL means, and which ones are refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.storage.database import InvalidDatabaseUrl, open_database, sqlite_path
from portico.storage.postgres import PostgresDatabase
from portico.storage.sqlite import SqliteDatabase
from tests.harness import upgrade, with_database


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


def test_folder_of_the_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "portico.db"

    upgrade(f"sqlite:///{path}")

    assert path.stat().st_size > 0


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidDatabaseUrl, match=r"folder of .* cannot be made"):
        open_database(f"sqlite:///{tmp_path}/file/portico.db")


def test_opening_connects_to_nothing_yet(tmp_path: Path) -> None:
    path = tmp_path / "portico.db"

    assert isinstance(open_database(f"sqlite:///{path}"), SqliteDatabase)
    assert isinstance(open_database("postgresql://nowhere.invalid/portico"), PostgresDatabase)
    assert isinstance(open_database("postgres://nowhere.invalid/portico"), PostgresDatabase)
    assert not path.exists()


def test_closed_database_leaves_one_file(tmp_path: Path) -> None:
    path = tmp_path / "portico.db"
    upgrade(f"sqlite:///{path}")

    async def nothing(database: object) -> None:
        assert isinstance(database, SqliteDatabase)

    with_database(f"sqlite:///{path}", nothing)

    assert [each.name for each in tmp_path.iterdir()] == ["portico.db"]
