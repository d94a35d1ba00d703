"""A lock that somebody else holds: a conflict that a retry can win, never a wait without end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import text

from portico.domain.errors import ConcurrentChange, Unavailable
from portico.domain.records import Scope
from portico.domain.search import ListQuery
from portico.storage.engine import postgres, sqlite
from portico.storage.engine.database import open_database
from portico.storage.links.links import LinkRepository
from tests.harness import free_port, upgrade
from tests.storage.records import make_link
from tests.storage.store import Store, opened

WAIT_SECONDS = 0.3
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2].split(";"):
    connection.execute(statement).fetchall()
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


@contextmanager
def another_process(path: Path, begin: str = "BEGIN IMMEDIATE") -> Iterator[IO[bytes]]:
    """Another process in a transaction, until the block ends or its input is closed."""
    command = [sys.executable, "-c", HOLDER, str(path), begin]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            yield holder.stdin
        finally:
            holder.stdin.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a migrated SQLite database of this test alone."""
    upgrade(f"sqlite:///{tmp_path / 'portico.db'}")
    return tmp_path / "portico.db"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for a moment instead of ten seconds."""
    monkeypatch.setattr(sqlite, "LOCK_WAIT_SECONDS", WAIT_SECONDS)
    monkeypatch.setattr(postgres, "LOCK_WAIT_MILLISECONDS", int(WAIT_SECONDS * 1000))


def add(store: Store, scope: Scope, name: str) -> None:
    """Stores a link."""
    store.write(scope, lambda each: LinkRepository(each, scope).insert(make_link(scope, name)))


def names(store: Store, scope: Scope) -> list[str]:
    """The names of the scope's links."""
    page = store.read(lambda each: LinkRepository(each, scope).page(ListQuery()))
    return [link.name for link in page.items]


@pytest.mark.usefixtures("impatient")
def test_lock_of_another_process_is_a_conflict(path: Path) -> None:
    with opened(f"sqlite:///{path}") as store:
        scope = store.scope()
        add(store, scope, "Before")
        with another_process(path):
            start = time.monotonic()

            with pytest.raises(ConcurrentChange, match="locked by another process"):
                add(store, scope, "Refused")
            assert WAIT_SECONDS <= time.monotonic() - start < WAIT_SECONDS + 5
            assert names(store, scope) == ["Before"]
        add(store, scope, "After")
        assert names(store, scope) == ["After", "Before"]


@pytest.mark.usefixtures("impatient")
def test_first_write_of_a_process_meets_the_lock_as_a_conflict(path: Path) -> None:
    with opened(f"sqlite:///{path}") as store:
        scope = store.scope()
    with opened(f"sqlite:///{path}") as store, another_process(path):
        with pytest.raises(ConcurrentChange):
            add(store, scope, "Refused")
        assert names(store, scope) == []


def test_lock_that_is_freed_in_time_is_waited_for(path: Path) -> None:
    with opened(f"sqlite:///{path}") as store:
        scope = store.scope()

        async def write() -> None:
            async with store.database.write(scope.customer_id) as connection:
                await LinkRepository(connection, scope).insert(make_link(scope, "Wiki"))

        async def read_until_written(lock: IO[bytes]) -> int:
            reads = 0
            writing = asyncio.create_task(write())
            while not writing.done():
                async with store.database.read() as connection:
                    await LinkRepository(connection, scope).page(ListQuery())
                reads += 1
                if reads == 20:
                    lock.close()
                await asyncio.sleep(0.01)
            await writing
            return reads

        with another_process(path) as lock:
            reads = store.run(read_until_written(lock))

        assert reads >= 20
        assert names(store, scope) == ["Wiki"]


def test_reader_in_another_process_holds_no_writer_up(path: Path) -> None:
    with opened(f"sqlite:///{path}") as store:
        scope = store.scope()
        with another_process(path, "BEGIN; SELECT count(*) FROM customer"):
            add(store, scope, "Wiki")

            assert names(store, scope) == ["Wiki"]


@pytest.mark.usefixtures("impatient")
def test_queue_of_writers_that_is_too_long_is_a_conflict(path: Path) -> None:
    with opened(f"sqlite:///{path}") as store:
        scope = store.scope()

        async def work() -> None:
            async with store.database.write(scope.customer_id):
                with pytest.raises(ConcurrentChange, match="Too many writes"):
                    async with store.database.write(scope.customer_id):
                        raise AssertionError("two transactions at once")

        store.run(work())
        add(store, scope, "Next")
        assert names(store, scope) == ["Next"]


@pytest.mark.usefixtures("impatient")
def test_row_lock_of_another_server_is_a_conflict(postgres_url: str) -> None:
    upgrade(postgres_url)
    with opened(postgres_url) as store, opened(postgres_url) as other:
        scope = store.scope()
        link = make_link(scope, "Held")
        store.write(scope, lambda each: LinkRepository(each, scope).insert(link))

        async def refused() -> None:
            async with store.database.write(scope.customer_id) as connection:
                await LinkRepository(connection, scope).remove(link.id)

        async def hold() -> None:
            async with other.database.transaction() as connection:
                await LinkRepository(connection, scope).find(link.id, lock=True)
                with pytest.raises(ConcurrentChange, match="lock was not free"):
                    await asyncio.to_thread(store.run, refused())

        other.run(hold())
        add(store, scope, "After")
        assert names(store, scope) == ["After", "Held"]


def test_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "portico.db"
    path.write_bytes(b"This is no database." * 100)

    async def work() -> None:
        database = open_database(f"sqlite:///{path}")
        try:
            with pytest.raises(Unavailable):
                async with database.read() as connection:
                    await connection.rows(text("SELECT 1"))
            with pytest.raises(Unavailable):
                async with database.transaction():
                    raise AssertionError("a transaction on no database")
            with pytest.raises(Unavailable):
                await database.revision(1)
        finally:
            await database.close()

    asyncio.run(work())


def test_server_that_does_not_answer_is_unavailable() -> None:
    async def work() -> None:
        database = open_database(f"postgresql://nobody@127.0.0.1:{free_port()}/portico")
        try:
            with pytest.raises(Unavailable):
                async with database.read() as connection:
                    await connection.rows(text("SELECT 1"))
            with pytest.raises(Unavailable):
                async with database.write(1):
                    raise AssertionError("a transaction without a server")
            with pytest.raises(Unavailable):
                await database.revision(1)
        finally:
            await database.close()

    asyncio.run(work())


def test_busy_pool_is_unavailable(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "POOL_WAIT_SECONDS", WAIT_SECONDS)

    async def work() -> None:
        database = open_database(postgres_url, pool_size=1)
        try:
            async with database.read() as connection:
                await connection.rows(text("SELECT 1"))
                with pytest.raises(Unavailable, match="busy"):
                    async with database.read() as other:
                        await other.rows(text("SELECT 1"))
            async with database.read() as connection:
                assert len(await connection.rows(text("SELECT 1"))) == 1
        finally:
            await database.close()

    asyncio.run(work())
