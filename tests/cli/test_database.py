"""`portico db`, and a server that meets a database of another version."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.commands import refuse, refused, run_process, succeed
from tests.cli.conftest import execute
from tests.faults.trouble import at_once
from tests.harness import create_tenant, free_port, served
from tests.storage.schema.citus import offer_citus

AHEAD = "9999"
TOO_NEW = f"UPDATE alembic_version SET version_num = '{AHEAD}', oldest_server = '{AHEAD}'"


def schemas(url: str) -> tuple[str, str]:
    """The schema that `db current` says the database has, and the one that is needed."""
    found = re.fullmatch(
        r"database: +(\w+)\nneeded: +(\d+)\n", succeed("db", "current", "--database", url)
    )
    assert found
    return found[1], found[2]


def serve_in_vain(url: str) -> str:
    """Starts a server that has to refuse; its sentence."""
    return refused(run_process("serve", "--port", str(free_port()), "--database", url))


def test_upgrade_creates_a_database_and_makes_it_current(missing_database: str) -> None:
    created = succeed("db", "upgrade", "--create", "--database", missing_database)
    found, newest = schemas(missing_database)
    again = succeed("db", "upgrade", "--database", missing_database)

    assert created == again == f"The database has schema {newest}.\n"
    assert found == newest


def test_upgrade_makes_postgres_current(empty_postgres: str) -> None:
    before, newest = schemas(empty_postgres)
    succeed("db", "upgrade", "--database", empty_postgres)

    assert before == "none"
    assert schemas(empty_postgres) == (newest, newest)


def test_upgrade_to_a_newer_schema_in_range_changes_nothing(database: str) -> None:
    newest = schemas(database)[1]
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (AHEAD,))
        connection.commit()

    for options in (("upgrade",), ("upgrade", "--dry-run")):
        told = succeed("db", *options, "--database", database)
        assert told.startswith(f"The database has schema {AHEAD}, which is newer than that of")
        assert f"({newest}). This version can serve it." in told
    assert "This version can serve the newer schema." in succeed(
        "db", "current", "--database", database
    )
    succeed("tenant", "create", "Acme", "--database", database)


def test_dry_run_of_an_empty_database_creates_nothing(empty_postgres: str) -> None:
    told = succeed("db", "upgrade", "--dry-run", "--database", empty_postgres)

    assert told.startswith("The database has no tables.")
    assert schemas(empty_postgres)[0] == "none"


def test_upgrade_keeps_what_is_stored(database: str, customer_id: str) -> None:
    succeed("client", "create", "--customer", customer_id, "--database", database)

    succeed("db", "upgrade", "--database", database)

    listed = succeed("client", "list", "--customer", customer_id, "--json", "--database", database)
    assert "API client" in listed


def test_postgres_behind_is_refused_until_upgraded(empty_postgres: str, tmp_path: Path) -> None:
    _, needed = schemas(empty_postgres)
    sentence = serve_in_vain(empty_postgres)
    by_command = refuse("tenant", "create", "Acme", "--database", empty_postgres)

    assert sentence == by_command
    assert sentence == (
        f"The database has schema none, but this version of Portico needs {needed}. "
        "Run `portico db upgrade` with the same database first."
    )
    succeed("db", "upgrade", "--database", empty_postgres)
    with served(empty_postgres, tmp_path / "server.log") as server:
        assert create_tenant(server).caller().names() == []


def test_postgres_ahead_is_refused(empty_postgres: str) -> None:
    succeed("db", "upgrade", "--database", empty_postgres)
    execute(empty_postgres, TOO_NEW)

    by_serve = serve_in_vain(empty_postgres)
    by_upgrade = refuse("db", "upgrade", "--database", empty_postgres)
    current, _ = schemas(empty_postgres)

    for sentence in (by_serve, by_upgrade):
        assert f"schema {AHEAD}" in sentence
        assert "newer than this version of Portico" in sentence
    assert current == AHEAD


def test_sqlite_ahead_is_refused(database: str) -> None:
    succeed("db", "upgrade", "--database", database)
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection:
        connection.execute(TOO_NEW)
        connection.commit()

    by_serve = serve_in_vain(database)
    by_command = refuse("tenant", "create", "Acme", "--database", database)

    assert by_serve == by_command
    assert f"schema {AHEAD}" in by_serve
    assert "newer than this version of Portico" in by_serve


def test_upgrades_at_the_same_moment_all_succeed(empty_postgres: str) -> None:
    ended = at_once(3, lambda _: run_process("db", "upgrade", "--database", empty_postgres))

    assert [(each.status, each.errors) for each in ended] == [(0, "")] * 3


def test_database_that_falls_behind_is_not_ready(empty_postgres: str, tmp_path: Path) -> None:
    succeed("db", "upgrade", "--database", empty_postgres)
    with served(empty_postgres, tmp_path / "server.log") as server:
        execute(empty_postgres, TOO_NEW)

        answer = server.wait_until(ready=False)

        assert answer.json()["status"] == "not ready"
        assert "does not match" in answer.json()["reason"]
        assert server.http.get("/healthz").status_code == 200


def test_serve_says_why_it_cannot_start(empty_postgres: str) -> None:
    succeed("db", "upgrade", "--database", empty_postgres)
    name = empty_postgres.partition("?")[0].rpartition("/")[2]
    execute(empty_postgres, f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    sentence = serve_in_vain(empty_postgres)

    assert sentence.startswith("The database takes no writes: it is read-only or in recovery.")
    assert "cannot execute UPDATE in a read-only transaction" in sentence


def test_command_tells_what_the_database_said(empty_postgres: str) -> None:
    succeed("db", "upgrade", "--database", empty_postgres)
    execute(empty_postgres, "CREATE ROLE away LOGIN CONNECTION LIMIT 0")
    url = empty_postgres.replace("//postgres:", "//away:")

    sentence = serve_in_vain(url)

    execute(empty_postgres, "DROP ROLE away")
    assert 'too many connections for role "away"' in sentence


def test_distribute_tells_what_it_moved(empty_postgres: str) -> None:
    succeed("db", "upgrade", "--database", empty_postgres)
    offer_citus(empty_postgres)

    first = succeed("db", "distribute", "--database", empty_postgres).splitlines()
    second = succeed("db", "distribute", "--database", empty_postgres)

    assert first[:2] == ["Distributed api_client.", "Distributed customer."]
    assert first[-1] == "Every table is where it belongs."
    assert second == "Every table is where it belongs.\n"


def test_distribute_without_citus_says_what_to_install(empty_postgres: str) -> None:
    succeed("db", "upgrade", "--database", empty_postgres)

    sentence = refuse("db", "distribute", "--database", empty_postgres)

    assert "lacks the Citus extension. Install Citus on every node" in sentence
