"""Restoring a backup into a new database. Only the operator does.

Everything that can be wrong with the file, the version, the key or the database is found before the
first write.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from portico.services.backups.creating import verify_backup
from portico.services.people.secret_keys import LostSecrets, find_lost_secrets, forget_secrets
from portico.services.runtime import Runtime
from portico.storage.backups.loading import load_backup, require_empty
from portico.storage.backups.manifest import BackupError, DamagedBackup, Manifest, MissingBackupKey
from portico.storage.backups.new_file import new_file
from portico.storage.backups.signing_in import AbleToSignIn, able_to_sign_in
from portico.storage.engine.connections import Database
from portico.storage.engine.database import open_database, sqlite_path
from portico.storage.engine.files import sync_file
from portico.storage.schema.compatibility import newest_revision, revisions
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secret_keys import SecretKeyError

ROOM_FACTOR = 3
"""A SQLite file needs about so many times the bytes of the rows while it is being filled."""

OpenRuntime = Callable[[Database], Awaitable[Runtime]]


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A finished restore: the backup, the secrets that must be entered again, and the
    administrators who can sign in now.
    """

    manifest: Manifest
    lost: LostSecrets | None
    administrators: Sequence[AbleToSignIn]


async def restore_backup(
    path: Path,
    database_url: str,
    cipher: SecretCipher,
    open_runtime: OpenRuntime,
    *,
    without_secrets: bool = False,
) -> Restored:
    """Fill a new database from a backup. A SQLite file must not exist yet.

    `without_secrets` gives up the secrets that the key file cannot decrypt. Raises DamagedBackup,
    MissingBackupKey, or BackupError; the database is as before then.
    """
    manifest = verify_backup(path)
    _require_known_schema(path, manifest)
    if not without_secrets:
        _require_keys(path, manifest, cipher)

    async with _new_database(database_url, manifest) as database:
        try:
            await database.run_sync(
                lambda connection: load_backup(connection, path, manifest, cipher)
            )
        except DamagedBackup as error:
            raise DamagedBackup(f"{path} cannot be restored. {error.reason}") from error
        lost = None
        if without_secrets:
            runtime = await open_runtime(database)
            lost = await find_lost_secrets(runtime)
            await forget_secrets(runtime, lost)
        async with database.read() as connection:
            administrators = await able_to_sign_in(connection)
    return Restored(manifest=manifest, lost=lost, administrators=administrators)


def _require_known_schema(path: Path, manifest: Manifest) -> None:
    if manifest.schema not in revisions():
        raise BackupError(
            f"{path} has schema {manifest.schema}, which is newer than this version of Portico "
            f"supports ({newest_revision()}). Restore it with Portico {manifest.portico} or newer."
        )


def _require_keys(path: Path, manifest: Manifest, cipher: SecretCipher) -> None:
    needed = " and ".join(manifest.secret_keys)
    advice = (
        "Copy the key file of the server that made the backup there, or name it with "
        "--secret-key-file. If the key is lost, add --without-secrets: then the secrets must be "
        "entered again."
    )
    try:
        present = {key.id for key in cipher.read_keys()}
    except SecretKeyError as error:
        raise MissingBackupKey(
            f"The secrets in {path} are encrypted with key {needed}. {error.reason} {advice}"
        ) from None
    missing = [key for key in manifest.secret_keys if key not in present]
    if missing:
        raise MissingBackupKey(
            f"The secrets in {path} are encrypted with key {needed}. {cipher.file.path} does not "
            f"have key {' and '.join(missing)}. {advice}"
        )


@asynccontextmanager
async def _new_database(url: str, manifest: Manifest) -> AsyncIterator[Database]:
    """Open an empty database for a block.

    For SQLite it is a new file, which gets its name when the block has succeeded.
    """
    final = sqlite_path(url)
    if final is None:
        database = open_database(url)
        try:
            await database.run_sync(require_empty)
            yield database
        finally:
            await database.close()
        return
    _require_place(final, manifest)
    with new_file(final) as partial:
        database = open_database(f"sqlite:///{partial}", durable=False)
        try:
            yield database
        finally:
            await database.close()
            for end in ("-wal", "-shm"):
                partial.with_name(partial.name + end).unlink(missing_ok=True)
        sync_file(partial)


def _require_place(path: Path, manifest: Manifest) -> None:
    for end in ("-wal", "-shm"):
        rest = path.with_name(path.name + end)
        if rest.exists():
            raise BackupError(
                f"{rest} is left of another database. SQLite would apply it to the new one. Move "
                "it away first."
            )
    try:
        free = shutil.disk_usage(path.absolute().parent).free
    except OSError as error:
        raise BackupError(f"{path} cannot be created: {error.strerror}.") from None
    needed = ROOM_FACTOR * manifest.lines_bytes
    if free < needed:
        raise BackupError(
            f"The restored database needs up to {needed:,} bytes, but only {free:,} are free in "
            f"{path.absolute().parent}."
        )
