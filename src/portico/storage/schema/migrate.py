"""Upgrades a database to the schema of this version, with Alembic migrations.

Alembic is imported only if there is something to migrate, because the import would add 0.1 s to
every start of the server.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import inspect, text

from portico.domain.errors import ConcurrentChange, Unavailable
from portico.storage.engine.connections import Connection, Database
from portico.storage.secrets.secret_cipher import SecretCipher

if TYPE_CHECKING:
    from alembic.config import Config

HELD_PLAIN_TEXT = ("signing_key", "identity_provider")
"""The tables that stored secrets in plain text before migration 0012."""

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = text("SELECT version_num FROM alembic_version")
_PLAIN_TEXT_LEFT = text("SELECT id FROM secret_key WHERE plain_text_left")
_PLAIN_TEXT_ERASED = text("UPDATE secret_key SET plain_text_left = FALSE")

logger = logging.getLogger("portico")


@cache
def revisions() -> Sequence[str]:
    """Return the names of all migrations in order; the last is the schema of this version."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def newest_revision() -> str:
    """Return the name of the migration that this version needs."""
    return revisions()[-1]


class SchemaMismatch(Unavailable):
    """The schema is older or newer than this version needs. The message says what to do."""


async def upgrade(database: Database, cipher: SecretCipher, *, create: bool = False) -> None:
    """Run every migration that the database lacks, in one transaction under a lock.

    The migration that encrypts secrets needs a key, and creates it for a SQLite database. Without
    `create`, a database without Portico's tables is refused, because its path can be wrong. Raises
    SecretKeyError without a key, and SchemaMismatch for a refused or newer database.
    """
    current = await current_revision(database)
    if current is None and not create:
        raise SchemaMismatch(
            "The database has no tables of Portico. Create them with `portico db upgrade --create` "
            "and the same --database."
        )

    def work(connection: SyncConnection) -> None:
        from alembic import command

        # Checked again, because another process can have upgraded while this one waited.
        _refuse_newer(_revision(connection))
        command.upgrade(migrations_on(connection, cipher), "head")

    if current != newest_revision():
        await database.run_sync(work)
    await _erase_plain_text(database)


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


async def current_revision(database: Database) -> str | None:
    """Return the name of the last migration of the database, or None for an empty one."""
    revision: list[str | None] = []
    await database.run_sync(lambda connection: revision.append(_revision(connection)))
    return revision[0]


async def require_current(database: Database) -> None:
    """Raise SchemaMismatch unless the database has exactly the newest migration."""
    await database.run_sync(require_newest)


def require_newest(connection: SyncConnection) -> None:
    """Raise SchemaMismatch unless the connection's database has exactly the newest migration."""
    current = _revision(connection)
    if current == newest_revision():
        return
    _refuse_newer(current)
    raise SchemaMismatch(
        f"The database has schema {current or 'none'}, but this version of Portico needs "
        f"{newest_revision()}. Run `portico db upgrade` with the same database first."
    )


async def is_current(connection: Connection) -> bool:
    """Return whether the database has the newest migration, for the readiness probe."""
    return [row.version_num for row in await connection.rows(_VERSION)] == [newest_revision()]


def _revision(connection: SyncConnection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_VERSION).scalar()


def _refuse_newer(current: str | None) -> None:
    if current is not None and current not in revisions():
        raise SchemaMismatch(
            f"The database has schema {current}, which is newer than this version of Portico "
            f"supports ({newest_revision()}). Install the newer Portico."
        )
