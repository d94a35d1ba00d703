"""The `portico` command: serving, and what an operator does with the database at hand."""

from __future__ import annotations

import sys

import click

from portico import __version__
from portico.cli.administrators import admin
from portico.cli.applications import application
from portico.cli.clients import client
from portico.cli.database import db
from portico.cli.domains import domain
from portico.cli.keys import keys
from portico.cli.providers import provider
from portico.cli.serve import serve
from portico.cli.tenants import tenant
from portico.cli.users import user
from portico.domain.errors import PorticoError, Unavailable
from portico.settings import InvalidSetting


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="portico")
def portico() -> None:
    """Self-hosted user portals and portal links."""


for command in (serve, db, tenant, domain, client, admin, user, provider, application, keys):
    portico.add_command(command)


def main() -> None:
    """Runs the command line; a condition that we know becomes one sentence and exit status 1."""
    try:
        portico(standalone_mode=True)
    except InvalidSetting as error:
        sys.exit(f"portico: {error}")
    except PorticoError as error:
        sys.exit(f"portico: {_sentence(error)}")


def _sentence(error: PorticoError) -> str:
    """The reason, and for a database that cannot serve what it said itself."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    said = str(cause).partition("\n")[0].rstrip(".")
    if not isinstance(error, Unavailable) or not said or said in error.reason:
        return error.reason
    return f"{error.reason} It says: {said}."
