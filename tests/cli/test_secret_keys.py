"""The secret key at the command line: who needs it, how it is exchanged, what happens when lost."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from portico.domain.people.providers import IdentityProviderSpec
from portico.services.people.providers import create_provider
from portico.services.runtime import Runtime
from tests.cli.commands import COMMAND, refuse, refused, run, run_process, succeed, succeed_json
from tests.harness import (
    LINKS,
    Caller,
    Credentials,
    as_operator,
    free_port,
    postgres_key_file,
    served,
)

NO_KEY = {"PORTICO_SECRET_KEY_FILE": ""}
ISSUER = ("--issuer", "https://login.example", "--client-id", "portico")


@pytest.fixture
def key_path(database: str, tmp_path: Path) -> Path:
    """The key file beside the database."""
    return tmp_path / "portico.key"


def new_key() -> bytes:
    """What the documented command prints."""
    return subprocess.run(
        ["openssl", "rand", "-base64", "32"], capture_output=True, check=True
    ).stdout


def serve_in_vain(url: str, *options: str, environment: dict[str, str] | None = None) -> str:
    """Starts a server that has to refuse; its sentence."""
    arguments = ("serve", "--port", str(free_port()), "--database", url, *options)
    return refused(run_process(*arguments, environment=environment))


def test_serve_refuses_a_missing_key_and_makes_none(database: str, key_path: Path) -> None:
    key_path.unlink()

    sentence = serve_in_vain(database)

    assert f"{key_path} cannot be read: No such file or directory" in sentence
    assert "portico keys forget-secrets" in sentence
    assert not key_path.exists()


def test_serve_refuses_a_wrong_key(database: str, key_path: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.key").write_bytes(new_key())

    sentence = serve_in_vain(database, "--secret-key-file", f"{tmp_path}/wrong.key")

    assert f"{tmp_path}/wrong.key has key " in sentence
    assert sentence.count(" key ") >= 2


def test_postgres_without_a_key_is_refused_with_the_command(empty_postgres: str) -> None:
    by_upgrade = refuse("db", "upgrade", "--database", empty_postgres, environment=NO_KEY)
    before = succeed("db", "current", "--database", empty_postgres)
    succeed("db", "upgrade", "--database", empty_postgres)
    by_serve = serve_in_vain(empty_postgres, environment=NO_KEY)

    for sentence in (by_upgrade, by_serve):
        assert "openssl rand -base64 32 > portico.key" in sentence
        assert "--secret-key-file or PORTICO_SECRET_KEY_FILE" in sentence
    assert before.startswith("database: none\n")


def test_key_comes_from_a_systemd_credential(empty_postgres: str, tmp_path: Path) -> None:
    (tmp_path / "portico-secret-key").write_bytes(postgres_key_file().read_bytes())
    succeed("db", "upgrade", "--database", empty_postgres)
    credentials = NO_KEY | {"CREDENTIALS_DIRECTORY": str(tmp_path)}

    with served(empty_postgres, tmp_path / "log", environment=credentials) as server:
        assert server.http.get("/readyz").status_code == 200


@pytest.mark.parametrize("content", [None, b"no key\n"], ids=["missing", "malformed"])
def test_named_key_that_is_none_creates_no_database(tmp_path: Path, content: bytes | None) -> None:
    key = tmp_path / "named.key"
    if content is not None:
        key.write_bytes(content)
    where = ("--database", f"sqlite:///{tmp_path}/new/portico.db", "--secret-key-file", str(key))

    by_upgrade = refuse("db", "upgrade", "--create", *where)
    by_demo = refused(run_process("serve", "--demo", "--port", str(free_port()), *where))

    assert by_upgrade == by_demo
    assert str(key) in by_upgrade
    assert not (tmp_path / "new").exists()


def test_commands_without_secrets_need_no_key(
    database: str, customer_id: str, key_path: Path
) -> None:
    where = ("--customer", customer_id, "--database", database)
    made = succeed_json("provider", "create", "Acme", *ISSUER, *where)
    key_path.unlink()

    succeed("db", "upgrade", "--database", database)
    succeed("db", "current", "--database", database)
    succeed("tenant", "create", "Other", "--database", database)
    succeed("client", "create", *where)
    succeed("admin", "create", "ada", "--generate", *where)
    succeed("user", "create", "uma", "--generate", *where)
    assert succeed_json("provider", "list", *where) == [made]
    succeed("provider", "remove", made["providerId"], "--database", database)

    for needing in (
        ("keys", "rotate", "--database", database),
        ("keys", "rotate-secret", "--database", database),
        ("keys", "forget-secrets", "--database", database),
        ("provider", "create", "Acme", *ISSUER, *where),
    ):
        assert str(key_path) in refuse(*needing)


def test_secret_of_a_provider_is_changed(database: str, customer_id: str) -> None:
    where = ("--customer", customer_id, "--database", database)
    made = succeed_json("provider", "create", "Acme", *ISSUER, *where)
    command = ("provider", "set-secret", made["providerId"], "--database", database)

    ended = subprocess.run(
        [*COMMAND, *command, "--client-secret-stdin"],
        input=b"hunter2\n",
        capture_output=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.decode() == (
        f"Changed the client secret of provider Acme ({made['providerId']}).\n"
    )
    assert "--no-client-secret" in refuse(*command)
    unknown = run("provider", "set-secret", "42", "--no-client-secret", "--database", database)
    assert unknown.status == 1
    assert "42" in unknown.errors


def test_key_is_rotated_while_a_server_runs(
    database: str, customer_id: str, key_path: Path, tmp_path: Path
) -> None:
    client = succeed_json("client", "create", "--customer", customer_id, "--database", database)
    credentials = Credentials(client["clientId"], client["clientSecret"])
    with served(database, tmp_path / "server.log") as server:
        caller = Caller(server, customer_id, credentials)
        with key_path.open("ab") as file:
            file.write(new_key())

        printed = succeed("keys", "rotate-secret", "--database", database)
        statuses = [caller.get(LINKS).status_code]
        # A signing key under the new secret key, which the server learns of by a foreign token.
        succeed("keys", "rotate", "--database", database)
        with served(database, tmp_path / "other.log") as other:
            caller.token = Caller(other, customer_id, credentials).token
        time.sleep(1.1)
        statuses.append(caller.get(LINKS).status_code)
        log = server.log.read_text()
    again = succeed("keys", "rotate-secret", "--database", database)
    key_path.write_bytes(key_path.read_bytes().splitlines(keepends=True)[-1])
    with served(database, tmp_path / "after.log") as server:
        statuses.append(Caller(server, customer_id, credentials).get(LINKS).status_code)

    assert statuses == [200, 200, 200]
    assert printed.startswith("Encrypted 1 secrets with key ")
    assert f"`sed -i '$!d' {key_path}`" in printed
    assert "Backups made from " in printed
    assert "already" in again
    assert "cannot be used" not in log


def test_killed_rotation_is_resumed(
    database: str, customer_id: str, key_path: Path, tmp_path: Path
) -> None:
    count = 600

    async def add_providers(runtime: Runtime) -> None:
        for number in range(count):
            spec = IdentityProviderSpec(
                name=f"P{number}", issuer="https://login.example", client_id="portico"
            )
            await create_provider(runtime, int(customer_id), spec, client_secret="hunter2")

    as_operator(database, add_providers)
    with key_path.open("ab") as file:
        file.write(new_key())
    command = [*COMMAND, "keys", "rotate-secret", "--database", database]
    with closing(sqlite3.connect(tmp_path / "portico.db")) as connection:

        def by_key() -> list[int]:
            query = "SELECT count(*) FROM identity_provider GROUP BY substr(client_secret, 1, 20)"
            return [row[0] for row in connection.execute(query)]

        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while len(by_key()) < 2 and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait(30)

        succeed("keys", "rotate-secret", "--database", database)

        assert by_key() == [count]
    key_path.write_bytes(key_path.read_bytes().splitlines(keepends=True)[-1])
    assert succeed("keys", "forget-secrets", "--database", database).startswith("Every secret")


def test_lost_key_is_given_up_after_a_question(
    database: str, customer_id: str, key_path: Path, tmp_path: Path
) -> None:
    where = ("--customer", customer_id, "--database", database)
    made = succeed_json("provider", "create", "Acme", *ISSUER, *where)
    with served(database, tmp_path / "before.log"):
        pass
    key_path.write_bytes(new_key())

    asked = run_process("keys", "forget-secrets", "--database", database)
    still = serve_in_vain(database)
    printed = succeed("keys", "forget-secrets", "--yes", "--database", database)
    with served(database, tmp_path / "after.log") as server:
        ready = server.http.get("/readyz").status_code

    assert asked.status == 1
    assert "Clear these secrets?" in asked.output
    assert "has key" in still
    assert f"client secret of provider Acme ({made['providerId']})" in printed
    assert "signing key" in printed
    assert printed.endswith("Cleared.\n")
    assert ready == 200
    assert run("provider", "list", *where).status == 0
