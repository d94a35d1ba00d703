"""What an upgrade would do to a database: its migrations, and the tables and rows they touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import inspect, text

from portico.storage.engine.connections import Connection, Database, ReadTooSlow
from portico.storage.schema.compatibility import (
    MIGRATIONS,
    SchemaVersion,
    newest_revision,
    read_version,
)
from portico.storage.schema.migrations.effects import Effect


@dataclass(frozen=True)
class TouchedTable:
    """A table that a migration changes. `rows` is None if counting them took too long."""

    name: str
    effect: Effect
    rows: int | None


@dataclass(frozen=True)
class PlannedMigration:
    """A migration that the database lacks. `oldest_server` is the oldest schema whose servers can
    serve the database afterwards.
    """

    revision: str
    title: str
    oldest_server: str
    tables: Sequence[TouchedTable]


@dataclass(frozen=True)
class UpgradePlan:
    """The schema version of a database, and the migrations that it lacks, in order."""

    version: SchemaVersion
    migrations: Sequence[PlannedMigration]


async def plan_upgrade(database: Database) -> UpgradePlan:
    """Return what `upgrade` would do, without changing anything. Raises SchemaMismatch."""
    versions: list[SchemaVersion] = []
    present: set[str] = set()

    def look(connection: SyncConnection) -> None:
        versions.append(read_version(connection))
        present.update(inspect(connection).get_table_names())

    await database.run_sync(look)
    version = versions[0]
    version.refuse_newer()
    if version.can_be_served:
        return UpgradePlan(version, ())
    async with database.read() as connection:
        planned = [
            PlannedMigration(
                revision=revision,
                title=title,
                oldest_server=oldest,
                tables=[
                    TouchedTable(name, effect, await _count(connection, name))
                    for name, effect in touches.items()
                    if name in present
                ],
            )
            for revision, title, oldest, touches in _migrations()
            if version.revision is None or revision > version.revision
        ]
    return UpgradePlan(version, planned)


def _migrations() -> Sequence[tuple[str, str, str, dict[str, Effect]]]:
    """Return the revision, title, `oldest_server` and `touches` of every migration, in order."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(MIGRATIONS)).iterate_revisions(newest_revision(), "base")
    found = [
        (each.revision, each.doc.rstrip("."), each.module.oldest_server, each.module.touches)
        for each in scripts
    ]
    return found[::-1]


async def _count(connection: Connection, name: str) -> int | None:
    try:
        rows = await connection.rows(text(f"SELECT count(*) AS number FROM {name}"))
    except ReadTooSlow:
        return None
    number: int = rows[0].number
    return number
