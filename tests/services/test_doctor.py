"""The checks of doctor: a sound installation passes all of them, and each finds its fault."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import MetaData, Table, Text, text

from portico.domain.errors import Unavailable
from portico.domain.people.providers import IdentityProvider
from portico.domain.proxy_peers import ProxyPeer
from portico.services.doctor import checks, web
from portico.services.doctor.checks import Examined, Level, Machine, Result, run_checks
from portico.services.doctor.every_check import CHECKS
from portico.services.people.first_steps import CommandLine
from portico.services.tenancy.signing_keys import ensure_signing_key
from portico.storage.backups.folder import BackupFailure, record_failure, scheduled_name
from portico.storage.engine.connections import Database
from portico.storage.engine.database import sqlite_path
from portico.storage.proxy_peers import ProxyPeers
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secret_keys import SecretKeyFile
from tests.cli.conftest import new_postgres
from tests.conftest import DATABASES
from tests.harness import as_operator, cipher_of, upgrade, with_database

DAY = 86_400
ISSUER = "https://alder.example/$(id)"
"""A shell must not run what somebody wrote into an issuer."""

NAMES = [each.name for each in CHECKS]
MACHINE = Machine(
    python=(3, 13),
    sqlite=(3, 46, 0),
    open_files=1_024,
    user_id=os.geteuid(),
    free_bytes=lambda folder: 10**12,
)


@pytest.fixture(scope="module", params=DATABASES)
def own_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An upgraded database of this module alone, with a signing key."""

    def ready(url: str) -> str:
        upgrade(url)
        as_operator(url, lambda runtime: ensure_signing_key(runtime, overlap=0))
        return url

    if request.param == "sqlite":
        yield ready(f"sqlite:///{tmp_path_factory.mktemp('doctor') / 'portico.db'}")
        return
    with new_postgres(request.getfixturevalue("postgres_url")) as url:
        yield ready(url)


async def reach(provider: IdentityProvider) -> None:
    """A provider that answers."""


def examine(url: str, *names: str, **changes: Any) -> dict[str, Result]:  # noqa: ANN401  # of any field
    """The results of the named checks, of an installation without faults but for the changes."""

    async def run(database: Database) -> dict[str, Result]:
        path = sqlite_path(url)
        key = cipher_of(url).file.path
        examined = Examined(
            database=database,
            cipher=cipher_of(url),
            clock=time.time,
            path=path,
            private_files=[each for each in (path, key) if each is not None],
            backups=None,
            backup_seconds=DAY,
            managed_suffix="p.zscalerportal.net",
            reach=reach,
            line=CommandLine(database_option="--database x"),
            machine=MACHINE,
        )
        return dict(await run_checks(replace(examined, **changes), CHECKS, names))

    return with_database(url, run)


def fault(url: str, name: str, level: Level = Level.WARN, **changes: Any) -> Result:  # noqa: ANN401
    """The fault that a check finds: it says why it matters and what to type."""
    result = examine(url, name, **changes)[name]
    assert result.level is level, result
    assert result.why.endswith(".")
    assert result.command
    return result


def in_the_future(days: int) -> Any:  # noqa: ANN401  # a clock
    """A clock that many days from now."""
    return lambda: time.time() + days * DAY


def test_sound_installation_has_no_fault(own_url: str) -> None:
    results = examine(own_url, *NAMES)

    assert list(results) == NAMES
    assert {name: each for name, each in results.items() if each.level is not Level.OK} == {}


def test_old_keys_are_found(own_url: str) -> None:
    in_use = "keys rotate-secret --database x"
    assert in_use in fault(own_url, "secret-key-age", clock=in_the_future(800)).command
    assert fault(own_url, "signing-key-age", clock=in_the_future(400)).command == (
        "portico keys rotate --database x"
    )
    assert "800 days old" in fault(own_url, "secret-key-age", clock=in_the_future(800)).found


def test_clock_that_was_set_back_is_found(own_url: str) -> None:
    late = fault(own_url, "clock", Level.FAIL, clock=lambda: time.time() - 7_200)

    where = "in the future" if own_url.startswith("sqlite") else "the clock of PostgreSQL"
    assert where in late.found
    assert late.command == "timedatectl status"


def test_wrong_key_file_is_found(own_url: str, tmp_path: Path) -> None:
    other = SecretKeyFile(tmp_path / "other.key", automatic=True)
    other.create_if_automatic()

    wrong = fault(own_url, "secret-key", Level.FAIL, cipher=SecretCipher(other))
    missing = fault(own_url, "secret-key", Level.FAIL, cipher=SecretCipher(SecretKeyFile(None)))

    assert "other.key has key" in wrong.found
    assert "No secret key file is configured" in missing.found


