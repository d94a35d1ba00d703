"""Backups under load, and what a restore checks before it writes and says afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from alembic import command
from sqlalchemy import text

from portico.domain.links.links import LinkSpec
from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.providers import IdentityProviderSpec
from portico.domain.tenancy.identity import Role
from portico.installation import open_runtime
from portico.services.access import operator_writing
from portico.services.backups.creating import create_backup, verify_backup
from portico.services.backups.restoring import Restored, restore_backup
from portico.services.links.links import create_link
from portico.services.people.administrators import (
    add_grant,
    create_administrator,
    disable_administrator,
)
from portico.services.people.providers import create_provider, read_client_secret
from portico.services.runtime import Runtime
from portico.services.tenancy.signing_keys import ensure_signing_key
from portico.services.tenancy.tenants import create_tenant
from portico.settings import Settings
from portico.storage.backups.manifest import (
    BackupError,
    DamagedBackup,
    Manifest,
    MissingBackupKey,
)
from portico.storage.engine.database import create_database_file, open_database, sqlite_path
from portico.storage.schema.compatibility import newest_revision
from portico.storage.schema.migrate import migrations_on
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secret_keys import SecretKeyFile
from tests.conftest import DATABASES
from tests.harness import cipher_of, upgrade
from tests.storage.conftest import new_postgres

T = TypeVar("T")
LINKS_BEFORE, WRITERS = 40, 4
PROVIDER = IdentityProviderSpec(
    name="Login", issuer="https://login.example", client_id="portico", for_console=True
)


def run(url: str, cipher: SecretCipher, work: Callable[[Runtime], Awaitable[T]]) -> T:
    """The result of the operator's work on a database."""

    async def opened() -> T:
        database = open_database(url)
        try:
            return await work(await open_runtime(Settings(database=url), database, cipher))
        finally:
            await database.close()

    return asyncio.run(opened())


def restore(
    path: Path, url: str, cipher: SecretCipher, *, without_secrets: bool = False
) -> Restored:
    """Restores a backup as the command does."""
    opened = partial(open_runtime, Settings(database=url), cipher=cipher)
    return asyncio.run(restore_backup(path, url, cipher, opened, without_secrets=without_secrets))


def back_up(url: str, path: Path, customer_id: int | None = None) -> Manifest:
    """A backup of a database that nobody uses."""

    async def opened() -> Manifest:
        database = open_database(url)
        try:
            return await create_backup(database, path, lambda: 0.0, customer_id)
        finally:
            await database.close()

    return asyncio.run(opened())


def values(url: str, statement: str) -> list[str]:
    """The first column of a query."""
    found: list[str] = []

    async def opened() -> None:
        database = open_database(url)
        try:
            await database.snapshot(
                lambda connection: found.extend(connection.scalars(text(statement)))
            )
        finally:
            await database.close()

    asyncio.run(opened())
    return found


async def back_up_under_load(runtime: Runtime, path: Path) -> tuple[Manifest, set[str], set[str]]:
    """A backup while writers create links: what was acknowledged before it, and in the end."""
    tenant = await create_tenant(runtime, "Acme")
    acknowledged: set[str] = set()
    enough, stopping = asyncio.Event(), asyncio.Event()

    async def write(writer: int) -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            name = f"Link {writer}-{number}"
            async with operator_writing(runtime, tenant.id) as work:
                await create_link(work, LinkSpec(name=name, link="x.example.com", enabled=True))
            acknowledged.add(name)
            if len(acknowledged) >= LINKS_BEFORE:
                enough.set()
            await asyncio.sleep(0)

    writers = [asyncio.create_task(write(number)) for number in range(WRITERS)]
    await enough.wait()
    before = set(acknowledged)
    manifest = await create_backup(runtime.database, path, runtime.clock)
    stopping.set()
    await asyncio.gather(*writers)
    return manifest, before, acknowledged


