"""Keys that sign tokens and sign-in attempts: made, rotated, and read by every server."""

from __future__ import annotations

import time
from collections.abc import Callable

from portico.domain.errors import Unavailable
from portico.domain.tenancy.identity import SigningKey, new_secret
from portico.services.runtime import Runtime
from portico.storage.engine.connections import Connection, Database
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.tenancy.signing_keys import SigningKeyRepository

KEY_REFRESH_SECONDS = 30
"""How long a server may go on with the keys it knows; a rotation overlaps by more than that."""


class SigningKeys:
    """The signing keys that a server knows, decrypted once and read again every 30 seconds.

    `monotonic` decides when, so that setting the system's clock back does not keep a server from
    learning new keys.
    """

    def __init__(
        self,
        database: Database,
        cipher: SecretCipher,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._cipher = cipher
        self.monotonic = monotonic
        self._keys: dict[int, SigningKey] = {}
        self._read_at = float("-inf")

    @property
    def read_again_at(self) -> float:
        """When the keys are read again at the latest, in seconds of `monotonic`."""
        return self._read_at + KEY_REFRESH_SECONDS

    async def current(self, *, older_than: float = KEY_REFRESH_SECONDS) -> list[SigningKey]:
        """Return the keys, the one that signs first, read again when they are older than that.

        Raises Unavailable when no key can be read.
        """
        now = self.monotonic()
        if now - self._read_at >= older_than or not self._keys:
            async with self._database.read() as connection:
                keys = await SigningKeyRepository(connection, self._cipher).readable(self._keys)
            self._keys = {key.id: key for key in keys}
            self._read_at = now
        if not self._keys:
            raise Unavailable("The server has no key to sign with; its log says why.")
        return list(self._keys.values())


async def load_signing_keys(database: Database, cipher: SecretCipher) -> list[SigningKey]:
    """Return every readable signing key, newest first."""
    async with database.read() as connection:
        return await SigningKeyRepository(connection, cipher).readable({})


async def rotate_signing_keys(runtime: Runtime, *, overlap: int) -> SigningKey:
    """Make a new key for tokens; older keys go on verifying for `overlap` seconds.

    Raises SecretError.
    """
    async with runtime.database.transaction() as connection:
        return await add_signing_key(runtime, connection, overlap)


async def ensure_signing_key(runtime: Runtime, *, overlap: int) -> None:
    """Make the first signing key of an installation that has none. Raises SecretError."""
    async with runtime.database.transaction() as connection:
        if not await SigningKeyRepository(connection, runtime.cipher).exist():
            await add_signing_key(runtime, connection, overlap)


async def add_signing_key(runtime: Runtime, connection: Connection, overlap: int) -> SigningKey:
    """Store a new signing key within a transaction; see `rotate_signing_keys`."""
    key = SigningKey(id=runtime.new_id(), secret=new_secret(), creation_time=runtime.now)
    await SigningKeyRepository(connection, runtime.cipher).add(
        key, others_retire=runtime.now + overlap, now=runtime.now
    )
    return key
