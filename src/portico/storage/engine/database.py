"""Database URLs: what they mean, and opening the database that one names."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from portico.domain.errors import PorticoError
from portico.storage.engine.connections import READ_SECONDS, Database
from portico.storage.engine.files import create_private_file, create_private_folder
from portico.storage.engine.sqlite import SqliteDatabase

DEFAULT_POOL_SIZE = 10


class InvalidDatabaseUrl(PorticoError):
    """The URL names no database that Portico can open."""

    code = "setting.invalid"


class MissingDriver(PorticoError):
    """The URL names a PostgreSQL database, and the driver for it is not installed."""

    code = "setting.invalid"

    def __init__(self) -> None:
        super().__init__(
            "The driver for PostgreSQL is not installed; "
            "run: pip install 'portico-server[postgresql]'."
        )


class MissingDatabase(PorticoError):
    """The URL names a SQLite file that does not exist."""

    code = "setting.invalid"

    def __init__(self, path: Path, url: str) -> None:
        command = f"portico db upgrade --create --database {shlex.quote(url)}"
        super().__init__(f"There is no database file {path.absolute()}; `{command}` creates it.")


def sqlite_path(url: str) -> Path | None:
    """Return the file of a `sqlite:///path` URL (absolute with a fourth slash), else None.

    Raises InvalidDatabaseUrl for SQLite without a file: every process has to see one database.
    """
    if not url.startswith("sqlite:"):
        return None
    match = re.fullmatch(r"sqlite:///([^?]+)", url)
    if not match or match[1] == ":memory:":
        raise InvalidDatabaseUrl(f"{url} names no file; write sqlite:///path/to/portico.db.")
    return Path(match[1])


def open_database(
    url: str,
    *,
    pool_size: int = DEFAULT_POOL_SIZE,
    read_seconds: float = READ_SECONDS,
    durable: bool = True,
) -> Database:
    """Return the database that a URL names: `sqlite:///path`, or PostgreSQL in libpq form.

    A read that takes longer than `read_seconds` is stopped. Without `durable`, SQLite does not wait
    for the disk. The database connects when it is first used, and never creates a SQLite file.
    Raises MissingDriver if the driver for PostgreSQL is not installed, and InvalidDatabaseUrl for
    anything else.
    """
    path = sqlite_path(url)
    if path is not None:
        return SqliteDatabase(path, read_seconds, durable=durable)
    if re.match(r"postgres(ql)?://", url):
        _require_readable(url)
        # Importing the driver takes 0.2 s, which users of SQLite need not wait for.
        try:
            from portico.storage.engine.postgres import PostgresDatabase
        except ModuleNotFoundError as error:
            if error.name != "asyncpg":
                raise
            raise MissingDriver from None
        return PostgresDatabase(url, pool_size, read_seconds)
    raise InvalidDatabaseUrl(
        f"{url.partition(':')[0]}:... is not a database URL; write sqlite:///path or "
        "postgresql://user@host/name."
    )


def require_database(url: str) -> None:
    """Raise MissingDatabase if the URL names a SQLite file that does not exist."""
    path = sqlite_path(url)
    if path is not None and not path.exists():
        raise MissingDatabase(path, url)


def create_database_file(url: str) -> None:
    """Create the empty file of a SQLite database (0600) and its folder (0700) if it is missing.

    SQLite gives its `-wal` and `-shm` files the mode of the database file. Does nothing for
    PostgreSQL. Raises InvalidDatabaseUrl if the file cannot be created.
    """
    path = sqlite_path(url)
    if path is None:
        return
    try:
        create_private_folder(path.parent)
        with suppress(FileExistsError):
            create_private_file(path)
    except OSError as error:
        raise InvalidDatabaseUrl(
            f"The database file {path} cannot be created: {error.strerror}."
        ) from error


def database_files(url: str) -> list[Path]:
    """Return the paths of a SQLite database, its write-ahead log and its shared memory.

    The list is empty for PostgreSQL.
    """
    path = sqlite_path(url)
    return [] if path is None else [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]


def _require_readable(url: str) -> None:
    """Raise InvalidDatabaseUrl for a URL that no driver can parse."""
    try:
        parts = urlsplit(url)
        well_formed = parts.port is None or parts.port > 0
    except ValueError:
        well_formed = False
    if not well_formed:
        shown = re.sub(r"//.*@", "//...@", url)
        raise InvalidDatabaseUrl(f"{shown} cannot be read; write postgresql://user@host:port/name.")
