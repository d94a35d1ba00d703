"""`kill -9` in the middle of writes: what was acknowledged is there, and nothing is half there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from portico.storage.engine.database import sqlite_path
from tests.faults.writers import Writer, check, everything, kill_while_writing, new_writers
from tests.harness import Caller, create_tenant, start_server, upgrade

ROUNDS = 2


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that no other server has open, or one where servers may come and go."""
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    upgrade(url)
    return url


def test_kill_loses_nothing_that_was_acknowledged(own_database: str, tmp_path: Path) -> None:
    server = start_server(own_database, tmp_path / "server.log")
    tenant = create_tenant(server)
    credentials = tenant.credentials()
    past: list[Writer] = []

    for turn in range(ROUNDS):
        writers = new_writers(Caller(server, tenant.customer_id, credentials), 6, str(turn))
        kill_while_writing(server, writers)
        past += writers
        server = start_server(own_database, tmp_path / "server.log")
        stored = everything(Caller(server, tenant.customer_id, credentials))

        assert all(writer.created for writer in writers)
        check(past, stored)

    assert server.stop() == 0
    file = sqlite_path(own_database)
    if file is not None:
        with sqlite3.connect(file) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
