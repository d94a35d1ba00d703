"""The key that encrypts secrets: required, exchanged for another one, and given up when lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from portico.domain.people.providers import IdentityProvider, IdentityProviderSpec
from portico.domain.people.second_factors import FactorMethod, SecondFactor
from portico.services.people import secret_keys
from portico.services.people.providers import (
    console_providers,
    create_provider,
    find_provider,
    list_providers,
    read_client_secret,
    set_client_secret,
)
from portico.services.people.secret_keys import (
    LostSecrets,
    Rotation,
    find_lost_secrets,
    forget_secrets,
    require_secret_keys,
    rotate_secret_key,
)
from portico.services.runtime import Runtime
from portico.services.tenancy.signing_keys import (
    SigningKeys,
    ensure_signing_key,
    rotate_signing_keys,
)
from portico.services.tenancy.tenants import create_tenant
from portico.storage.engine.connections import Connection
from portico.storage.people.second_factors import SecondFactors
from portico.storage.secrets.secret_cipher import SecretCipher, SecretUnreadable
from portico.storage.secrets.secret_keys import SecretError, SecretKeyError, SecretKeyFile
from tests.harness import cipher_of, upgrade
from tests.storage.store import Store, opened

SPEC = IdentityProviderSpec(
    name="Acme", issuer="https://login.example", client_id="portico", for_console=True
)
PROVIDERS = 5


class Installation:
    """A database of one test, with a key file of its own that the test changes."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.path = folder / "own.key"
        original = cipher_of(store.url).file.path
        assert original is not None
        self.path.write_bytes(original.read_bytes())
        self.first_key = self.cipher().read_keys()[0].id
        self.customer_id = store.run(create_tenant(self.runtime(), "Acme")).id
        store.run(ensure_signing_key(self.runtime(), overlap=60))
        self.providers = [self.add_provider(number) for number in range(PROVIDERS)]

    def cipher(self) -> SecretCipher:
        """A cipher of a process that starts now."""
        return SecretCipher(SecretKeyFile(self.path))

    def runtime(self) -> Runtime:
        """The operator of a command that starts now."""
        return replace(self.store.runtime, cipher=self.cipher())

    def append_key(self) -> str:
        """Appends a new key to the file; its id."""
        other = SecretKeyFile(self.path.with_name("new.key"), automatic=True)
        assert other.create_if_automatic()
        assert other.path is not None
        self.path.write_bytes(self.path.read_bytes() + other.path.read_bytes())
        other.path.unlink()
        return self.cipher().read_keys()[-1].id

    def keep_last_key(self) -> None:
        """Removes every key but the last one from the file."""
        self.path.write_bytes(self.path.read_bytes().splitlines(keepends=True)[-1])

    def add_provider(self, number: int) -> IdentityProvider:
        """A provider whose client secret tells its number."""
        spec = replace(SPEC, name=f"Provider {number}")
        return self.store.run(
            create_provider(
                self.runtime(), self.customer_id, spec, client_secret=f"secret {number}"
            )
        )

    def rotate(self) -> Rotation:
        """Encrypts every secret with the last key."""
        return self.store.run(rotate_secret_key(self.runtime()))

    def signing_secrets(self) -> list[str]:
        """What a process that starts now signs with."""
        keys = self.store.run(SigningKeys(self.store.database, self.cipher()).current())
        return [key.secret for key in keys]

    def client_secrets(self) -> list[str]:
        """What a process that starts now knows of the providers."""
        runtime = self.runtime()
        return [self.store.run(read_client_secret(runtime, each)) for each in self.providers]

    def execute(self, statement: str) -> None:
        """Changes the database behind Portico's back."""

        async def run() -> None:
            async with self.store.database.transaction() as connection:
                await connection.run(text(statement))

        self.store.run(run())

    def column(self, statement: str) -> list[str]:
        """The first column of a query's answer."""

        async def run(connection: Connection) -> list[str]:
            return [row[0] for row in await connection.rows(text(statement))]

        return self.store.read(run)

    def key_ids(self) -> set[str]:
        """The ids of the keys that stored secrets are encrypted with."""
        stored = self.column("SELECT secret FROM signing_key")
        stored += self.column("SELECT client_secret FROM identity_provider")
        return {each.split(".")[1] for each in stored}