@pytest.mark.parametrize("kind", DATABASES)
def test_backup_under_load_has_every_acknowledged_write_on_either_database(
    kind: str, tmp_path: Path, postgres_url: str
) -> None:
    path, again, last = (tmp_path / f"{number}.zip" for number in range(3))
    on_sqlite, on_postgres = f"sqlite:///{tmp_path / 'own.db'}", new_postgres(postgres_url)
    source, target = (on_sqlite, on_postgres)[:: 1 if kind == "sqlite" else -1]
    upgrade(source)
    cipher = cipher_of(source)
    manifest, before, after = run(source, cipher, lambda runtime: back_up_under_load(runtime, path))

    restored = restore(path, target, cipher)

    links = set(values(target, "SELECT name FROM user_portal_link"))
    assert before <= links <= after
    assert len(after) > len(before), "nothing was written during the backup"
    # The state of one moment: a trail, a count and a revision for exactly these links.
    trail = values(
        target, "SELECT object_name FROM audit_entry WHERE object_type = 'userPortalLink'"
    )
    assert sorted(trail) == sorted(links)
    assert sum(map(int, values(target, "SELECT links FROM link_count"))) == len(links)
    assert sum(map(int, values(target, "SELECT revision FROM customer_revision"))) >= len(links)
    assert restored.manifest == manifest

    # The other database has it unchanged, and so has a third one of the first kind.
    assert back_up(target, again).tables == manifest.tables
    home = f"sqlite:///{tmp_path / 'home.db'}" if kind == "sqlite" else new_postgres(postgres_url)
    restore(again, home, cipher)
    assert back_up(home, last).tables == manifest.tables

    # It can be written to: ids, slots and references are whole.
    async def go_on(runtime: Runtime) -> None:
        (customer_id,) = values_of_tenants
        async with operator_writing(runtime, customer_id) as work:
            await create_link(work, LinkSpec(name="Later", link="x.example.com", enabled=True))

    values_of_tenants = list(map(int, values(home, "SELECT id FROM customer")))
    run(home, cipher, go_on)
    assert len(values(home, "SELECT name FROM user_portal_link")) == len(links) + 1


class Installation:
    """A SQLite database with two tenants, their administrators and a provider with a secret."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'source.db'}"
        upgrade(self.url)
        self.cipher = cipher_of(self.url)
        run(self.url, self.cipher, self._fill)
        self.backup = folder / "source.zip"
        self.manifest = back_up(self.url, self.backup)

    async def _fill(self, runtime: Runtime) -> None:
        await ensure_signing_key(runtime, overlap=60)
        self.acme = (await create_tenant(runtime, "Acme")).id
        self.other = (await create_tenant(runtime, "Other")).id
        admin, viewer = GrantSpec(role=Role.ADMIN), GrantSpec(role=Role.VIEWER)
        async with operator_writing(runtime, self.acme) as work:
            vera = AdministratorSpec(name="vera", display_name="Vera Maric")
            shared = (await create_administrator(work, vera, [admin], "hash")).id
            gone = AdministratorSpec(name="gone")
            left = (await create_administrator(work, gone, [admin], "hash")).id
            await disable_administrator(work, left)
            await create_administrator(work, AdministratorSpec(name="wordless"), [admin], "")
            by_mail = AdministratorSpec(name="eliot", email="eliot@acme.example")
            await create_administrator(work, by_mail, [viewer], "")
        async with operator_writing(runtime, self.other) as work:
            await add_grant(work, shared, viewer)
            await create_administrator(work, AdministratorSpec(name="zoe"), [admin], "hash")
        self.provider = await create_provider(runtime, self.acme, PROVIDER, client_secret="s3cret")

    def new(self, name: str) -> str:
        """The URL of a file that does not exist."""
        return f"sqlite:///{self.folder / name}"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation that tests only read."""
    return Installation(tmp_path_factory.mktemp("installation"))


def test_restore_says_who_can_sign_in(installation: Installation) -> None:
    restored = restore(installation.backup, installation.new("whole.db"), installation.cipher)

    able = {each.name: each for each in restored.administrators}
    assert list(able) == ["eliot", "vera", "zoe"]
    assert able["vera"].roles == (
        (installation.acme, Role.ADMIN),
        (installation.other, Role.VIEWER),
    )
    assert (able["vera"].has_password, able["vera"].providers) == (True, ("Login",)[:0])
    assert (able["eliot"].has_password, able["eliot"].providers) == (False, ("Login",))
    path = sqlite_path(installation.new("whole.db"))
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    assert not path.with_name("whole.db-wal").exists()


def test_secrets_stay_encrypted_and_work_with_their_key(installation: Installation) -> None:
    url = installation.new("secret.db")
    restore(installation.backup, url, installation.cipher)

    async def read(runtime: Runtime) -> str:
        return await read_client_secret(runtime, installation.provider)

    assert b"s3cret" not in installation.backup.read_bytes()
    assert values(url, "SELECT client_secret FROM identity_provider") == values(
        installation.url, "SELECT client_secret FROM identity_provider"
    )
    assert run(url, installation.cipher, read) == "s3cret"
    assert values(url, "SELECT id FROM signing_key") == []


