"""Checks of the database: writable, schema, leftovers of an upgrade, clock and versions."""

from __future__ import annotations

from portico.domain.errors import ConcurrentChange, PorticoError, Unavailable
from portico.services.doctor.checks import Examined, Result, fail, good, listed, not_checked, warn
from portico.storage.engine.connections import Connection
from portico.storage.examination import (
    newest_stored_time,
    read_postgres_facts,
    tables_without_rights,
)
from portico.storage.schema.compatibility import newest_revision
from portico.storage.schema.migrate import schema_version
from portico.storage.secrets.secrets import SecretKeyRepository

CLOCK_WARN_SECONDS = 5
CLOCK_FAIL_SECONDS = 60
OLDEST_POSTGRESQL = 14


class _Undo(PorticoError):
    """Ends a transaction that must change nothing."""


async def check_database(examined: Examined) -> Result:
    """Begin a write transaction and roll it back: that shows the rights without a write."""
    refusal: Result | None = None
    try:
        async with examined.database.transaction() as connection:
            if examined.path is None:  # on SQLite, beginning the transaction has shown it
                refusal = await _refusal(connection)
            raise _Undo("")
    except _Undo:
        return refusal or good("The database can be reached and accepts writes.")
    except ConcurrentChange:
        return not_checked("Another process held the write lock of the database.")
    except Unavailable as error:
        return fail(
            error.reason,
            "Without its database, the server answers 503.",
            examined.line.write("db", "current"),
        )


async def _refusal(connection: Connection) -> Result | None:
    if (await read_postgres_facts(connection)).read_only:
        return fail(
            "PostgreSQL accepts no writes: the database is read-only or a standby.",
            "Nobody can sign in or change anything.",
            'psql "$PORTICO_DATABASE" -c "SELECT pg_is_in_recovery()" '
            '-c "SHOW default_transaction_read_only"',
        )
    tables = await tables_without_rights(connection)
    if tables:
        return fail(
            f"The role of Portico lacks rights on {listed(tables)}.",
            "Requests that need these tables fail.",
            "psql -d DATABASE -c 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "
            "public TO ROLE'  # as the owner of the tables, with your names",
        )
    return None


async def check_schema(examined: Examined) -> Result:
    """Compare the schema of the database with the one of this version."""
    version = await schema_version(examined.database)
    if version.can_be_served:
        newer = " It is newer than this version, which can serve it." if version.is_newer else ""
        return good(f"The database has schema {version.revision}.{newer}")
    if version.is_newer:
        return fail(
            f"The database has schema {version.revision}. This version knows "
            f"{newest_revision()} and cannot serve it.",
            "Servers of this version are not ready, and do not start.",
            "pip install --upgrade portico-server",
        )
    is_empty_file = version.revision is None and examined.path is not None
    return fail(
        f"The database has schema {version.revision or 'none'}, but this version needs "
        f"{newest_revision()}.",
        "Servers of this version need the newer schema, and so do the other checks.",
        examined.line.write("db", "upgrade", *(("--create",) if is_empty_file else ())),
    )


async def check_migration(examined: Examined) -> Result:
    """Look for plain-text secrets that an upgrade could not erase from free space."""
    async with examined.database.read() as connection:
        keys = await SecretKeyRepository(connection, examined.cipher).in_use()
    if any(each.plain_text_left for each in keys):
        return warn(
            "The upgrade that encrypted secrets could not erase their old text.",
            "Free space in the database files can still contain secrets that anyone can read.",
            examined.line.write("db", "upgrade"),
        )
    return good("No upgrade left work behind.")


async def check_clock(examined: Examined) -> Result:
    """Compare the clock with PostgreSQL's, and with the newest time that a server stored."""
    off, reference = 0.0, ""
    async with examined.database.read() as connection:
        before = examined.clock()
        if examined.path is None:
            server = (await read_postgres_facts(connection)).clock
            off = abs(server - (before + examined.clock()) / 2)
            reference = "the clock of PostgreSQL"
        ahead = await newest_stored_time(connection) - before
    if ahead > max(off, CLOCK_WARN_SECONDS):
        off, reference = ahead, "the newest time in the database, which is in the future"
    if off <= CLOCK_WARN_SECONDS:
        return good("The clock agrees with the times of the database.")
    result = fail if off > CLOCK_FAIL_SECONDS else warn
    return result(
        f"The clock of this machine differs by {off:.0f} seconds from {reference}.",
        "Sessions, tokens and codes of second factors end too early or too late.",
        "timedatectl status",
    )


async def check_database_version(examined: Examined) -> Result:
    """Compare the version of PostgreSQL with the oldest one that Portico supports."""
    if examined.path is not None:
        return good("SQLite is a part of Python. See the check versions.")
    async with examined.database.read() as connection:
        major = (await read_postgres_facts(connection)).major
    if major < OLDEST_POSTGRESQL:
        return warn(
            f"This is PostgreSQL {major}. Portico supports {OLDEST_POSTGRESQL} and newer.",
            "Older versions get no corrections, and statements can fail.",
            'psql "$PORTICO_DATABASE" -c "SELECT version()"',
        )
    return good(f"PostgreSQL {major} is supported.")