@pytest.fixture
def installation(empty_url: str, tmp_path: Path) -> Iterator[Installation]:
    """A database with a signing key and a few providers."""
    upgrade(empty_url)
    with opened(empty_url) as store:
        yield Installation(store, tmp_path)


SECRETS = [f"secret {number}" for number in range(PROVIDERS)]


def required(installation: Installation) -> str:
    """The sentence by which a server refuses to start; empty if it starts."""
    try:
        installation.store.run(
            require_secret_keys(installation.store.database, installation.cipher())
        )
    except SecretError as error:
        return error.reason
    return ""


def test_right_key_is_accepted(installation: Installation) -> None:
    assert required(installation) == ""
    assert installation.client_secrets() == SECRETS


def test_wrong_key_is_refused_by_both_ids(installation: Installation) -> None:
    wrong = installation.append_key()
    installation.keep_last_key()

    sentence = required(installation)

    assert f"encrypted with key {installation.first_key}" in sentence
    assert f"{installation.path} has key {wrong}" in sentence
    assert "portico keys forget-secrets" in sentence
    with pytest.raises(SecretKeyError, match=wrong):
        installation.add_provider(9)
    with pytest.raises(SecretKeyError, match=wrong):
        installation.store.run(rotate_signing_keys(installation.runtime(), overlap=60))


def test_missing_key_is_refused_by_the_id_that_is_needed(installation: Installation) -> None:
    installation.path.unlink()

    sentence = required(installation)

    assert f"encrypted with key {installation.first_key}" in sentence
    assert f"{installation.path} cannot be read" in sentence


def test_altered_check_value_is_refused(installation: Installation) -> None:
    installation.execute("UPDATE secret_key SET check_value = substr(check_value, 1, 60)")

    assert "does not decrypt" in required(installation)


@pytest.mark.parametrize(
    "swap",
    [
        "UPDATE identity_provider SET client_secret = (SELECT client_secret FROM identity_provider"
        " WHERE name = 'Provider 1') WHERE name = 'Provider 0'",
        "UPDATE identity_provider SET client_secret = (SELECT secret FROM signing_key)"
        " WHERE name = 'Provider 0'",
        "UPDATE identity_provider SET client_secret = (SELECT check_value FROM secret_key)"
        " WHERE name = 'Provider 0'",
        "UPDATE identity_provider SET customer_id = 7 WHERE name = 'Provider 0'",
    ],
    ids=["row", "table", "column", "tenant"],
)
def test_copied_value_does_not_decrypt(
    installation: Installation, swap: str, caplog: pytest.LogCaptureFixture
) -> None:
    installation.execute(swap)
    store, first = installation.store, installation.providers[0]
    found = store.run(find_provider(store.runtime, first.id))
    assert found is not None

    with pytest.raises(Exception, match="The provider cannot be used now"):
        store.run(read_client_secret(installation.runtime(), found))

    assert "Provider 0" in caplog.text
    assert "secret 1" not in caplog.text


