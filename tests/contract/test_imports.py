"""What a command and the server load: heavy packages only where they are needed."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from portico.cli import portico

MODULES = "import json, sys; print(json.dumps(sorted(sys.modules)))"
# A command needs none of these to print its help, or to manage the database.
OF_THE_SERVER = {"starlette", "jinja2", "granian", "uvloop"}
# A server needs these for single features: pictures, providers, passwords, tables, migrations,
# PostgreSQL, passkeys, QR codes, signatures of others and certificates.
RARE = {
    "PIL",
    "httpx",
    "argon2",
    "rich",
    "alembic",
    "asyncpg",
    "fido2",
    "segno",
    "joserfc",
    "cryptography.x509",
}

# A server needs these never, or only with PostgreSQL.
OF_OTHERS = {"pydantic", "attrs", "sqlalchemy.dialects.postgresql"}


def loaded(code: str) -> set[str]:
    """The modules that a new process has loaded after running some code."""
    command = [sys.executable, "-c", f"{code}\n{MODULES}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_loads_neither_the_database_nor_the_server() -> None:
    modules = loaded(
        "from click.testing import CliRunner\n"
        "from portico.cli import portico\n"
        "assert CliRunner().invoke(portico, ['--help']).exit_code == 0"
    )

    assert "portico.cli" in modules
    assert modules & {"sqlalchemy", "cryptography", "msgspec", *OF_THE_SERVER, *RARE} == set()


@pytest.mark.parametrize("module", ["tenants", "clients", "users", "keys", "database"])
def test_commands_do_not_load_the_server(module: str) -> None:
    modules = loaded(f"import portico.cli.{module}")

    assert "sqlalchemy" in modules
    assert modules & {*OF_THE_SERVER, *RARE} == set()


def test_server_loads_rare_packages_when_they_are_needed() -> None:
    modules = loaded(
        "from portico.app import create_app\n"
        "from portico.settings import Settings\n"
        "create_app(Settings(database='sqlite:////nowhere/portico.db'))"
    )

    assert "starlette" in modules
    assert modules & {*RARE, *OF_OTHERS} == set()


def test_help_lists_every_command_with_its_first_sentence() -> None:
    context = click.Context(portico)
    listed = portico.get_help(context)

    for name in portico.list_commands(context):
        command = portico.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(limit=100) in " ".join(listed.split())
    assert portico.get_command(context, "unknown") is None
