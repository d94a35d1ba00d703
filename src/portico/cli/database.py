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
    """The schema of the database."""


@db.command()
@click.option("--create", is_flag=True, help="Create the SQLite file if it does not exist.")
@settings_options("database")
def upgrade(settings: Settings, create: bool) -> None:
    """Bring the database to the schema that this version needs."""
    if create:
        create_missing_database(settings)
    # An empty PostgreSQL database was created on purpose already.
    creates = create or sqlite_path(settings.database) is None
    cipher = make_cipher(settings)
    run_with_database(settings, lambda database: schema.upgrade(database, cipher, create=creates))
    click.echo(f"The database has schema {schema.newest_revision()}.")


@db.command()
@settings_options("database")
def current(settings: Settings) -> None:
    """Tell the schema that the database has, and the one that this version needs."""
    found = run_with_database(settings, schema.current_revision)
    click.echo(f"database: {found or 'none'}\nneeded:   {schema.newest_revision()}")


@db.command()
@settings_options("database")
def distribute(settings: Settings) -> None:
    """Spread a PostgreSQL database over the nodes of its Citus cluster, tenant by tenant.

    Stop every server first: it refuses while one is connected. Safe to run again: it does what is
    left to do.
    """
    done = run_with_database(settings, distribute_database)
    for name in done.brought_back:
        click.echo(f"Moved {name} back to the coordinator.")
    for name in done.spread:
        click.echo(f"Distributed {name}.")
    click.echo("Every table is where it belongs.")
