"""Bringing a database to the schema that this version needs, by Alembic migrations.

Alembic itself is imported only when there is something to migrate: it would cost every start of the
server a tenth of a second.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import inspect, text

from portico.domain.errors import Unavailable
from portico.storage.connections import Connection, Database

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST_REVISION = "0011"
"""The last migration in `migrations/versions`; a test compares the two."""

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = text("SELECT version_num FROM alembic_version")


class SchemaMismatch(Unavailable):
    """The database is behind or ahead of this version; the sentence says what to do."""


async def upgrade(database: Database, *, create: bool = False) -> None:
    """Run every migration that the database lacks, in one transaction that excludes others.

    Raises SchemaMismatch for a database that is ahead of this version, and, unless `create` is
    set, for one without Portico's tables: a wrong path must not get them.
    """
    current = await current_revision(database)
    if current == NEWEST_REVISION:
        return
    if current is None and not create:
        raise SchemaMismatch(
            "The database has no tables of Portico; `portico db upgrade --create` with the same "
            "--database creates them."
        )

    def work(connection: SyncConnection) -> None:
        from alembic import command

        # Asked again: another process may have upgraded while this one waited for its turn.
        _refuse_newer(_revision(connection))
        command.upgrade(migrations_on(connection), "head")

    await database.run_sync(work)


def migrations_on(connection: SyncConnection) -> Config:
    """Alembic's view of the migrations, to be run on a connection."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


async def current_revision(database: Database) -> str | None:
    """The name of the last migration that the database has, or None for an empty one."""
    found: list[str | None] = []
    await database.run_sync(lambda connection: found.append(_revision(connection)))
    return found[0]


async def require_current(database: Database) -> None:
    """Raises SchemaMismatch unless the database has exactly the newest migration."""
    await database.run_sync(require_newest)


def require_newest(connection: SyncConnection) -> None:
    """Raise SchemaMismatch unless the connection's database has exactly the newest migration."""
    current = _revision(connection)
    if current == NEWEST_REVISION:
        return
    _refuse_newer(current)
    raise SchemaMismatch(
        f"The database has schema {current or 'none'}; this version of Portico needs "
        f"{NEWEST_REVISION}. Run `portico db upgrade` with the same database first."
    )


async def is_current(connection: Connection) -> bool:
    """Whether the database answers and has the newest migration: what readiness asks."""
    return [row.version_num for row in await connection.rows(_VERSION)] == [NEWEST_REVISION]


def _revision(connection: SyncConnection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_VERSION).scalar()


def _refuse_newer(current: str | None) -> None:
    known = {path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("*.py")}
    if current is not None and current not in known:
        raise SchemaMismatch(
            f"The database has schema {current}, which is newer than this version of Portico "
            f"knows (it needs {NEWEST_REVISION}). Install the newer Portico."
        )