def test_signing_key_that_does_not_decrypt_leaves_the_others(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    good = installation.signing_secrets()
    bad = installation.store.run(rotate_signing_keys(installation.runtime(), overlap=60))
    installation.execute(
        f"UPDATE signing_key SET secret = (SELECT secret FROM signing_key WHERE id <> {bad.id})"
        f" WHERE id = {bad.id}"
    )

    assert installation.signing_secrets() == good
    assert f"Signing key {bad.id} cannot be used" in caplog.text


def test_rotation_encrypts_everything_again(installation: Installation) -> None:
    signing = installation.signing_secrets()
    new = installation.append_key()

    done = installation.rotate()

    assert (done.key_id, set(done.replaced)) == (new, {installation.first_key})
    assert done.rewritten == PROVIDERS + 1
    assert installation.key_ids() == {new}
    installation.keep_last_key()
    assert required(installation) == ""
    assert installation.signing_secrets() == signing
    assert installation.client_secrets() == SECRETS


def test_old_key_is_not_enough_after_a_rotation(installation: Installation) -> None:
    old = installation.path.read_bytes()
    new = installation.append_key()
    installation.rotate()

    installation.path.write_bytes(old)

    sentence = required(installation)
    assert new in sentence
    assert installation.first_key in sentence


def test_second_rotation_has_nothing_to_do(installation: Installation) -> None:
    installation.append_key()
    first = installation.rotate()

    second = installation.rotate()

    assert (second.key_id, second.replaced, second.rewritten) == (first.key_id, {}, 0)


def test_rotation_without_a_new_key_says_how_to_make_one(installation: Installation) -> None:
    with pytest.raises(SecretKeyError, match=r"openssl rand -base64 32 >> .*own.key"):
        installation.rotate()


def test_rotation_without_the_old_key_is_refused(installation: Installation) -> None:
    installation.append_key()
    installation.append_key()
    lines = installation.path.read_bytes().splitlines(keepends=True)
    installation.path.write_bytes(b"".join(lines[1:]))

    with pytest.raises(SecretKeyError, match=installation.first_key):
        installation.rotate()

    assert installation.key_ids() == {installation.first_key}


def test_interrupted_rotation_goes_on(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that was altered stops it in the middle; until it goes on, both keys are needed."""
    monkeypatch.setattr(secret_keys, "ROWS_PER_BATCH", 2)
    middle = installation.providers[3].id
    (stored,) = installation.column(
        f"SELECT client_secret FROM identity_provider WHERE id = {middle}"
    )
    installation.execute(
        f"UPDATE identity_provider SET client_secret = '{stored[:-8]}AAAAAAA=' WHERE id = {middle}"
    )
    new = installation.append_key()
    with pytest.raises(SecretUnreadable, match=str(middle)):
        installation.rotate()

    assert installation.key_ids() == {installation.first_key, new}
    assert required(installation) == ""
    both = installation.path.read_bytes()
    installation.keep_last_key()
    assert f"{installation.first_key} and {new}" in required(installation)
    installation.path.write_bytes(both)
    later = installation.add_provider(7)  # with the new key already
    installation.execute(
        f"UPDATE identity_provider SET client_secret = '{stored}' WHERE id = {middle}"
    )
    done = installation.rotate()

    assert 0 < done.rewritten < PROVIDERS
    assert installation.key_ids() == {new}
    installation.keep_last_key()
    installation.providers.append(later)
    assert installation.client_secrets() == [*SECRETS, "secret 7"]


def test_newer_rotation_takes_over_from_an_unfinished_one(installation: Installation) -> None:
    installation.append_key()
    installation.rotate()
    installation.execute("UPDATE secret_key SET replaced_time = 5")  # as if it had stopped here
    newest = installation.append_key()

    installation.rotate()

    assert installation.key_ids() == {newest}
    assert installation.column("SELECT id FROM secret_key") == [newest]


def test_running_server_reads_new_values_and_keeps_known_keys(installation: Installation) -> None:
    """One server has the new key in its file, the other one has not yet."""
    store, elapsed = installation.store, 0.0
    behind = SecretCipher(SecretKeyFile(installation.path.with_name("behind.key")))
    assert behind.file.path is not None
    behind.file.path.write_bytes(installation.path.read_bytes())
    servers = [
        SigningKeys(store.database, cipher, lambda: elapsed)
        for cipher in (installation.cipher(), behind)
    ]
    before = [store.run(each.current()) for each in servers]

    installation.append_key()
    installation.rotate()
    elapsed = 31.0
    after = [store.run(each.current()) for each in servers]
    newest = store.run(rotate_signing_keys(installation.runtime(), overlap=60))
    elapsed = 62.0
    last = [[key.id for key in store.run(each.current())] for each in servers]

    assert before == after
    assert last[0] == [newest.id, before[0][0].id]
    assert last[1] == [before[0][0].id]


def lost_secrets(installation: Installation) -> LostSecrets:
    """What the key file does not decrypt."""
    return installation.store.run(find_lost_secrets(installation.runtime()))


def test_nothing_is_lost_with_the_right_key(installation: Installation) -> None:
    assert not lost_secrets(installation)


def test_lost_key_is_given_up(installation: Installation) -> None:
    old_signing = installation.signing_secrets()
    new = installation.append_key()
    installation.keep_last_key()
    store, runtime = installation.store, installation.runtime()

    lost = lost_secrets(installation)
    assert lost.keys == (installation.first_key,)
    assert len(lost.signing_keys) == 1
    assert [each.id for each in lost.providers] == [each.id for each in installation.providers]
    store.run(forget_secrets(runtime, lost))

    assert not lost_secrets(installation)
    assert required(installation) == ""
    assert installation.key_ids() == {new}
    assert len(installation.signing_secrets()) == 1
    assert installation.signing_secrets() != old_signing
    assert installation.client_secrets() == [""] * PROVIDERS
    disabled = store.run(list_providers(runtime, installation.customer_id))
    assert [each.enabled for each in disabled] == [False] * PROVIDERS
    assert store.run(console_providers(store.runtime)) == []


def test_provider_works_again_with_another_secret(installation: Installation) -> None:
    installation.append_key()
    installation.keep_last_key()
    store, runtime = installation.store, installation.runtime()
    store.run(forget_secrets(runtime, lost_secrets(installation)))

    changed = store.run(set_client_secret(runtime, installation.providers[0].id, "another"))

    assert changed.enabled
    assert installation.client_secrets()[0] == "another"
    assert store.run(console_providers(store.runtime)) == [changed]


def test_only_what_is_lost_is_given_up(installation: Installation) -> None:
    (first, *_) = installation.providers
    installation.execute(
        f"UPDATE identity_provider SET client_secret = 'v1.0.AAAA' WHERE id = {first.id}"
    )
    signing = installation.signing_secrets()

    lost = lost_secrets(installation)
    installation.store.run(forget_secrets(installation.runtime(), lost))

    assert (lost.keys, lost.signing_keys, lost.providers) == ((), (), (first,))
    assert installation.signing_secrets() == signing
    assert installation.client_secrets() == ["", *SECRETS[1:]]


def test_second_factors_rotate_and_a_lost_one_accepts_nothing(installation: Installation) -> None:
    store = installation.store
    app = SecondFactor(id=7, administrator_id=1, method=FactorMethod.APP, name="Phone")

    async def add() -> None:
        async with store.database.transaction() as connection:
            await SecondFactors(connection, installation.cipher()).insert(app, "JBSWY3DP")

    def secret() -> str:
        cipher = installation.cipher()
        return store.read(lambda each: SecondFactors(each, cipher).secret(app))

    store.run(add())
    installation.append_key()
    store.run(rotate_secret_key(installation.runtime()))
    assert secret() == "JBSWY3DP"
    installation.append_key()
    installation.keep_last_key()
    lost = lost_secrets(installation)
    store.run(forget_secrets(installation.runtime(), lost))

    assert [each.id for each in lost.second_factors] == [7]
    assert secret() not in {"", "JBSWY3DP"}
    assert not lost_secrets(installation)


def test_secrets_are_in_no_audit_entry_and_in_no_repr(installation: Installation) -> None:
    installation.store.run(
        set_client_secret(installation.runtime(), installation.providers[0].id, "another")
    )
    keys = installation.store.run(
        SigningKeys(installation.store.database, installation.cipher()).current()
    )
    shown = repr([installation.providers, keys, installation.cipher().read_keys()])
    audited = "".join(
        installation.column("SELECT action || object_type || before || after FROM audit_entry")
    )

    assert audited.count("identityProvider") == PROVIDERS + 1
    for secret in ("secret 0", "another", keys[0].secret):
        assert secret not in audited
        assert secret not in shown
