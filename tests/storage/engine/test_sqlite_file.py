"""A SQLite file that is deleted, replaced or damaged while it is open."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from portico.domain.errors import Unavailable
from portico.storage.engine.sqlite_connections import SqliteConnection
from portico.storage.engine.sqlite_file import DatabaseDamaged, DatabaseReplaced
from tests.harness import upgrade
from tests.storage.store import Store, opened

COUNT = text("SELECT count(*) AS customers FROM customer")
PAGE_BYTES = 4096
WAIT_SECONDS = 20.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An upgraded SQLite file of this test alone."""
    path = tmp_path / "portico.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    """An open store on that file."""
    with opened(f"sqlite:///{file}") as made:
        yield made


def delete(path: Path) -> None:
    """Deletes a database file."""
    path.unlink()


def replace(path: Path) -> None:
    """Puts another database in its place, without the logs of the old one."""
    other = path.with_name("backup.db")
    upgrade(f"sqlite:///{other}")
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink()
    other.replace(path)


def empty(path: Path) -> None:
    """Cuts a file to nothing."""
    path.write_bytes(b"")


def customers(path: Path) -> int:
    """How many tenants a file holds."""
    with sqlite3.connect(path) as connection:
        count: int = connection.execute("SELECT count(*) FROM customer").fetchone()[0]
    connection.close()
    return count


def wait_for(happened: Callable[[], bool]) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def damage_is_known(store: Store) -> bool:
    """Whether the database says that it is damaged; starts a scan for it when one is due."""
    try:
        store.database.check_storage()
    except DatabaseDamaged:
        return True
    return False


@pytest.mark.parametrize("change", [delete, replace, empty])
def test_write_after_the_file_is_gone_is_refused(
    store: Store, file: Path, change: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    store.scope()
    change(file)

    with pytest.raises(DatabaseReplaced, match="must be restarted"):
        store.scope()

    lines = [each for each in caplog.records if each.__dict__.get("event") == "database.replaced"]
    assert len(lines) == 1
    assert lines[0].levelno == logging.ERROR
    assert str(file) in lines[0].getMessage()


@pytest.mark.parametrize("change", [delete, replace, empty])
def test_reads_stop_after_the_file_is_gone(
    store: Store, file: Path, change: Callable[[Path], None]
) -> None:
    scope = store.scope()
    assert store.run(store.database.revision(scope.customer_id)) == 0

    change(file)

    def is_refused() -> bool:
        try:
            store.run(store.database.revision(scope.customer_id))
        except DatabaseReplaced:
            return True
        return False

    wait_for(is_refused)
    with pytest.raises(DatabaseReplaced):
        store.read(lambda connection: connection.rows(COUNT))


def test_commit_that_races_a_replacement_is_not_acknowledged(store: Store, file: Path) -> None:
    """The file is replaced after the look that precedes COMMIT, just before SQLite runs it."""
    store.scope()

    async def write() -> None:
        async with store.database.transaction() as connection:
            assert isinstance(connection, SqliteConnection)
            connection._timed.connection.set_trace_callback(
                lambda statement: replace(file) if statement == "COMMIT" else None
            )
            await connection.run(text("UPDATE customer SET name = 'Renamed'"))

    with pytest.raises(DatabaseReplaced):
        store.run(write())

    assert customers(file) == 0


def test_writers_of_a_batch_are_all_refused(store: Store, file: Path) -> None:
    store.scope()

    async def write() -> None:
        async with store.database.transaction() as connection:
            await connection.run(text("UPDATE customer SET name = 'Renamed'"))

    async def write_at_once() -> list[BaseException | None]:
        writers = [asyncio.create_task(write()) for _ in range(10)]
        await asyncio.sleep(0)
        file.unlink()
        return await asyncio.gather(*writers, return_exceptions=True)

    outcomes = store.run(write_at_once())

    assert [type(each) for each in outcomes] == [DatabaseReplaced] * 10


def test_closing_leaves_the_log_of_the_new_file_alone(store: Store, file: Path) -> None:
    """The last connection to close deletes the write-ahead log, but never that of another file."""
    store.scope()
    wal = file.with_name("portico.db-wal")
    file.unlink()
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink()
    url = f"sqlite:///{file.with_name('other.db')}"
    upgrade(url)
    with opened(url) as other:
        other.scope()
        for end in ("", "-wal"):
            content = file.with_name(f"other.db{end}").read_bytes()
            file.with_name(file.name + end).write_bytes(content)
    before = wal.read_bytes()

    with pytest.raises(DatabaseReplaced):
        store.database.check_storage()
    store.run(store.database.close())

    assert wal.read_bytes() == before
    assert customers(file) == 1


def test_damaged_page_is_found_before_anybody_reads_it(store: Store, file: Path) -> None:
    for _ in range(50):
        store.scope()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'customer'")
        offset = (page.fetchone()[0] - 1) * PAGE_BYTES
    connection.close()
    with file.open("r+b") as content:
        content.seek(offset)
        content.write(b"\xff" * PAGE_BYTES)

    wait_for(lambda: damage_is_known(store))


def test_file_that_is_no_database_any_more_is_damaged(
    store: Store, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    file.write_bytes(b"x" * PAGE_BYTES)

    wait_for(lambda: damage_is_known(store))

    events = [each.__dict__.get("event") for each in caplog.records]
    assert events.count("database.damaged") == 1


def test_file_that_never_was_a_database_is_refused_without_a_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "other.db"
    file.write_bytes(b"x" * PAGE_BYTES)

    with pytest.raises(Unavailable, match="not a database"):
        upgrade(f"sqlite:///{file}")

    assert caplog.records == []


def test_sound_file_stays_sound(store: Store) -> None:
    for _ in range(3):
        store.scope()
        assert not damage_is_known(store)
        time.sleep(0.2)  # the scan that the first look started takes a few milliseconds