def test_missing_key_is_named_before_anything_is_written(installation: Installation) -> None:
    url = installation.new("keyless.db")
    (needed,) = installation.manifest.secret_keys
    lost = cipher_of(url)
    with pytest.raises(MissingBackupKey, match=needed):
        restore(installation.backup, url, lost)
    other = SecretKeyFile(installation.folder / "other.key", automatic=True)
    other.create_if_automatic()
    with pytest.raises(MissingBackupKey, match=f"does not have key {needed}"):
        restore(installation.backup, url, SecretCipher(other))
    assert list(installation.folder.glob("keyless.*")) == []

    restored = restore(installation.backup, url, lost, without_secrets=True)

    assert restored.lost is not None
    assert restored.lost.keys == (needed,)
    assert [each.name for each in restored.lost.providers] == ["Login"]
    assert values(url, "SELECT id FROM secret_key") == [lost.read_keys()[0].id]
    assert [each.name for each in restored.administrators] == ["vera", "zoe"]


def test_backup_of_one_tenant_restores_that_tenant(installation: Installation) -> None:
    url, path = installation.new("one.db"), installation.folder / "one.zip"
    manifest = back_up(installation.url, path, installation.acme)

    restored = restore(path, url, installation.cipher)

    assert manifest.customer_id == installation.acme
    assert values(url, "SELECT name FROM customer") == ["Acme"]
    vera = next(each for each in restored.administrators if each.name == "vera")
    assert vera.roles == ((installation.acme, Role.ADMIN),)
    assert [each.name for each in restored.administrators] == ["eliot", "vera"]
    expected = values(
        installation.url, f"SELECT id FROM audit_entry WHERE customer_id = {installation.acme}"
    )
    assert values(url, "SELECT id FROM audit_entry") == expected


def test_restore_never_changes_an_existing_database(
    installation: Installation, postgres_url: str
) -> None:
    with pytest.raises(BackupError, match="exists already"):
        restore(installation.backup, installation.url, installation.cipher)
    taken = new_postgres(postgres_url)
    upgrade(taken)
    with pytest.raises(BackupError, match="already has tables of Portico"):
        restore(installation.backup, taken, installation.cipher)
    path = sqlite_path(installation.new("half.db"))
    assert path is not None
    path.with_name("half.db-wal").write_bytes(b"x")
    with pytest.raises(BackupError, match="left of another database"):
        restore(installation.backup, installation.new("half.db"), installation.cipher)
    with pytest.raises(BackupError, match="cannot be created"):
        restore(installation.backup, installation.new("no/where.db"), installation.cipher)


def test_damaged_or_newer_backup_is_named_and_leaves_nothing(installation: Installation) -> None:
    damaged = installation.folder / "damaged.zip"
    content = bytearray(installation.backup.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(DamagedBackup, match=r"damaged\.zip"):
        restore(damaged, installation.new("never.db"), installation.cipher)
    assert list(installation.folder.glob("never.*")) == []


def test_backup_never_replaces_a_file_or_leaves_half_of_one(
    installation: Installation, tmp_path: Path
) -> None:
    taken = tmp_path / "taken.zip"
    taken.write_text("mine")
    with pytest.raises(BackupError, match="exists already"):
        back_up(installation.url, taken)
    assert taken.read_text() == "mine"
    with pytest.raises(BackupError, match="No such file"):
        back_up(installation.url, tmp_path / "missing" / "a.zip")
    assert installation.backup.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [taken]


def older_database(url: str, cipher: SecretCipher, revision: str) -> None:
    """A database that an older version made, with a tenant."""
    create_database_file(url)
    path = sqlite_path(url)
    assert path is not None

    async def migrate() -> None:
        database = open_database(url)
        try:
            await database.run_sync(
                lambda connection: command.upgrade(migrations_on(connection, cipher), revision)
            )
        finally:
            await database.close()

    asyncio.run(migrate())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO customer VALUES (7, 'Acme', '[]', 1)")
        connection.execute("INSERT INTO customer_revision VALUES (7, 0, 5)")


def test_older_backup_is_upgraded(tmp_path: Path) -> None:
    url, new = (f"sqlite:///{tmp_path / name}" for name in ("old.db", "new.db"))
    cipher = cipher_of(url)
    older_database(url, cipher, "0012")
    path = tmp_path / "old.zip"
    manifest = back_up(url, path)

    restore(path, new, cipher)

    assert manifest.schema == "0012"
    assert verify_backup(path) == manifest
    assert values(new, "SELECT version_num FROM alembic_version") == [newest_revision()]
    assert values(new, "SELECT name FROM customer") == ["Acme"]
    assert list(map(int, values(new, "SELECT handed_out FROM id_node"))) == [0]
