"""Lists as tables: fitted to a terminal, whole for programs."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.cli.commands import run_process, succeed, succeed_json

LONG = "Occupational Health and Safety of the Eastern Treatment Works, all sites " * 3


@pytest.fixture
def where(database: str) -> tuple[str, ...]:
    """The options that name a tenant with a long name, and its database."""
    made = succeed_json("tenant", "create", LONG, "--database", database)
    return ("--customer", made["customerId"], "--database", database)


def test_tables_for_programs_have_whole_cells_between_tabs(
    database: str, where: tuple[str, ...]
) -> None:
    name, email = LONG.strip(), f"{'ada' * 15}@alder.example"
    succeed("client", "create", "--name", name, *where)
    succeed("admin", "create", name, "--email", email, "--generate", *where)
    succeed("user", "create", name, "--email", email, "--generate", *where)
    issuer = f"https://{'login.' * 10}example"
    succeed("provider", "create", name, "--issuer", issuer, "--client-id", "c" * 90, *where)
    succeed("domain", "allow", f"{'long.' * 20}example", *where)

    for noun in ("client", "admin", "user", "provider", "domain", "tenant"):
        options = where[2:] if noun == "tenant" else where
        narrow = {"COLUMNS": "40"}
        listed = run_process(noun, "list", *options, environment=narrow).output.splitlines()
        headings, *rows = [line.split("\t") for line in listed]
        assert len(rows) == 1, noun
        assert len(rows[0]) == len(headings) > 3
        assert name in rows[0]
        assert "\N{HORIZONTAL ELLIPSIS}" not in "".join(rows[0])


def test_table_in_a_narrow_terminal_keeps_ids_whole(where: tuple[str, ...]) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "portico", "tenant", "list", *where[2:]]
    environment = {**os.environ, "COLUMNS": "50", "TERM": "xterm"}
    subprocess.run(command, stdout=child, check=True, timeout=60, env=environment)
    os.close(child)
    shown = ""
    try:
        while part := os.read(parent, 65_536):
            shown += part.decode()
    except OSError:  # so Linux says that the other end is closed
        pass
    os.close(parent)

    assert "\t" not in shown
    assert where[1] in shown
    plain = re.sub("\x1b\\[[0-9;]*m", "", shown)
    assert all(len(line) <= 50 for line in plain.splitlines())


def test_names_are_shown_as_they_are(database: str) -> None:
    made = succeed_json("tenant", "create", "[red]Acme[/red] :smile:", "--database", database)

    listed = succeed("tenant", "list", "--database", database)

    assert listed.splitlines()[1].startswith(f"{made['customerId']}\t[red]Acme[/red] :smile:\t")
