"""Upgrades a database to the schema of this version, with Alembic migrations.

Alembic is imported only if there is something to migrate, because the import would add 0.1 s to
every start of the server.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import text

from portico.domain.errors import ConcurrentChange, PorticoError, Unavailable
from portico.domain.records import Clock
from portico.storage.engine.connections import Database, SyncWork
from portico.storage.schema.compatibility import (
    MIGRATIONS,
    SchemaMismatch,
    SchemaVersion,
    newest_revision,
    read_version,
    revisions,
)
from portico.storage.secrets.secret_cipher import SecretCipher

if TYPE_CHECKING:
    from alembic.config import Config

HELD_PLAIN_TEXT = ("signing_key", "identity_provider")
"""The tables that stored secrets in plain text before migration 0012."""

_PLAIN_TEXT_LEFT = text("SELECT id FROM secret_key WHERE plain_text_left")
_PLAIN_TEXT_ERASED = text("UPDATE secret_key SET plain_text_left = FALSE")

logger = logging.getLogger("portico")


@dataclass(frozen=True)
class AppliedMigration:
    """A migration that an upgrade ran, and how many seconds it took."""

    revision: str
    seconds: float


class UpgradeFailed(Unavailable):
    """A migration failed, and the database has the schema from before. The message says which."""


class _Steps:
    """The migrations of one upgrade. Alembic calls it after each."""

    def __init__(self, before: str | None, monotonic: Clock) -> None:
        self._before = before
        self._monotonic = monotonic
        self._last = monotonic()
        self.applied: list[AppliedMigration] = []

    def __call__(self, **_: object) -> None:
        now = self._monotonic()
        self.applied.append(AppliedMigration(self.running, now - self._last))
        self._last = now

    @property
    def running(self) -> str:
        """Return the name of the migration that runs after those that were applied."""
        before = self.applied[-1].revision if self.applied else self._before
        return next(each for each in revisions() if before is None or each > before)

    def failure(self, error: Exception) -> UpgradeFailed:
        """Return what to raise in place of a migration's error."""
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        message = str(cause).partition("\n")[0].rstrip(".")
        before = "no tables" if self._before is None else f"schema {self._before}"
        return UpgradeFailed(
            f"Migration {self.running} failed: {message}. The upgrade was undone, so the database "
            f"still has {before} and the version of Portico that used it can serve it. Remove the "
            "cause, then run `portico db upgrade` again."
        )


async def upgrade(
    database: Database,
    cipher: SecretCipher,
    *,
    create: bool = False,
    monotonic: Clock = time.monotonic,
) -> Sequence[AppliedMigration]:
    """Run every migration that the database lacks, in one transaction under a lock.

    The migration that encrypts secrets needs a key, and creates it for a SQLite database. Without
    `create`, a database without Portico's tables is refused, because its path can be wrong. A newer
    schema that this version can serve stays as it is. Raises SecretKeyError without a key,
    SchemaMismatch for a refused database, ConcurrentChange while another process upgrades, and
    UpgradeFailed.
    """
    before = await schema_version(database)
    if before.revision is None and not create:
        raise SchemaMismatch(
            "The database has no tables of Portico. Create them with `portico db upgrade --create` "
            "and the same --database."
        )
    before.refuse_newer()
    applied: list[AppliedMigration] = []

    def work(connection: SyncConnection) -> None:
        # Read again, because another process can have upgraded while this one waited.
        version = read_version(connection)
        version.refuse_newer()
        if not version.can_be_served:
            applied.extend(_run_migrations(connection, cipher, version, monotonic))

    if not before.can_be_served:
        await _run_under_lock(database, work)
    if applied and before.revision is not None:
        logger.info(
            "Upgraded the database from schema %s to %s in %.2f seconds.",
            before.revision,
            newest_revision(),
            sum(each.seconds for each in applied),
            extra={"event": "schema.upgraded"},
        )
    await _erase_plain_text(database)
    return applied


async def _run_under_lock(database: Database, work: SyncWork) -> None:
    try:
        await database.run_sync(work)
    except ConcurrentChange as error:
        raise Unavailable(
            "Another process is upgrading this database or writing to it, and did not finish in "
            "time. Nothing was changed. Run this again when it has ended."
        ) from error


def _run_migrations(
    connection: SyncConnection, cipher: SecretCipher, version: SchemaVersion, monotonic: Clock
) -> Sequence[AppliedMigration]:
    from alembic import command

    config = migrations_on(connection, cipher)
    steps = _Steps(version.revision, monotonic)
    config.attributes["applied"] = steps
    try:
        command.upgrade(config, "head")
    except PorticoError:
        raise
    except Exception as error:  # whatever a migration meets, the operator must learn what is left
        raise steps.failure(error) from error
    return steps.applied


async def _erase_plain_text(database: Database) -> None:
    """Erase replaced plain-text secrets from the free space of the database files."""
    async with database.read() as connection:
        if not await connection.rows(_PLAIN_TEXT_LEFT):
            return
    try:
        await database.erase_deleted(HELD_PLAIN_TEXT)
    except (Unavailable, ConcurrentChange) as error:
        logger.warning(
            "Free space in the database files can still hold secrets in plain text: %s Portico "
            "tries again at the next start or `portico db upgrade`.",
            error.reason,
        )
        return
    async with database.transaction() as connection:
        await connection.run(_PLAIN_TEXT_ERASED)


def migrations_on(connection: SyncConnection, cipher: SecretCipher) -> Config:
    """Return Alembic's configuration for running the migrations on a connection."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "cipher": cipher})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


async def schema_version(database: Database) -> SchemaVersion:
    """Return the schema version of a database."""
    found: list[SchemaVersion] = []
    await _run_under_lock(database, lambda connection: found.append(read_version(connection)))
    return found[0]


async def current_revision(database: Database) -> str | None:
    """Return the name of the last migration of the database, or None for an empty one."""
    return (await schema_version(database)).revision


async def require_servable(database: Database) -> None:
    """Raise SchemaMismatch unless this version can serve the schema of the database."""
    (await schema_version(database)).require_servable()
