"""Bringing a database to the schema that this version needs, by Alembic migrations."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import inspect, text

from portico.domain.errors import Unavailable
from portico.storage.connections import Connection, Database

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaMismatch(Unavailable):
    """The database is behind or ahead of this version; the sentence says what to do."""


def newest_revision() -> str:
    """The name of the newest migration that this version knows."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    if head is None:
        raise SchemaMismatch("This installation of Portico lacks its migrations; install it again.")
    return head


async def upgrade(database: Database) -> None:
    """Runs every migration that the database lacks, in one transaction that excludes others."""

    def work(connection: SyncConnection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(_MIGRATIONS))
        command.upgrade(config, "head")

    await database.run_sync(work)


async def current_revision(database: Database) -> str | None:
    """The name of the last migration that the database has, or None for an empty one."""
    found: list[str | None] = []

    def work(connection: SyncConnection) -> None:
        if inspect(connection).has_table("alembic_version"):
            found.append(MigrationContext.configure(connection).get_current_revision())

    await database.run_sync(work)
    return found[0] if found else None


async def require_current(database: Database) -> None:
    """Raises SchemaMismatch unless the database has exactly the newest migration."""
    current, newest = await current_revision(database), newest_revision()
    if current == newest:
        return
    known = {script.revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaMismatch(
            f"The database has schema {current}, which is newer than this version of Portico "
            f"knows (it needs {newest}). Install the newer Portico."
        )
    raise SchemaMismatch(
        f"The database has schema {current or 'none'}; this version of Portico needs {newest}. "
        "Run `portico db upgrade` with the same database first."
    )


async def is_current(connection: Connection, newest: str) -> bool:
    """Whether the database answers and has the given migration: what readiness asks."""
    rows = await connection.rows(text("SELECT version_num FROM alembic_version"))
    return [row.version_num for row in rows] == [newest]
