"""Use-cases of the keys that sign tokens and sign-in attempts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from portico.domain.errors import Unavailable
from portico.domain.tenancy.identity import SigningKey, new_secret
from portico.services.runtime import Runtime
from portico.storage.engine.connections import Connection, Database
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.tenancy.signing_keys import SigningKeyRepository

KEY_REFRESH_SECONDS = 30
"""How long a server uses the keys that it has read. Rotations overlap by more than that."""

KEY_SEARCH_SECONDS = 1
"""How long a server waits between two searches for the key of an unknown signature."""


class SigningKeys:
    """The signing keys of one server, decrypted once and read again every 30 seconds.

    `monotonic` measures the time, so that setting back the system clock does not delay new keys.
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
        self._searched_at = float("-inf")
        self._searching = asyncio.Lock()

    @property
    def read_again_at(self) -> float:
        """The latest time at which the keys are read again, in seconds of `monotonic`."""
        return self._read_at + KEY_REFRESH_SECONDS

    async def current(self) -> list[SigningKey]:
        """Return the keys, starting with the key that signs; at most 30 seconds old.

        Raises Unavailable if no key can be read.
        """
        if self.monotonic() >= self.read_again_at or not self._keys:
            await self._read()
        return list(self._keys.values())

    async def newest(self) -> list[SigningKey]:
        """Return the keys, read again for a signature that none of the current keys has made.

        Another server may have rotated a moment ago. However many such signatures arrive, the
        database is asked once a second at most. Raises Unavailable.
        """
        async with self._searching:
            now = self.monotonic()
            if now - self._searched_at >= KEY_SEARCH_SECONDS:
                await self._read()
                self._searched_at = now
        return list(self._keys.values())

    async def _read(self) -> None:
        now = self.monotonic()
        async with self._database.read() as connection:
            keys = await SigningKeyRepository(connection, self._cipher).readable(self._keys)
        self._keys = {key.id: key for key in keys}
        self._read_at = now
        if not self._keys:
            raise Unavailable(
                "The server has no signing key that it can read. Its log has the reason."
            )


async def rotate_signing_keys(runtime: Runtime, *, overlap: int) -> SigningKey:
    """Make a new signing key. Older keys verify for another `overlap` seconds.

    Raises SecretError.
    """
    async with runtime.database.transaction() as connection:
        return await add_signing_key(runtime, connection, overlap)


async def ensure_signing_key(runtime: Runtime, *, overlap: int) -> None:
    """Make a signing key if the installation has none. Raises SecretError."""
    async with runtime.database.transaction() as connection:
        if not await SigningKeyRepository(connection, runtime.cipher).exist():
            await add_signing_key(runtime, connection, overlap)


async def add_signing_key(runtime: Runtime, connection: Connection, overlap: int) -> SigningKey:
    """Store a new signing key in an open transaction; see `rotate_signing_keys`."""
    key = SigningKey(id=runtime.new_id(), secret=new_secret(), creation_time=runtime.now)
    await SigningKeyRepository(connection, runtime.cipher).add(
        key, others_retire=runtime.now + overlap, now=runtime.now
    )
    return key
