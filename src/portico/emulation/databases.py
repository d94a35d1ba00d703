"""The database of a stand-in: a copy of an empty one in a temporary folder, or a file that is kept.

Running every migration takes most of a second, so the empty database is made once for each schema,
in the cache folder of the user.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

from portico.domain.errors import Unavailable
from portico.emulator.ids import FIRST_ID
from portico.installation import make_cipher, prepare_database
from portico.settings import Settings
from portico.storage.engine.database import create_database_file, open_database, sqlite_path
from portico.storage.engine.files import create_private_folder
from portico.storage.schema.compatibility import MIGRATIONS, newest_revision
from portico.storage.schema.state_tables import highest_id

DATABASE = "portico.db"
KEY = "portico.key"

logger = logging.getLogger("portico")


@asynccontextmanager
async def temporary_database(cache: Path, folder: Path | None = None) -> AsyncIterator[str]:
    """Create an empty database of the newest schema, and remove its folder at the end.

    The block gets its URL. `cache` is the folder with the databases that are copied. The default
    folder is in the system's temporary folder. Raises Unavailable if the disk is full.
    """
    try:
        if folder is None:
            chosen = Path(tempfile.mkdtemp(prefix="portico-"))
        else:
            chosen = folder
            create_private_folder(folder)
    except OSError as error:
        raise _no_room(folder or Path(tempfile.gettempdir()), error) from None
    try:
        await _fill(chosen, cache)
        yield database_url(chosen / DATABASE)
    finally:
        shutil.rmtree(chosen, ignore_errors=True)


async def kept_database(path: Path) -> str:
    """Create the SQLite file, or upgrade its schema, and return its URL. Raises PorticoError."""
    url = database_url(path)
    await prepare(replace(Settings(), database=url))
    return url


def first_free_id(url: str) -> int:
    """Return the first id of a stand-in: the fixed one, or the one after all ids in the file."""
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return max(FIRST_ID, highest_id(connection) + 1)


def database_url(path: Path) -> str:
    """Return the URL of a SQLite file."""
    return f"sqlite:///{path.absolute()}"


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's cache folder of Portico, which may not exist."""
    named = environment.get("XDG_CACHE_HOME", "")
    return (Path(named) if named else Path.home() / ".cache") / "portico"


async def prepare(settings: Settings) -> None:
    """Create the database that the settings name, or upgrade it. Raises PorticoError."""
    create_database_file(settings.database)
    database = open_database(settings.database, durable=False)
    try:
        await prepare_database(database, make_cipher(settings), settings, create=True)
    finally:
        await database.close()


async def _fill(folder: Path, cache: Path) -> None:
    try:
        await _copy_template(cache, folder)
    except (OSError, Unavailable) as error:
        raise _no_room(folder, error) from None


def _no_room(folder: Path, error: OSError | Unavailable) -> Unavailable:
    why = error.strerror if isinstance(error, OSError) else error.reason.rstrip(".")
    return Unavailable(
        f"The temporary database cannot be created in {folder}: {why}. Make room there, or name "
        "another folder with TMPDIR, or with --state-dir for one in the background."
    )


async def _copy_template(cache: Path, folder: Path) -> None:
    template = cache / f"empty-{_schema_name()}"
    if not (template / KEY).exists():
        await _make_template(template)
    source = template if (template / KEY).exists() else None
    if source is None:
        await _make(folder)
        return
    for name in (DATABASE, KEY):
        shutil.copyfile(source / name, folder / name)
        (folder / name).chmod(0o600)


async def _make_template(template: Path) -> None:
    """Make the template in one step, so that no process sees half of it."""
    try:
        create_private_folder(template.parent)
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=template.parent))
    except OSError as error:
        logger.debug("The cache folder cannot be used: %s", error)
        return
    try:
        await _make(fresh)
        fresh.rename(template)
    except (OSError, Unavailable) as error:  # another process was faster, or the disk is full
        logger.debug("The empty database was not cached: %s", error)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


async def _make(folder: Path) -> None:
    await prepare(replace(Settings(), database=database_url(folder / DATABASE)))


def _schema_name() -> str:
    """Return a name that changes whenever a migration does."""
    content = hashlib.sha256()
    for path in sorted((MIGRATIONS / "versions").glob("[0-9]*.py")):
        content.update(path.read_bytes())
    return f"{newest_revision()}-{content.hexdigest()[:12]}-{os.getuid()}"
