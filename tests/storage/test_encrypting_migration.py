"""The migration that encrypts secrets: they still work, and the files do not hold their text."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import text

from portico.services.people.providers import list_providers, read_client_secret
from portico.services.runtime import Runtime
from portico.services.tenancy.signing_keys import SigningKeys
from portico.storage.engine import sqlite
from portico.storage.engine.connections import Database
from portico.storage.engine.database import sqlite_path
from portico.storage.schema.migrate import upgrade as upgrade_schema
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secret_keys import SecretKeyError, SecretKeyFile
from tests.harness import as_operator, cipher_of, upgrade, with_database
from tests.storage.schema.test_schema import fill_at, looked_at

SIGNING_SECRET = "signing-" + "s" * 35
CLIENT_SECRET = "client-secret-of-a-provider"
REMOVED_SECRET = "client-secret-of-a-removed-provider"


def fill(url: str) -> None:
    """A database as the version before left it: with secrets in plain text, one of them deleted."""
    providers = {7: CLIENT_SECRET, 8: "", 9: REMOVED_SECRET}
    fill_at(
        url,
        "0011",
        ("customer", {"id": 42, "name": "Acme", "auth_domains": "[]"}),
        ("signing_key", {"id": 5, "secret": SIGNING_SECRET, "creation_time": 1}),
        *(
            (
                "identity_provider",
                {"id": number, "customer_id": 42, "name": f"P{number}", "client_secret": secret},
            )
            for number, secret in providers.items()
        ),
    )
    looked_at(url, lambda each: each.execute(text("DELETE FROM identity_provider WHERE id = 9")))


def found_in(content: bytes) -> set[str]:
    """The secrets whose text the content holds."""
    secrets = {SIGNING_SECRET, CLIENT_SECRET, REMOVED_SECRET}
    return {each for each in secrets if each.encode() in content}


def sqlite_bytes(path: Path) -> bytes:
    """What every file of a SQLite database holds."""
    return b"".join(each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")))


def postgres_bytes(url: str) -> bytes:
    """What the files of the tables with secrets hold on the disk of PostgreSQL."""

    def paths(connection: SyncConnection) -> list[Path]:
        folder = Path(str(connection.execute(text("SHOW data_directory")).scalar()))
        names = ("signing_key", "identity_provider")
        wanted = [f"SELECT pg_relation_filepath('{name}')" for name in names]
        return [folder / str(connection.execute(text(each)).scalar()) for each in wanted]

    async def checkpoint(database: Database) -> None:
        async with database.transaction() as connection:
            await connection.run(text("CHECKPOINT"))

    with_database(url, checkpoint)
    return b"".join(each.read_bytes() for each in looked_at(url, paths))


def stored_bytes(url: str) -> bytes:
    """What the files of a database hold."""
    path = sqlite_path(url)
    return postgres_bytes(url) if path is None else sqlite_bytes(path)


def test_copy_of_the_upgraded_database_holds_no_secret(empty_url: str) -> None:
    fill(empty_url)
    before = stored_bytes(empty_url)

    upgrade(empty_url)

    after = stored_bytes(empty_url)
    assert {SIGNING_SECRET, CLIENT_SECRET} <= found_in(before)
    assert found_in(after) == set()


def test_upgraded_secrets_can_be_used(empty_url: str) -> None:
    fill(empty_url)
    upgrade(empty_url)
    cipher = cipher_of(empty_url)

    keys = with_database(empty_url, lambda database: SigningKeys(database, cipher).current())
    providers = as_operator(empty_url, lambda runtime: list_providers(runtime, 42))

    async def client_secrets(runtime: Runtime) -> list[str]:
        return [await read_client_secret(runtime, each) for each in providers]

    assert [(key.id, key.secret) for key in keys] == [(5, SIGNING_SECRET)]
    assert as_operator(empty_url, client_secrets) == [CLIENT_SECRET, ""]


def test_migration_logs_where_the_key_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path}/portico.db"
    (tmp_path / "portico.db").touch(0o600)
    fill(url)

    upgrade(url)

    (record,) = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert f"Created {tmp_path}/portico.key" in record.getMessage()
    assert (tmp_path / "portico.key").stat().st_mode & 0o777 == 0o600


def test_migration_without_a_key_changes_nothing(empty_url: str) -> None:
    fill(empty_url)
    before = stored_bytes(empty_url)
    without = SecretCipher(SecretKeyFile(None))

    with pytest.raises(SecretKeyError, match="openssl rand -base64 32"):
        with_database(empty_url, lambda database: upgrade_schema(database, without))

    assert SIGNING_SECRET.encode() in before
    rows = looked_at(
        empty_url, lambda each: each.execute(text("SELECT secret FROM signing_key")).all()
    )
    assert [row.secret for row in rows] == [SIGNING_SECRET]


def test_erasing_that_was_interrupted_is_done_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process reads an older state for a while, which the WAL must keep for it."""
    monkeypatch.setattr(sqlite, "LOCK_WAIT_SECONDS", 0.5)
    path = tmp_path / "portico.db"
    path.touch(0o600)
    url = f"sqlite:///{path}"
    fill(url)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM customer").fetchall()
        upgrade(url)
        assert "can still hold secrets in plain text" in caplog.text
        assert SIGNING_SECRET.encode() in sqlite_bytes(path)

    upgrade(url)

    assert SIGNING_SECRET.encode() not in sqlite_bytes(path)


def test_key_is_never_created_later(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/portico.db"
    upgrade(url)
    (tmp_path / "portico.key").unlink()

    upgrade(url)

    assert not (tmp_path / "portico.key").exists()
