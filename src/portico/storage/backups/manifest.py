"""What a backup says about itself, and the errors of backups."""

from __future__ import annotations

import msgspec

from portico.domain.errors import Unavailable

FORMAT = 1
"""The version of the file format. It rises when an older Portico would misread the file."""


class BackupError(Unavailable):
    """A backup cannot be made, read or restored. The message says why and what to do."""


class DamagedBackup(BackupError):
    """The file is not a complete, unchanged backup."""


class MissingBackupKey(BackupError):
    """The key that the secrets of a backup are encrypted with is missing."""


class TableSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A table in a backup: its columns in the order of the values, and what its rows add up to.

    `sha256` is that of the table's lines in the file, in order of the primary key. So two backups
    with equal tables have equal sums, whichever databases they come from.
    """

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The description of a backup, which is part of the file.

    `time` is the moment that the backup shows, in epoch seconds. `customer_id` is None for the
    whole server. `secret_keys` are the ids of the keys that decrypt its secrets, never the keys.
    `lines_bytes` is the size of all rows before compression.
    """

    format: int
    portico: str
    schema: str
    time: int
    database: str
    customer_id: int | None
    secret_keys: tuple[str, ...]
    lines_bytes: int
    tables: tuple[TableSummary, ...]

    def rows_of(self, table: str) -> int:
        """Return the number of rows of a table, 0 for one that is not in the backup."""
        return sum(each.rows for each in self.tables if each.name == table)

    @property
    def rows(self) -> int:
        """The number of rows of all tables."""
        return sum(each.rows for each in self.tables)


class _Versioned(msgspec.Struct):
    format: int
    portico: str


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as JSON for people and programs."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode_manifest(content: bytes) -> Manifest:
    """Return a manifest. Raises DamagedBackup, or BackupError for the format of a newer Portico."""
    try:
        version = msgspec.json.decode(content, type=_Versioned)
        if version.format != FORMAT:
            raise BackupError(
                f"Portico {version.portico} made this backup in format {version.format}. This "
                f"version reads format {FORMAT}. Use Portico {version.portico} or newer."
            )
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise DamagedBackup(f"Its manifest cannot be read: {error}.") from None
