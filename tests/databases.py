"""Databases of tests: upgraded, opened, and the keys of their secrets."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select

from portico.storage.engine.connections import Database
from portico.storage.engine.database import create_database_file, open_database, sqlite_path
from portico.storage.schema import migrate as schema
from portico.storage.secrets.secret_cipher import SecretCipher, secret_location
from portico.storage.secrets.secret_keys import SecretKeyFile, secret_key_file
from portico.storage.secrets.secrets import SECRET_COLUMNS
from tests.secret_watch import secret_watch

T = TypeVar("T")
_OWN_KEY = "UPDATE secret_key SET id = ?, check_value = ?, creation_time = ?"


def with_database(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Runs asynchronous work on a database of its own opening."""

    async def run() -> T:
        database = open_database(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return run_on_thread(run())


def run_on_thread(work: Coroutine[Any, Any, T]) -> T:
    """Runs asynchronous work in a thread: a browser's driver keeps an event loop in ours."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work)).result()


def upgrade(url: str) -> None:
    """Brings a database to the newest schema; a missing SQLite file is created."""
    path = sqlite_path(url)
    is_missing = path is not None and not path.exists()
    create_database_file(url)
    if path is not None and is_missing:
        path.write_bytes(_upgraded_file())
        _begin_with_own_key(path, cipher_of(url))
    else:
        migrate(url)


def migrate(url: str) -> None:
    """Runs every migration that a database lacks."""
    with_database(url, lambda database: schema.upgrade(database, cipher_of(url), create=True))


@cache
def _upgraded_file() -> bytes:
    """The content of a SQLite file with the newest schema, which is copied for most databases."""
    with tempfile.TemporaryDirectory(prefix="template-") as folder:
        path = Path(folder) / "portico.db"
        create_database_file(f"sqlite:///{path}")
        migrate(f"sqlite:///{path}")
        assert not path.with_name("portico.db-wal").exists()
        return path.read_bytes()


def _begin_with_own_key(path: Path, cipher: SecretCipher) -> None:
    """Gives a copied database the key that the migrations would have given it."""
    cipher.file.create_if_automatic()
    key = cipher.read_keys()[-1]
    key_id = key.id
    secret_watch().learn(base64.b64encode(key.value).decode())
    location = secret_location("secret_key", "check_value", {"id": key_id})
    values = (key_id, cipher.encrypt(key_id, location, "portico"), int(time.time()))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(_OWN_KEY, values)


@cache
def postgres_key_file() -> Path:
    """The key file of every PostgreSQL database of this test process."""
    path = Path(tempfile.mkdtemp(prefix="key-")) / "portico.key"
    SecretKeyFile(path, automatic=True).create_if_automatic()
    return path


def key_environment(url: str) -> dict[str, str]:
    """The variable that names the key file of a database; none for SQLite, which has its own."""
    if sqlite_path(url) is not None:
        return {}
    return {"PORTICO_SECRET_KEY_FILE": str(postgres_key_file())}


def secrets_in(url: str) -> list[str]:
    """The key of a database and all that it encrypts: secrets of tokens, providers and factors."""
    cipher = cipher_of(url)

    async def read(database: Database) -> list[str]:
        found = [base64.b64encode(key.value).decode() for key in cipher.read_keys()]
        async with database.read() as connection:
            for column in SECRET_COLUMNS:
                rows = await connection.rows(select(*column.row, column.column.label("stored")))
                places = [(column.location(row._asdict()), row.stored) for row in rows]
                found += [cipher.decrypt(*each) for each in places if cipher.can_decrypt(*each)]
        return found

    return with_database(url, read)


def cipher_of(url: str) -> SecretCipher:
    """What encrypts the secrets of a test database."""
    named = key_environment(url).get("PORTICO_SECRET_KEY_FILE", "")
    return SecretCipher(secret_key_file(url, named))
