"""Use-cases of the keys that encrypt secrets: required at start, rotated, given up when lost."""

from __future__ import annotations

from dataclasses import dataclass

from portico.domain.people.providers import IdentityProvider
from portico.domain.people.second_factors import new_totp_secret
from portico.services.access import operator_writing
from portico.services.people.providers import change_secret
from portico.services.runtime import Runtime
from portico.services.tenancy.signing_keys import add_signing_key
from portico.storage.engine.connections import Database
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.people.providers import ProviderRepository
from portico.storage.people.second_factors import SecondFactors
from portico.storage.secrets.secret_cipher import SecretCipher, SecretColumn
from portico.storage.secrets.secret_keys import SecretKeyError
from portico.storage.secrets.secrets import (
    CLIENT_SECRET,
    FACTOR_SECRET,
    SECRET_COLUMNS,
    SIGNING_KEY,
    SecretKeyRepository,
    StoredSecrets,
)
from portico.storage.tenancy.signing_keys import SigningKeyRepository

ROWS_PER_BATCH = 100


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """A finished rotation: the key in use, those given up with the time of their first use in
    epoch seconds, how many secrets were encrypted again, and when it ended.
    """

    key_id: str
    replaced: dict[str, int]
    rewritten: int
    ended: int


@dataclass(frozen=True, kw_only=True)
class LostFactor:
    """A second factor whose secret does not decrypt, and the name of its administrator."""

    id: int
    administrator_id: int
    administrator: str


@dataclass(frozen=True, kw_only=True)
class LostSecrets:
    """What does not decrypt: ids of keys whose check value it is, ids of signing keys, providers
    whose client secret it is, and names of administrators with the ids of their second factors.
    False if everything decrypts.
    """

    keys: tuple[str, ...]
    signing_keys: tuple[int, ...]
    providers: tuple[IdentityProvider, ...]
    second_factors: tuple[LostFactor, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.keys or self.signing_keys or self.providers or self.second_factors)


async def require_secret_keys(database: Database, cipher: SecretCipher) -> None:
    """Raise SecretError unless the key file holds every key that the database needs."""
    async with database.read() as connection:
        await SecretKeyRepository(connection, cipher).require_readable()


async def rotate_secret_key(runtime: Runtime) -> Rotation:
    """Encrypt every secret with the last key of the key file, which may be in use already.

    Works in small transactions while servers run, and goes on where an earlier call was
    interrupted. Raises SecretKeyError if the file lacks a key that is in use or names no new one,
    and SecretError for a secret that does not decrypt.
    """
    cipher = runtime.cipher
    async with runtime.database.transaction() as connection:
        keys = SecretKeyRepository(connection, cipher)
        await keys.lock()
        await keys.require_readable()
        held = cipher.read_keys()
        if len(held) == 1:
            raise SecretKeyError(
                f"{cipher.file.path} holds one key, {held[0].id}, and needs a new one after it. "
                f"Append one with `openssl rand -base64 32 >> {cipher.file.path}`."
            )
        newest = held[-1].id
        await keys.begin_use(newest, runtime.now)
    rewritten = 0
    for column in SECRET_COLUMNS:
        while batch := await _rewrite_batch(runtime, column, newest):
            rewritten += batch
    async with runtime.database.transaction() as connection:
        keys = SecretKeyRepository(connection, cipher)
        await keys.lock()
        replaced = {each.id: each.creation_time for each in (await keys.in_use())[:-1]}
        await keys.end_use(list(replaced))
    return Rotation(key_id=newest, replaced=replaced, rewritten=rewritten, ended=runtime.now)


async def _rewrite_batch(runtime: Runtime, column: SecretColumn, key_id: str) -> int:
    """Encrypt up to a hundred values of a column again; how many there were."""
    async with runtime.database.transaction() as connection:
        secrets = StoredSecrets(connection, runtime.cipher, column)
        rows = await secrets.not_under(key_id, ROWS_PER_BATCH)
        for row in rows:
            await secrets.encrypt_again(row, key_id)
    return len(rows)


async def find_lost_secrets(runtime: Runtime) -> LostSecrets:
    """Return every secret that does not decrypt with the key file. Raises SecretKeyError."""
    cipher = runtime.cipher
    cipher.read_keys()
    async with runtime.database.read() as connection:
        keys = await SecretKeyRepository(connection, cipher).unreadable()
        signing_keys = await StoredSecrets(connection, cipher, SIGNING_KEY).unreadable()
        secrets = await StoredSecrets(connection, cipher, CLIENT_SECRET).unreadable()
        providers = [await ProviderRepository(connection).find(row.id) for row in secrets]
        factors = await StoredSecrets(connection, cipher, FACTOR_SECRET).unreadable()
        owners = {row.administrator_id for row in factors}
        names = await AdministratorRepository(connection).names(owners)
    return LostSecrets(
        keys=tuple(keys),
        signing_keys=tuple(row.id for row in signing_keys),
        providers=tuple(each for each in providers if each is not None),
        second_factors=tuple(
            LostFactor(
                id=row.id,
                administrator_id=row.administrator_id,
                administrator=names.get(row.administrator_id, str(row.administrator_id)),
            )
            for row in factors
        ),
    )


async def forget_secrets(runtime: Runtime, lost: LostSecrets) -> None:
    """Give up secrets that cannot be read, so that the installation works without them.

    Lost signing keys are deleted, which ends the tokens that they signed. Providers lose their
    client secret and are disabled until they get another one. Second factors stay, but accept no
    answer, so that nobody can sign in without one. The last key of the key file encrypts from now
    on. Raises SecretError.
    """
    cipher = runtime.cipher
    newest = cipher.read_keys()[-1].id
    async with runtime.database.transaction() as connection:
        keys = SecretKeyRepository(connection, cipher)
        await keys.lock()
        await keys.end_use(await keys.unreadable())
        left = await keys.in_use()
        if not left or left[-1].replaced_time is not None:
            await keys.begin_use(newest, runtime.now)
    for provider in lost.providers:
        async with operator_writing(runtime, provider.customer_id) as work:
            await change_secret(work, cipher, provider, "", enabled=False)
    async with runtime.database.transaction() as connection:
        factors = SecondFactors(connection, cipher)
        for each in lost.second_factors:
            # A random secret that nobody knows, and that is no public key.
            await factors.replace_secret(each.administrator_id, each.id, new_totp_secret())
        signing_keys = SigningKeyRepository(connection, cipher)
        for key_id in lost.signing_keys:
            await signing_keys.remove(key_id)
        if not await signing_keys.exist():
            await add_signing_key(runtime, connection, overlap=0)