def store(url: str, rows: dict[str, dict[str, Any]]) -> None:
    """Stores rows; what they leave out is empty."""

    def work(connection: SyncConnection) -> None:
        for name, values in rows.items():
            table = Table(name.partition(" ")[0], MetaData(), autoload_with=connection)
            unset = {
                column.name: "" if isinstance(column.type, Text) else 0
                for column in table.columns
                if not column.nullable
            }
            connection.execute(table.insert().values(unset | values))

    with_database(url, lambda database: database.run_sync(work))


def execute(url: str, *statements: str) -> None:
    """Runs statements, one after the other."""

    async def work(database: Database) -> None:
        async with database.transaction() as connection:
            for each in statements:
                await connection.run(text(each))

    with_database(url, work)


def test_secret_of_another_row_is_found(own_url: str) -> None:
    key = (
        "INSERT INTO signing_key (id, secret, creation_time) SELECT -1, secret, 0 FROM signing_key"
    )
    execute(own_url, key)

    copied = fault(own_url, "secret-key", Level.FAIL)

    execute(own_url, "DELETE FROM signing_key WHERE id = -1")
    assert "does not decrypt" in copied.found


def test_content_with_faults_is_found(own_url: str) -> None:
    owned = {"customer_id": 1, "microtenant_id": 0}
    store(
        own_url,
        {
            "customer": {"id": 1, "name": "Acme", "auth_domains": "[]"},
            "customer 2": {"id": 2, "name": "ACME", "auth_domains": "[]"},
            "microtenant": {"customer_id": 1, "name": "Default", "enabled": True},
            "certificate": owned | {"id": 5, "name": "old", "valid_to_in_epoch_sec": 1},
            "user_portal": owned | {"id": 9, "name": "Staff", "enabled": True, "certificate_id": 5},
            "portal_domain": {"customer_id": 1, "portal_id": 9, "host": "links.acme.example"},
        },
    )

    names, domains, certificates = (
        fault(own_url, each) for each in ("tenant-names", "domains", "certificates")
    )

    tables = "portal_domain", "user_portal", "certificate", "microtenant", "customer"
    execute(own_url, *(f"DELETE FROM {each}" for each in tables))
    assert "Acme (1), ACME (2)" in names.found
    assert "links.acme.example" in domains.found
    assert domains.command == "portico domain allow links.acme.example --customer 1 --database x"
    assert "old of portal Staff" in certificates.found


def test_backups_that_are_missing_late_or_failing_are_found(own_url: str, tmp_path: Path) -> None:
    later = in_the_future(10)
    unconfigured = examine(own_url, "backup", clock=later)["backup"]
    absent = fault(own_url, "backup", Level.FAIL, clock=later, backups=tmp_path)
    (tmp_path / scheduled_name(int(time.time()))).touch()
    recent = examine(own_url, "backup", backups=tmp_path)["backup"]
    late = fault(own_url, "backup", Level.FAIL, clock=later, backups=tmp_path)
    record_failure(tmp_path, BackupFailure(int(time.time()) + 60, "The disk is full."))
    failed = fault(own_url, "backup", Level.FAIL, backups=tmp_path)

    # Backups of PostgreSQL by other programs are none of doctor's business.
    expected = Level.WARN if own_url.startswith("sqlite") else Level.NOT_CHECKED
    assert unconfigured.level is expected
    assert "The newest is none" in absent.found
    assert recent.level is Level.OK
    assert "is overdue. The newest is portico-" in late.found
    assert "The disk is full." in failed.found


def test_proxy_headers_are_judged_by_what_servers_received(own_url: str) -> None:
    def seen(peer: str = "10.0.0.5", **counts: int | bool) -> None:
        async def write(database: Database) -> None:
            async with database.transaction() as connection:
                counted = ProxyPeer(peer=peer, time=int(time.time()), **counts)  # type: ignore[arg-type]
                await ProxyPeers(connection).write(counted)

        with_database(own_url, write)

    seen("", trusted=False, requests=9, with_for=9, with_proto=9, all_requests=9)
    socket = fault(own_url, "proxy-headers")
    execute(own_url, "DELETE FROM proxy_peer")
    seen(trusted=False, requests=9, with_for=9, with_proto=9, all_requests=10)
    ignored = fault(own_url, "proxy-headers")
    seen(trusted=False, requests=9, with_for=9, with_proto=9, all_requests=10_000)
    stranger = examine(own_url, "proxy-headers")["proxy-headers"]
    seen(trusted=True, requests=9, with_for=9, with_proto=1, all_requests=9)
    without_scheme = fault(own_url, "proxy-headers")
    seen(trusted=True, requests=9, with_for=9, with_proto=9, all_requests=9)
    right = examine(own_url, "proxy-headers")["proxy-headers"]

    assert "9 of 9 requests came from a Unix socket with X-Forwarded headers" in socket.found
    assert socket.command.startswith(
        "portico serve --host 127.0.0.1 --trusted-proxies 127.0.0.1  # "
    )
    assert "9 of 10 requests came from 10.0.0.5 with X-Forwarded headers" in ignored.found
    assert ignored.command.startswith("portico serve --trusted-proxies 10.0.0.5 ")
    assert stranger.level is Level.OK  # anybody can send such headers to an open port
    assert "without X-Forwarded-Proto" in without_scheme.found
    assert "10.0.0.5 send the right headers" in right.found
    execute(own_url, "DELETE FROM proxy_peer")


