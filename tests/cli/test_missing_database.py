"""A wrong path makes no database: who creates one, and what the others say of a missing file."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.cli.commands import refuse, refused, run_process, succeed
from tests.harness import free_port, served

CUSTOMER = ("--customer", "42")
ISSUER = ("--issuer", "https://login.example", "--client-id", "portico")
COMMANDS = [
    ("db", "upgrade"),
    ("db", "current"),
    ("db", "distribute"),
    ("tenant", "create", "Acme"),
    ("client", "create", *CUSTOMER),
    ("client", "list", *CUSTOMER),
    ("client", "revoke", "42"),
    ("admin", "create", "ada", "--generate", *CUSTOMER),
    ("admin", "grant", "ada", *CUSTOMER),
    ("admin", "list", *CUSTOMER),
    ("admin", "password", "ada", "--generate"),
    ("admin", "disable", "ada"),
    ("admin", "enable", "ada"),
    ("user", "create", "uma", "--generate", *CUSTOMER),
    ("user", "list", *CUSTOMER),
    ("user", "disable", "uma", *CUSTOMER),
    ("user", "delete", "uma", *CUSTOMER),
    ("provider", "create", "Acme", *ISSUER, *CUSTOMER),
    ("provider", "list", *CUSTOMER),
    ("provider", "remove", "42"),
    ("provider", "set-secret", "42", "--no-client-secret"),
    ("keys", "rotate"),
    ("keys", "rotate-secret"),
    ("keys", "forget-secrets", "--yes"),
    ("serve",),
]


def name_of(command: tuple[str, ...]) -> str:
    """The words of a command that name it."""
    return " ".join(command[:2])


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_missing_file_is_refused_and_nothing_is_made(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    url = f"sqlite:///{tmp_path}/new/portico.db"
    port = ("--port", str(free_port())) if command == ("serve",) else ()

    sentence = refuse(*command, *port, "--database", url)

    assert sentence == (
        f"There is no database file {tmp_path}/new/portico.db; "
        f"`portico db upgrade --create --database {url}` creates it."
    )
    assert list(tmp_path.iterdir()) == []


def test_missing_file_is_refused_by_its_whole_path(tmp_path: Path) -> None:
    sentence = refuse("client", "list", *CUSTOMER, folder=tmp_path)

    assert f" {tmp_path}/portico.db; " in sentence
    assert list(tmp_path.iterdir()) == []


def test_printed_command_creates_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/portico.db"
    sentence = refuse("tenant", "create", "Acme", "--database", url)
    _, command, _ = sentence.split("`")

    succeed(*command.split()[1:])

    assert "Acme" in succeed("tenant", "create", "Acme", "--database", url)


@pytest.mark.parametrize("command", [("tenant", "create", "Acme"), ("serve",), ("db", "upgrade")])
def test_database_of_another_program_is_left_alone(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "places.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmark (id INTEGER)")
    other.close()
    port = ("--port", str(free_port())) if command == ("serve",) else ()

    sentence = refused(run_process(*command, *port, "--database", f"sqlite:///{path}"))

    assert "no tables of Portico" in sentence
    with sqlite3.connect(path) as other:
        tables = other.execute("SELECT name FROM sqlite_master").fetchall()
    other.close()
    assert tables == [("bookmark",)]


@pytest.mark.parametrize("umask", [0o000, 0o777], ids=["open", "closed"])
def test_demo_creates_its_database(tmp_path: Path, umask: int) -> None:
    folder, log = tmp_path / "new", tmp_path / "server.log"
    log.touch()
    before = os.umask(umask)
    try:
        with served(f"sqlite:///{folder}/portico.db", log, "--demo") as server:
            modes = {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}
            assert server.http.get("/readyz").status_code == 200
    finally:
        os.umask(before)

    names = {"portico.db", "portico.db-wal", "portico.db-shm", "portico.demo.json", "portico.key"}
    assert modes == dict.fromkeys(names, 0o600)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_loose_modes_are_warned_of(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/portico.db"
    succeed("db", "upgrade", "--create", "--database", url)
    config = tmp_path / "portico.toml"
    config.write_text('database = "postgresql://portico:hunter2@127.0.0.1/portico"\n')
    config.chmod(0o600)
    names = ("portico.db", "portico.db-wal", "portico.db-shm", "portico.key", "portico.toml")
    files = [tmp_path / name for name in names]
    options = ("--config", str(config))

    with served(url, tmp_path / "tight.log", *options):
        for each in files:
            each.chmod(0o644)
        with served(url, tmp_path / "loose.log", *options):
            loose = (tmp_path / "loose.log").read_text()
        tight = (tmp_path / "tight.log").read_text()

    for each in files:
        warning = f"{each} has mode 0644, so other accounts can use it. Run: chmod 600 {each}"
        assert warning in loose
        assert warning not in tight
    assert "hunter2" not in loose
