"""Writing a backup from a snapshot of the database."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import inspect, text

from portico import __version__
from portico.storage.backups.archive import finish_archive, written_rows
from portico.storage.backups.manifest import FORMAT, BackupError, Manifest
from portico.storage.backups.stored_rows import read_stored, stored_tables
from portico.storage.schema.compatibility import newest_revision, revisions

OLDEST_SCHEMA = "0012"
"""The first schema whose secrets are encrypted."""

BACKUP_LOCK = 0x4261636B7570  # "Backup" in ASCII
_TAKE_LOCK = text(f"SELECT pg_try_advisory_xact_lock({BACKUP_LOCK})")
_VERSION = text("SELECT version_num FROM alembic_version")
_KEYS = text("SELECT id FROM secret_key ORDER BY id")
_TENANT = text("SELECT 1 FROM customer WHERE id = :id")


class BackupRunning(BackupError):
    """Another server is making a backup of the database."""

    def __init__(self) -> None:
        super().__init__("Another server is making a backup of this database now.")


def write_backup(
    connection: SyncConnection, path: Path, now: int, customer_id: int | None, *, alone: bool
) -> None:
    """Write the rows of a snapshot and their manifest to a file, which `seal` completes.

    With `alone`, raises BackupRunning while another server makes a backup. Raises BackupError.
    """
    if alone and not _take_lock(connection):
        raise BackupRunning
    try:
        _write(connection, path, now, customer_id)
    except OSError as error:  # the database would report it as its own
        raise BackupError(f"The backup cannot be written: {error.strerror or error}.") from None


def _write(connection: SyncConnection, path: Path, now: int, customer_id: int | None) -> None:
    schema = _require_known_schema(connection)
    if customer_id is not None and not connection.execute(_TENANT, {"id": customer_id}).all():
        raise BackupError(
            f"There is no tenant {customer_id}. List them with `portico tenant list`."
        )
    tables = stored_tables(connection)
    with ZipFile(path, "w") as archive:
        with written_rows(archive) as rows:
            for table, values in read_stored(connection, tables, customer_id):
                rows.add(table, values)
        manifest = Manifest(
            format=FORMAT,
            portico=__version__,
            schema=schema,
            time=now,
            database=connection.dialect.name,
            customer_id=customer_id,
            secret_keys=tuple(connection.scalars(_KEYS)),
            lines_bytes=rows.tally.lines_bytes,
            tables=tuple(rows.tally.summary(each.name, each.columns) for each in tables),
        )
        finish_archive(archive, manifest)


def _take_lock(connection: SyncConnection) -> bool:
    """Return whether no other server makes a backup. SQLite needs no lock beside the folder's."""
    return connection.dialect.name != "postgresql" or bool(connection.execute(_TAKE_LOCK).scalar())


def _require_known_schema(connection: SyncConnection) -> str:
    """Return the schema of a database. Raises BackupError if this version cannot back it up."""
    if not inspect(connection).has_table("alembic_version"):
        raise BackupError("The database has no tables of Portico. Name another with --database.")
    schema = str(connection.execute(_VERSION).scalar())
    if schema not in revisions():
        raise BackupError(
            f"The database has schema {schema}, which is newer than this version of Portico "
            f"supports ({newest_revision()}). Make the backup with the newer Portico."
        )
    if schema < OLDEST_SCHEMA:
        raise BackupError(
            f"The database has schema {schema}, in which secrets are not encrypted yet. Copy the "
            "database with its own tools, then run `portico db upgrade`."
        )
    return schema
