"""Creating and verifying backups. Only the operator does, so there is nobody to authorise."""

from __future__ import annotations

from pathlib import Path

from portico.domain.records import Clock
from portico.storage.backups.archive import read_manifest, read_rows, seal
from portico.storage.backups.manifest import BackupError, DamagedBackup, Manifest
from portico.storage.backups.new_file import new_file
from portico.storage.backups.writing import write_backup
from portico.storage.engine.connections import Database


async def create_backup(
    database: Database,
    path: Path,
    clock: Clock,
    customer_id: int | None = None,
    *,
    alone: bool = False,
) -> Manifest:
    """Write a backup of the server, or of one tenant, to a new file, and read it back.

    It shows one state of the database, with every write that was acknowledged before the call.
    With `alone`, raises BackupRunning while another server does the same on PostgreSQL. Raises
    BackupError, and leaves no file with the final name then; Unavailable or ConcurrentChange.
    """
    now = int(clock())
    with new_file(path) as partial:
        await database.snapshot(
            lambda connection: write_backup(connection, partial, now, customer_id, alone=alone)
        )
        seal(partial)
        return verify_backup(partial)


def verify_backup(path: Path) -> Manifest:
    """Read a whole backup and return its manifest.

    Raises DamagedBackup, or BackupError if the file cannot be read or a newer Portico made it.
    """
    try:
        manifest = read_manifest(path)
        for _ in read_rows(path, manifest):
            pass
    except DamagedBackup as error:
        raise DamagedBackup(f"{path} is not a complete backup. {error.reason}") from error
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from None
    return manifest
