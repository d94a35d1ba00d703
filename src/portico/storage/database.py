"""Opening a database by its URL, and the meaning of that URL."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from portico.domain.errors import PorticoError
from portico.storage.connections import Database
from portico.storage.sqlite import SqliteDatabase

DEFAULT_POOL_SIZE = 10


class InvalidDatabaseUrl(PorticoError):
    """The setting names no database that Portico can open."""

    code = "setting.invalid"


def sqlite_path(url: str) -> Path | None:
    """The file of a `sqlite:///path` URL (a fourth slash makes the path absolute), else None.

    Raises InvalidDatabaseUrl for SQLite without a file: every process has to see one database.
    """
    if not url.startswith("sqlite:"):
        return None
    match = re.fullmatch(r"sqlite:///([^?]+)", url)
    if not match or match[1] == ":memory:":
        raise InvalidDatabaseUrl(f"{url} names no file; write sqlite:///path/to/portico.db.")
    return Path(match[1])


def open_database(url: str, *, pool_size: int = DEFAULT_POOL_SIZE) -> Database:
    """The database that a URL names: `sqlite:///path`, or PostgreSQL in libpq form.

    Opens no connection yet. Raises InvalidDatabaseUrl for anything else.
    """
    path = sqlite_path(url)
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidDatabaseUrl(
                f"The folder of {path} cannot be made: {error.strerror}."
            ) from error
        return SqliteDatabase(path)
    if re.match(r"postgres(ql)?://", url):
        _require_readable(url)
        # Imported only when it is used: the driver costs the embedded default 0.2 s of start.
        from portico.storage.postgres import PostgresDatabase

        return PostgresDatabase(url, pool_size)
    raise InvalidDatabaseUrl(
        f"{url.partition(':')[0]}:... is not a database URL; write sqlite:///path or "
        "postgresql://user@host/name."
    )


def _require_readable(url: str) -> None:
    """Raises InvalidDatabaseUrl for a URL that no driver could take apart."""
    try:
        parts = urlsplit(url)
        well_formed = parts.port is None or parts.port > 0
    except ValueError:
        well_formed = False
    if not well_formed:
        shown = re.sub(r"//.*@", "//...@", url)
        raise InvalidDatabaseUrl(f"{shown} cannot be read; write postgresql://user@host:port/name.")