def test_providers_that_fail_or_hang_are_found(
    own_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"customer_id": 1, "enabled": True, "name": "Alder", "issuer": ISSUER}
    store(own_url, {"identity_provider": values | {"id": 3}})
    monkeypatch.setattr(web, "REACH_SECONDS", 0.05)

    async def refuse(provider: IdentityProvider) -> None:
        raise Unavailable(f"{provider.issuer} answers 500.")

    async def hang(provider: IdentityProvider) -> None:
        await asyncio.sleep(60)

    refused = fault(own_url, "providers", reach=refuse)
    hanging = fault(own_url, "providers", reach=hang)

    execute(own_url, "DELETE FROM identity_provider")
    assert "Provider Alder of tenant 1 cannot be used: https://alder.example" in refused.found
    assert refused.command == f"curl -sS '{ISSUER}/.well-known/openid-configuration'"
    assert "did not answer in 0.05 seconds" in hanging.found


def test_interrupted_work_on_secrets_is_found(own_url: str) -> None:
    execute(own_url, "UPDATE secret_key SET plain_text_left = true")
    assert "db upgrade" in fault(own_url, "migration").command

    execute(
        own_url,
        "UPDATE secret_key SET plain_text_left = false",
        "INSERT INTO secret_key (id, check_value, creation_time, replaced_time, plain_text_left) "
        "SELECT 'old', check_value, 0, 1, false FROM secret_key",
    )
    assert "keys rotate-secret" in fault(own_url, "secret-key-age").command
    execute(own_url, "DELETE FROM secret_key WHERE id = 'old'")


@pytest.mark.one_database
def test_faults_of_the_machine_are_found(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/portico.db"
    upgrade(url)

    def with_machine(**facts: Any) -> Machine:  # noqa: ANN401  # of any field
        return replace(MACHINE, **facts)

    full = with_machine(free_bytes=lambda folder: 5 * 1024 * 1024)
    assert "5 MiB free" in fault(url, "disk", Level.FAIL, machine=full).found
    assert "256 files" in fault(url, "open-files", machine=with_machine(open_files=256)).found
    assert examine(url, "open-files", machine=with_machine(open_files=-1))
    assert "since 2029-10-31" in fault(url, "versions", clock=in_the_future(2_000)).found
    old = with_machine(sqlite=(3, 31, 1))
    assert "SQLite 3.31.1" in fault(url, "versions", machine=old).found
    other = with_machine(user_id=os.geteuid() + 1)
    assert fault(url, "files", machine=other).command.startswith("sudo -u ")
    (tmp_path / "portico.db").chmod(0o640)
    assert fault(url, "files").command == f"chmod 600 {tmp_path}/portico.db"


@pytest.mark.one_database
def test_slow_check_counts_as_not_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/portico.db"
    upgrade(url)
    monkeypatch.setattr(checks, "CHECK_SECONDS", 0.05)

    async def hang(provider: IdentityProvider) -> None:
        await asyncio.sleep(60)

    store(url, {"identity_provider": {"id": 3, "enabled": True}})
    result = examine(url, "providers", reach=hang)["providers"]

    assert result.level is Level.NOT_CHECKED
    assert "took longer than 0.05 seconds" in result.found


def test_postgres_that_accepts_no_writes_is_found(postgres_url: str) -> None:
    with new_postgres(postgres_url) as url:
        upgrade(url)
        name = url.partition("?")[0].rpartition("/")[2]
        execute(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        results = examine(url, "database", "domains")

    assert results["database"].level is Level.FAIL
    assert "accepts no writes" in results["database"].found
    assert results["domains"].level is Level.NOT_CHECKED
    assert "needs the check database" in results["domains"].found
