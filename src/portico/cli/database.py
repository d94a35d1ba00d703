"""`portico db`: the schema of the database."""

from __future__ import annotations

import click

from portico.cli.options import create_missing_database, run_with_database, settings_options
from portico.installation import make_cipher
from portico.settings import Settings
from portico.storage.engine.database import sqlite_path
from portico.storage.schema import migrate as schema
from portico.storage.schema.distribution import distribute_database


@click.group()
def db() -> None:
    """Manage the schema of the database."""


@db.command()
@click.option("--create", is_flag=True, help="Create the SQLite file if it does not exist.")
@settings_options("database")
def upgrade(settings: Settings, create: bool) -> None:
    """Upgrade the database to the schema of this version."""
    if create:
        create_missing_database(settings)
    # An empty PostgreSQL database exists on purpose, so it needs no option.
    creates = create or sqlite_path(settings.database) is None
    cipher = make_cipher(settings)
    run_with_database(settings, lambda database: schema.upgrade(database, cipher, create=creates))
    click.echo(f"The database has schema {schema.newest_revision()}.")


@db.command()
@settings_options("database")
def current(settings: Settings) -> None:
    """Print the schema version of the database, and the one that this version needs."""
    revision = run_with_database(settings, schema.current_revision)
    click.echo(f"database: {revision or 'none'}\nneeded:   {schema.newest_revision()}")


@db.command()
@settings_options("database")
def distribute(settings: Settings) -> None:
    """Distribute a PostgreSQL database over the nodes of its Citus cluster, by tenant.

    Stop every server first: the command refuses while one is connected. You can run it again; it
    continues where it stopped.
    """
    result = run_with_database(settings, distribute_database)
    for name in result.brought_back:
        click.echo(f"Moved {name} back to the coordinator.")
    for name in result.spread:
        click.echo(f"Distributed {name}.")
    click.echo("Every table is where it belongs.")
