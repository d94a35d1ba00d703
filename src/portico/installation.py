"""The database, the secrets and the runtime of an installation, for the server and for commands.

Commands import this module and not `app`, which loads Starlette, the API and every page.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from portico.domain.people.sessions import SessionLife
from portico.domain.records import Clock, IdSource
from portico.services.password_queue import PasswordQueue
from portico.services.runtime import Runtime, claim_ids
from portico.services.tenancy.signing_keys import KEY_REFRESH_SECONDS
from portico.settings import Settings, holds_password
from portico.storage.engine.connections import Database
from portico.storage.engine.database import database_files, sqlite_path
from portico.storage.schema import migrate as schema
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secret_keys import secret_key_file
from portico.web.shared.passwords import Argon2Passwords, hashes_at_once


def key_overlap(token_lifetime: int) -> int:
    """Return how many seconds an old key still verifies: longer than any token that it signed."""
    return token_lifetime + 2 * KEY_REFRESH_SECONDS


def make_cipher(settings: Settings) -> SecretCipher:
    """Return the cipher of the database. It reads the key file when it is first used."""
    return SecretCipher(secret_key_file(settings.database, settings.secret_key_file))


def private_files(settings: Settings, config: Path | None) -> list[Path]:
    """Return the files with secrets: the database, its key, and settings with a password."""
    files = database_files(settings.database)
    key_file = make_cipher(settings).file
    if key_file.path is not None:
        files.append(key_file.path)
    if settings.database_file:
        files.append(Path(settings.database_file))
    if config is not None and holds_password(config):
        files.append(config)
    return files


async def prepare_database(
    database: Database, cipher: SecretCipher, settings: Settings, *, create: bool = False
) -> None:
    """Upgrade a SQLite database, or require that this version can serve a PostgreSQL database.

    `create` allows creating tables in an empty SQLite file. Raises SchemaMismatch or Unavailable.
    """
    if sqlite_path(settings.database) is not None:
        await schema.upgrade(database, cipher, create=create)
    else:
        await schema.require_servable(database)


async def open_runtime(
    settings: Settings,
    database: Database,
    cipher: SecretCipher,
    clock: Clock = time.time,
    new_id: IdSource | None = None,
) -> Runtime:
    """Return the runtime of this process.

    Without `new_id`, it creates ids that no other process creates.
    """
    return Runtime(
        database=database,
        cipher=cipher,
        clock=clock,
        new_id=new_id or await claim_ids(database, clock),
        transaction_id=str(uuid.uuid4()),
        passwords=Argon2Passwords(),
        password_queue=PasswordQueue(at_once=hashes_at_once()),
        console_life=SessionLife(idle=settings.console_idle, absolute=settings.console_lifetime),
        portal_life=SessionLife(idle=settings.portal_idle, absolute=settings.portal_lifetime),
    )
