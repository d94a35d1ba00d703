"""Loading the rows of a backup into an empty database, in one transaction.

The rows go into the schema that they come from, are read back and compared, and then every newer
migration runs. So an upgrade of a backup is an upgrade of the database that it shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import delete, insert, inspect, text

from portico.storage.backups.archive import Tally, Value, encode_row, read_rows
from portico.storage.backups.manifest import BackupError, DamagedBackup, Manifest, TableSummary
from portico.storage.backups.stored_rows import StoredTable, read_stored, stored_tables
from portico.storage.schema.citus_placement import metadata
from portico.storage.schema.migrate import migrations_on
from portico.storage.secrets.secret_cipher import SecretCipher

_ROWS_AT_ONCE = 500
_LARGE = 1024 * 1024


def load_backup(
    connection: SyncConnection, path: Path, manifest: Manifest, cipher: SecretCipher
) -> None:
    """Fill an empty database from a verified backup, and upgrade it to the newest schema.

    Raises BackupError for a database with tables, or DamagedBackup; the caller's transaction must
    be rolled back then. May raise what a migration raises.
    """
    from alembic import command

    require_empty(connection)
    migrations = migrations_on(connection, cipher)
    command.upgrade(migrations, manifest.schema)
    tables = {each.name: each for each in stored_tables(connection)}
    for summary in manifest.tables:
        _require_columns(summary, tables.get(summary.name))
    loaded = [tables[each.name] for each in manifest.tables]
    for table in reversed(loaded):
        connection.execute(delete(table.clause))  # a migration made the first id and key
    for summary, rows in _batches(read_rows(path, manifest)):
        _insert(connection, tables[summary.name], summary, rows)
    _compare(connection, loaded, manifest)
    command.upgrade(migrations, "head")
    if connection.dialect.name == "sqlite":
        _check_file(connection)


def require_empty(connection: SyncConnection) -> None:
    """Raise BackupError if a database has tables of Portico."""
    present = set(inspect(connection).get_table_names())
    if present & {"alembic_version", *metadata.tables}:
        raise BackupError(
            "The database already has tables of Portico. A restore never changes an existing "
            "database. Create a new one, and name it with --database."
        )


def _require_columns(summary: TableSummary, table: StoredTable | None) -> None:
    if table is None:
        raise DamagedBackup(f"Its schema has no table {summary.name:.80}.")
    if set(summary.columns) != set(table.columns) or len(summary.columns) != len(table.columns):
        raise DamagedBackup(f"The columns of {summary.name} are not those of its schema.")


def _batches(
    rows: Iterator[tuple[TableSummary, list[Value]]],
) -> Iterator[tuple[TableSummary, list[list[Value]]]]:
    """Group consecutive rows of one table, few enough to be in memory at once."""
    current: TableSummary | None = None
    batch: list[list[Value]] = []
    size = 0
    for summary, values in rows:
        if batch and (summary is not current or len(batch) >= _ROWS_AT_ONCE or size >= _LARGE):
            assert current is not None
            yield current, batch
            batch, size = [], 0
        current = summary
        batch.append(values)
        size += sum(len(each) for each in values if isinstance(each, str))
    if current is not None:
        yield current, batch


def _insert(
    connection: SyncConnection,
    table: StoredTable,
    summary: TableSummary,
    rows: Sequence[Sequence[Value]],
) -> None:
    named = [dict(zip(summary.columns, values, strict=True)) for values in rows]
    for row in named:
        if not table.accepts([row[name] for name in table.columns]):
            raise DamagedBackup(f"A row of {table.name} has a value of the wrong kind.")
    connection.execute(insert(table.clause), named)


def _compare(connection: SyncConnection, tables: Sequence[StoredTable], manifest: Manifest) -> None:
    """Read every row back, and raise BackupError unless the database has what the backup has."""
    tally = Tally()
    for name, values in read_stored(connection, tables, None):
        tally.add(name, encode_row(name, values))
    for table, summary in zip(tables, manifest.tables, strict=True):
        found = tally.summary(table.name, table.columns)
        if found.rows != summary.rows:
            raise BackupError(
                f"The database has {found.rows} rows of {table.name} after loading, but the backup "
                f"has {summary.rows}. Nothing was restored."
            )
        if found.columns == summary.columns and found.sha256 != summary.sha256:
            raise BackupError(
                f"The rows of {table.name} differ from the backup after loading. Nothing was "
                "restored."
            )


def _check_file(connection: SyncConnection) -> None:
    """Raise BackupError for a reference to a missing row, or a wrong index."""
    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        raise DamagedBackup(f"A row of {broken[0]} refers to a row of {broken[2]} that is missing.")
    finding = connection.execute(text("PRAGMA integrity_check(1)")).scalar()
    if finding != "ok":
        raise BackupError(f"The new database is damaged: {finding}. Check the disk.")
