"""`portico doctor` as an operator runs it, on a new installation and on broken ones."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from portico.cli.doctor import QUESTIONS
from tests.cli.commands import Finished, run, succeed, succeed_json
from tests.harness import free_port, served

pytestmark = pytest.mark.one_database

FORWARDED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
GOOD = f"Good to go: {len(QUESTIONS)} checks.\n"


def doctor(url: str, *options: str) -> Finished:
    """Runs doctor on a database."""
    return run("doctor", *options, "--database", url)


def content(url: str) -> bytes:
    """What the file of a database holds, and how its tables are."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return "\n".join(connection.iterdump()).encode()


def visit_through_proxy(url: str, log: Path, *options: str) -> None:
    """Serves a database, and sends requests with the headers of a reverse proxy."""
    with served(url, log, *options) as server:
        for _ in range(3):
            server.http.get("/console", headers=FORWARDED)


def test_new_installation_has_no_fault_until_its_proxy_has_one(
    missing_database: str, tmp_path: Path
) -> None:
    url, log = missing_database, tmp_path / "server.log"
    where = "--database", url
    succeed("db", "upgrade", "--create", *where)
    made = succeed_json("tenant", "create", "Example Ltd", *where)
    succeed("admin", "create", "ada", "--customer", made["customerId"], "--generate", *where)
    with served(url, log) as server:
        assert server.http.get("/console").status_code in {200, 303}
    before = content(url)

    assert doctor(url, "--strict") == Finished(0, GOOD, "")
    assert content(url) == before

    visit_through_proxy(url, log)
    warned = doctor(url)
    lines = warned.output.splitlines()
    assert (warned.status, doctor(url, "--strict").status) == (0, 2)
    assert lines[0].startswith("warn  proxy-headers: 3 of 3 requests came from 127.0.0.1 with ")
    assert lines[1].startswith("      If this is your proxy, ")
    assert lines[2].startswith("      $ portico serve --trusted-proxies 127.0.0.1 ")
    assert lines[3:] == [f"Good to go, with warnings: {len(QUESTIONS)} checks, 1 warn."]

    visit_through_proxy(url, log, "--trusted-proxies", "127.0.0.1")
    assert doctor(url, "--strict") == Finished(0, GOOD, "")

    issuer = f"http://127.0.0.1:{free_port()}"
    options = "--issuer", issuer, "--client-id", "portico", "--customer", made["customerId"]
    succeed("provider", "create", "Alder", *options, *where)
    assert f"cannot be reached at {issuer}" in doctor(url, "--run", "providers").output


def test_older_schema_is_a_fault_that_doctor_leaves_alone(database: str) -> None:
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0019'")
        connection.commit()
    before = content(database)

    told = doctor(database, "--json", "--run", "schema", "--run", "domains")

    schema, domains = json.loads(told.output)
    assert told.status == 1
    assert (schema["level"], domains["level"]) == ("FAIL", "not checked")
    assert "has schema 0019, but this version needs" in schema["found"]
    assert " db upgrade --database " in schema["command"]
    assert content(database) == before


def test_unreachable_database_is_a_fault(tmp_path: Path) -> None:
    told = doctor(f"postgresql://nobody@/none?host={tmp_path}")

    assert told.status == 1
    assert told.output.startswith("FAIL  database: The database cannot be reached: ")
    assert "not checked  domains: It needs the check database" in told.output
    assert told.output.splitlines()[-1].startswith("Not good to go: ")


def test_checks_are_listed_and_all_results_printed(database: str) -> None:
    path = Path(database.removeprefix("sqlite:///"))
    path.chmod(0o640)

    listed = doctor(database, "--list").output
    told = doctor(database, "--all").output

    for name, question in QUESTIONS.items():
        assert f"{name:17} {question}\n" in listed
        assert f"  {name}: " in told
    assert f"      $ chmod 600 {path}\n" in told
    assert "ok  domains: Every domain of a portal is allowed.\n" in told
