"""Facts about a database server that doctor judges: its version, clock, rights and newest times."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, text, union_all

from portico.storage.engine.connections import Connection
from portico.storage.schema.citus_placement import metadata
from portico.storage.schema.tables import readiness_probe, secret_key, signing_key

_POSTGRESQL = text(
    "SELECT current_setting('server_version_num')::int / 10000 AS major, "
    "pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only, "
    "extract(epoch FROM clock_timestamp())::float8 AS clock"
)
_WITHOUT_RIGHTS = text(
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
    "AND relnamespace = current_schema()::regnamespace AND NOT (has_table_privilege(oid, 'SELECT') "
    "AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE') "
    "AND has_table_privilege(oid, 'DELETE')) ORDER BY relname"
)
_TIMES = (readiness_probe.c.time, signing_key.c.creation_time, secret_key.c.creation_time)


@dataclass(frozen=True)
class PostgresFacts:
    """The major version, whether it refuses writes, and its clock in epoch seconds."""

    major: int
    read_only: bool
    clock: float


async def read_postgres_facts(connection: Connection) -> PostgresFacts:
    """Return the facts about a PostgreSQL server."""
    row = (await connection.rows(_POSTGRESQL))[0]
    return PostgresFacts(major=row.major, read_only=row.read_only, clock=row.clock)


async def tables_without_rights(connection: Connection) -> list[str]:
    """Return Portico's tables in PostgreSQL that this role cannot read or change."""
    rows = await connection.rows(_WITHOUT_RIGHTS)
    return [row.relname for row in rows if row.relname in metadata.tables]


async def newest_stored_time(connection: Connection) -> int:
    """Return the newest time that a server stored for itself, in epoch seconds, or 0."""
    times = union_all(*(select(func.max(column).label("at")) for column in _TIMES)).subquery()
    rows = await connection.rows(select(func.max(times.c.at).label("at")))
    return rows[0].at or 0


async def installation_time(connection: Connection) -> int | None:
    """Return when the oldest key in use was created, in epoch seconds, or None without any."""
    rows = await connection.rows(select(func.min(secret_key.c.creation_time).label("at")))
    oldest: int | None = rows[0].at
    return oldest
