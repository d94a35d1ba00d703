"""`portico backup`: creating, verifying and restoring backups."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from portico.cli.options import ID, run_with_database, settings_options
from portico.cli.tables import moment, print_table
from portico.installation import make_cipher, open_runtime
from portico.services.backups.creating import create_backup, verify_backup
from portico.services.backups.restoring import Restored, restore_backup
from portico.services.backups.schedule import OTHER_SERVER
from portico.settings import Settings
from portico.storage.backups.manifest import Manifest, MissingBackupKey
from portico.storage.backups.signing_in import AbleToSignIn
from portico.storage.backups.writing import BackupRunning
from portico.storage.schema.compatibility import newest_revision

NICE = 10
KEY_MISSING = 2
"""The exit status of a restore without the key, which no repetition repairs."""

FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def backup() -> None:
    """Create, verify and restore backups of the server or of one tenant."""


@backup.command()
@FILE
@click.option("--customer", "customer_id", type=ID, help="Back up only the tenant with this id.")
@click.option("--scheduled", is_flag=True, hidden=True)  # how `portico serve` calls it
@settings_options("database")
def create(settings: Settings, file: Path, customer_id: int | None, scheduled: bool) -> None:
    """Write a backup to the new FILE, and read it back.

    Servers can run meanwhile. The backup shows the moment at which it began. An existing FILE is
    never replaced. The key that encrypts secrets is not in it: keep a copy of the key file too.
    """
    if scheduled:
        os.nice(NICE)  # requests come first
    try:
        manifest = run_with_database(
            settings,
            lambda database: create_backup(database, file, time.time, customer_id, alone=scheduled),
        )
    except BackupRunning:
        sys.exit(OTHER_SERVER)
    click.echo(f"Created {file} ({file.stat().st_size:,} bytes) and read it back.")
    click.echo(f"{_described(manifest)}\n{_key_needed(manifest)}")


@backup.command()
@FILE
def verify(file: Path) -> None:
    """Read the whole FILE, and say whether it is a complete and unchanged backup."""
    manifest = verify_backup(file)
    click.echo(f"{file} is complete and unchanged.")
    click.echo(f"{_described(manifest)}\n{_key_needed(manifest)}")


@backup.command()
@FILE
@click.option(
    "--without-secrets",
    is_flag=True,
    help="Give up the secrets that the key file cannot decrypt, and list what to enter again.",
)
@settings_options("database")
def restore(settings: Settings, file: Path, without_secrets: bool) -> None:
    """Fill a new database from FILE: a SQLite file that does not exist, or an empty PostgreSQL one.

    The file, its version and the key are checked before anything is written. An older backup is
    upgraded. Exits with status 2 if the key is missing.
    """
    try:
        restored = _restore(settings, file, without_secrets=without_secrets)
    except MissingBackupKey as error:
        click.echo(f"portico: {error.reason}", err=True)
        sys.exit(KEY_MISSING)
    manifest = restored.manifest
    click.echo(
        f"Restored {manifest.rows:,} rows of {len(manifest.tables)} tables. The database was read "
        f"back and equals the backup. It has schema {newest_revision()}."
    )
    click.echo(_described(manifest))
    _print_lost(restored)
    _print_administrators(restored.administrators)
    click.echo("Sessions and tokens are not restored: everybody signs in again.")


def _restore(settings: Settings, file: Path, *, without_secrets: bool) -> Restored:
    cipher = make_cipher(settings)
    return asyncio.run(
        restore_backup(
            file,
            settings.database,
            cipher,
            partial(open_runtime, settings, cipher=cipher),
            without_secrets=without_secrets,
        )
    )


def _described(manifest: Manifest) -> str:
    """Return what is in a backup, for people."""
    counts = (
        ("customer", "tenant"),
        ("user_portal", "portal"),
        ("user_portal_link", "link"),
        ("portal_user", "portal user"),
        ("administrator", "administrator"),
    )
    contents = ", ".join(_counted(manifest.rows_of(table), name) for table, name in counts)
    trail = manifest.rows_of("audit_entry")
    of = "the server" if manifest.customer_id is None else f"tenant {manifest.customer_id}"
    return (
        f"It shows {of} at {moment(manifest.time)} UTC, by Portico {manifest.portico} from "
        f"{manifest.database} with schema {manifest.schema}: {contents}, and the audit trail of "
        f"{_counted(trail, 'change')}."
    )


def _key_needed(manifest: Manifest) -> str:
    return f"Its secrets need key {' and '.join(manifest.secret_keys)}, which is not in it."


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def _print_lost(restored: Restored) -> None:
    """List what must be entered again after a restore without the key."""
    lost = restored.lost
    if lost is None:
        return
    if not (lost.providers or lost.second_factors):
        click.echo("No secret must be entered again.")
        return
    click.echo("Enter again what could not be decrypted:")
    for provider in lost.providers:
        click.echo(
            f"  the client secret of provider {provider.name} of tenant {provider.customer_id}: "
            f"portico provider set-secret {provider.id}"
        )
    for factor in lost.second_factors:
        click.echo(
            f"  the second factor of {factor.administrator}, who signs in with a recovery code, or "
            f"after: portico admin reset-second-factor {factor.administrator}"
        )


def _print_administrators(administrators: Sequence[AbleToSignIn]) -> None:
    if not administrators:
        click.echo("No administrator can sign in. Create one with `portico admin create`.")
        return
    click.echo("These administrators can sign in to the console:")
    print_table(
        ("Name", "Display name", "Roles", "Sign-in", "Last sign-in"),
        [
            (
                each.name,
                each.display_name,
                ", ".join(f"{role.value} of tenant {tenant}" for tenant, role in each.roles),
                _ways(each),
                moment(each.last_sign_in),
            )
            for each in administrators
        ],
    )
    click.echo("Disable those who must not, with `portico admin disable`.")


def _ways(person: AbleToSignIn) -> str:
    password = ["password" + (" and second factor" if person.second_factors else "")]
    return ", ".join([*(password if person.has_password else []), *person.providers])
