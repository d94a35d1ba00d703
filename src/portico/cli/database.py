"""`portico db`: the schema of the database."""

from __future__ import annotations

from collections.abc import Sequence

import click

from portico.cli.options import create_missing_database, run_with_database, settings_options
from portico.installation import make_cipher
from portico.settings import Settings
from portico.storage.engine.database import sqlite_path
from portico.storage.schema import migrate as schema
from portico.storage.schema.compatibility import SchemaVersion, newest_revision
from portico.storage.schema.distribution import distribute_database
from portico.storage.schema.upgrade_plan import (
    PlannedMigration,
    TouchedTable,
    UpgradePlan,
    plan_upgrade,
)


@click.group()
def db() -> None:
    """Manage the schema of the database."""


@db.command()
@click.option("--create", is_flag=True, help="Create the SQLite file if it does not exist.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print the migrations that would run, with their tables, rows and locks. Change nothing.",
)
@settings_options("database")
def upgrade(settings: Settings, create: bool, dry_run: bool) -> None:
    """Upgrade the database to the schema of this version, in one transaction.

    If a migration fails, the database keeps its old schema, and you can run the command again.
    """
    if dry_run:
        plan = run_with_database(settings, plan_upgrade)
        click.echo(_plan_text(plan, is_sqlite=sqlite_path(settings.database) is not None))
        return
    if create:
        create_missing_database(settings)
    # An empty PostgreSQL database exists on purpose, so it needs no option.
    creates = create or sqlite_path(settings.database) is None
    cipher = make_cipher(settings)
    plan = run_with_database(settings, plan_upgrade)
    applied = run_with_database(
        settings, lambda database: schema.upgrade(database, cipher, create=creates)
    )
    if plan.version.revision is not None:
        _report(plan.migrations, applied)
    click.echo(_schema_text(plan.version))


def _report(
    planned: Sequence[PlannedMigration], applied: Sequence[schema.AppliedMigration]
) -> None:
    """Print how long each migration took, and how many rows the tables had that it touched."""
    seconds = {each.revision: each.seconds for each in applied}
    for migration in planned:
        # Another process can have run it while this one waited.
        if migration.revision in seconds:
            duration = f"{seconds[migration.revision]:.2f} s"
            tables = ", ".join(f"{each.name} ({_rows(each)})" for each in migration.tables)
            where = tables or "new tables only"
            click.echo(f"{migration.revision}  {migration.title}: {duration}, {where}.")


def _schema_text(before: SchemaVersion) -> str:
    if before.is_newer:
        return (
            f"The database has schema {before.revision}, which is newer than that of this version "
            f"({newest_revision()}). This version can serve it."
        )
    return f"The database has schema {newest_revision()}."


def _plan_text(plan: UpgradePlan, *, is_sqlite: bool) -> str:
    """Return what an upgrade would do, as text."""
    if not plan.migrations:
        return f"{_schema_text(plan.version)} There is nothing to upgrade."
    if plan.version.revision is None:
        return f"The database has no tables. `db upgrade` creates them at {newest_revision()}."
    lines = [
        f"The database has schema {plan.version.revision}. `portico db upgrade` runs these "
        "migrations in one transaction:"
    ]
    for migration in plan.migrations:
        lines += ["", f"{migration.revision}  {migration.title}."]
        for each in migration.tables:
            waiting = "" if is_sqlite else f"; {each.effect.waiting}"
            lines.append(f"      {each.name}, {_rows(each)}: {each.effect.change}{waiting}.")
        if not migration.tables:
            lines.append("      Only new tables or columns of Portico's own. No rows are touched.")
    if is_sqlite:
        lines += ["", "SQLite: writes wait until the upgrade ends. Reads do not wait."]
    return "\n".join([*lines, "", _servers_text(plan)])


def _servers_text(plan: UpgradePlan) -> str:
    oldest = plan.migrations[-1].oldest_server
    if plan.version.revision is not None and oldest <= plan.version.revision:
        return (
            f"Servers with schema {oldest} or newer can run during and after the upgrade, so you "
            "can replace them one by one."
        )
    return (
        f"Only servers with schema {oldest} or newer can serve the upgraded database. Stop older "
        "ones before the upgrade."
    )


def _rows(table: TouchedTable) -> str:
    if table.rows is None:
        return "rows not counted in time"
    return f"{table.rows:,} {'row' if table.rows == 1 else 'rows'}"


@db.command()
@settings_options("database")
def current(settings: Settings) -> None:
    """Print the schema version of the database, and the one that this version needs."""
    version = run_with_database(settings, schema.schema_version)
    click.echo(f"database: {version.revision or 'none'}\nneeded:   {newest_revision()}")
    if version.is_newer and version.can_be_served:
        click.echo("This version can serve the newer schema.")


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
