"""A fresh installation says what to type next, in commands that work when they are pasted."""

from __future__ import annotations

import os
import re
import subprocess
from html import unescape
from pathlib import Path

import pytest

from portico.cli.command_line import command_line
from portico.settings import Settings
from tests.cli.commands import succeed, succeed_json
from tests.harness import Server, served
from tests.web.visits import Visit

DOOR = "/console/sign-in"


def pasted(command: str, folder: Path) -> str:
    """What a command prints that is pasted into a shell somewhere else."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PORTICO_")}
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def printed_command(text: str) -> str:
    """The one command that a program printed on a line of its own."""
    (command,) = [line for line in text.splitlines() if " --database " in line]
    return command


def shown_command(server: Server, **headers: str) -> str:
    """The command on the console's sign-in page; empty when there is none."""
    page = Visit(server.http).get(DOOR, **headers).text
    found = re.search(r"<pre><code>(.*?)</code></pre>", page)
    return unescape(found[1]) if found else ""


def test_commands_lead_from_an_empty_database_to_the_console(database: str, tmp_path: Path) -> None:
    log, elsewhere = tmp_path / "server.log", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with served(database, log) as server:
        first = printed_command(log.read_text())
        assert shown_command(server) == first
        made = pasted(first, elsewhere)
        (listed,) = succeed_json("tenant", "list", "--database", database)
        second = printed_command(made)
        assert f"--customer {listed['customerId']}" in second
        assert shown_command(server) == second
        told = pasted(second, elsewhere)
        password = re.search(r"^Password: (\S+)$", told, re.MULTILINE)
        assert password
        assert shown_command(server) == ""
        entered = Visit(server.http).sign_in(DOOR, "ada", password[1])

    assert entered.status_code == 303


def test_serve_names_the_tenant_that_has_no_administrator(
    database: str, customer_id: str, tmp_path: Path
) -> None:
    log = tmp_path / "server.log"
    with served(database, log):
        told = log.read_text()
    succeed(
        "admin", "create", "ada", "--customer", customer_id, "--generate", "--database", database
    )
    with served(database, tmp_path / "second.log"):
        later = (tmp_path / "second.log").read_text()

    assert "Acme has no administrator yet." in told
    assert f"--customer {customer_id}" in printed_command(told)
    assert "administrator" not in later


def test_browsers_elsewhere_learn_no_paths(database: str, customer_id: str, tmp_path: Path) -> None:
    proxied = ("--trusted-proxies", "127.0.0.1")
    with served(database, tmp_path / "server.log", *proxied) as server:
        command = shown_command(server, x_forwarded_for="192.0.2.7")

    assert command == f"portico admin create ada --customer {customer_id} --generate"


def test_later_tenants_need_no_hint(database: str, customer_id: str) -> None:
    succeed(
        "admin", "create", "ada", "--customer", customer_id, "--generate", "--database", database
    )

    assert len(succeed("tenant", "create", "Second", "--database", database).splitlines()) == 1


def test_commands_name_the_file_with_the_password() -> None:
    url = "postgresql://portico:hunter2@db/links"
    settings = Settings(database=url, database_file="/etc/portico/database-url")

    command = command_line(settings).write("tenant", "list")

    assert command.endswith(" tenant list --database-file /etc/portico/database-url")


@pytest.mark.parametrize(
    ("url", "option"),
    [
        ("postgresql://portico@db/links", "--database postgresql://portico@db/links"),
        ("postgresql://portico:hunter2@db/links", '--database "$PORTICO_DATABASE"'),
        ("postgresql://db/links?password=hunter2", '--database "$PORTICO_DATABASE"'),
        ("sqlite:////srv/my data/p.db", "--database 'sqlite:////srv/my data/p.db'"),
    ],
)
def test_commands_name_the_database_without_its_password(url: str, option: str) -> None:
    assert (
        command_line(Settings(database=url))
        .write("tenant", "list")
        .endswith(f" tenant list {option}")
    )
