"""Which schemas this version of Portico can serve: its own, and newer ones that still allow it.

An old server cannot know later migrations. So each migration names the oldest schema whose servers
can serve the new one, and the migration environment writes that name to the database (decision 34).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import inspect, text

from portico.domain.errors import Unavailable
from portico.storage.engine.connections import Connection

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
OLDEST_SERVER = "oldest_server"
"""The column of the version table with the oldest schema whose servers can serve the database."""

_REVISION = text(f"SELECT version_num FROM {VERSION_TABLE}")
_OLDEST_SERVER = text(f"SELECT {OLDEST_SERVER} FROM {VERSION_TABLE}")
_SET_OLDEST_SERVER = text(f"UPDATE {VERSION_TABLE} SET {OLDEST_SERVER} = :oldest")


@cache
def revisions() -> Sequence[str]:
    """Return the names of all migrations in order; the last is the schema of this version."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def newest_revision() -> str:
    """Return the name of the migration that this version needs."""
    return revisions()[-1]


class SchemaMismatch(Unavailable):
    """The schema is older or newer than this version can serve. The message says what to do."""


@dataclass(frozen=True)
class SchemaVersion:
    """The last migration of a database, and the oldest schema whose servers can serve it.

    `revision` is None for an empty database. `oldest_server` is "" before migration 0020.
    """

    revision: str | None
    oldest_server: str = ""

    @property
    def is_newer(self) -> bool:
        """Return whether the database has a migration that this version does not know."""
        return self.revision is not None and self.revision not in revisions()

    @property
    def can_be_served(self) -> bool:
        """Return whether this version can serve the database."""
        if self.is_newer:
            return "" < self.oldest_server <= newest_revision()
        return self.revision == newest_revision()

    def refuse_newer(self) -> None:
        """Raise SchemaMismatch for a newer schema that this version cannot serve."""
        if self.is_newer and not self.can_be_served:
            needed = self.oldest_server or self.revision
            raise SchemaMismatch(
                f"The database has schema {self.revision}, which is newer than this version of "
                f"Portico supports ({newest_revision()}). It needs a version with schema {needed} "
                "or newer. Install the newer Portico."
            )

    def require_servable(self) -> None:
        """Raise SchemaMismatch unless this version can serve the database."""
        self.refuse_newer()
        if not self.can_be_served:
            raise self._refusal()

    def require_newest(self) -> None:
        """Raise SchemaMismatch unless the database has exactly the schema of this version."""
        if self.is_newer:
            raise SchemaMismatch(
                f"The database has schema {self.revision}, but this command needs exactly the "
                f"schema of this version of Portico ({newest_revision()}). Use the newer Portico."
            )
        self.require_servable()

    def _refusal(self) -> SchemaMismatch:
        return SchemaMismatch(
            f"The database has schema {self.revision or 'none'}, but this version of Portico needs "
            f"{newest_revision()}. Run `portico db upgrade` with the same database first."
        )


def read_version(connection: SyncConnection) -> SchemaVersion:
    """Return the schema version of a connection's database."""
    inspected = inspect(connection)
    if not inspected.has_table(VERSION_TABLE):
        return SchemaVersion(None)
    revision: str | None = connection.execute(_REVISION).scalar()
    columns = {each["name"] for each in inspected.get_columns(VERSION_TABLE)}
    if OLDEST_SERVER not in columns:
        return SchemaVersion(revision)
    return SchemaVersion(revision, connection.execute(_OLDEST_SERVER).scalar() or "")


def record_oldest_server(connection: SyncConnection, oldest: str) -> None:
    """Store the oldest schema whose servers can serve the database, once it has the column."""
    columns = {each["name"] for each in inspect(connection).get_columns(VERSION_TABLE)}
    if OLDEST_SERVER in columns:
        connection.execute(_SET_OLDEST_SERVER, {"oldest": oldest})


async def is_servable(connection: Connection) -> bool:
    """Return whether this version can serve the database, for the readiness probe."""
    found = [row.version_num for row in await connection.rows(_REVISION)]
    version = SchemaVersion(found[0] if found else None)
    if version.is_newer:
        oldest = [row.oldest_server for row in await connection.rows(_OLDEST_SERVER)]
        version = SchemaVersion(version.revision, oldest[0] or "")
    return version.can_be_served
