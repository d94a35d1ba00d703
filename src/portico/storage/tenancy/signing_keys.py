"""Stored keys that sign tokens. Their secrets are encrypted."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sqlalchemy import and_, delete, func, select, update

from portico.domain.tenancy.identity import SigningKey
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import insert_into
from portico.storage.schema.tables import signing_key
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secret_keys import SecretError
from portico.storage.secrets.secrets import SIGNING_KEY, SecretKeyRepository

logger = logging.getLogger("portico")


class SigningKeyRepository:
    """The signing keys of the installation."""

    def __init__(self, connection: Connection, cipher: SecretCipher) -> None:
        self._connection = connection
        self._cipher = cipher

    async def readable(self, known: Mapping[int, SigningKey]) -> list[SigningKey]:
        """Return every signing key that decrypts, starting with the key that signs.

        The key without a retirement time signs. Secrets of `known` keys are not decrypted again.
        Logs a key that does not decrypt and leaves it out, so that the other keys still verify.
        """
        statement = select(signing_key).order_by(
            signing_key.c.retire_time.is_not(None),
            signing_key.c.creation_time.desc(),
            signing_key.c.id.desc(),
        )
        keys: list[SigningKey] = []
        for row in await self._connection.rows(statement):
            values = row._asdict()
            try:
                values["secret"] = (
                    known[row.id].secret
                    if row.id in known
                    else self._cipher.decrypt(SIGNING_KEY.location(values), row.secret)
                )
            except SecretError as error:
                logger.error("Signing key %s cannot be used. %s", row.id, error.reason)
            else:
                keys.append(SigningKey(**values))
        return keys

    async def exist(self) -> bool:
        """Return whether there is any signing key, readable or not."""
        return bool(await self._connection.rows(select(signing_key.c.id).limit(1)))

    async def signing_since(self) -> int | None:
        """Return when the newest key was created, in epoch seconds, or None without any key."""
        rows = await self._connection.rows(
            select(func.max(signing_key.c.creation_time).label("at"))
        )
        newest: int | None = rows[0].at
        return newest

    async def add(self, key: SigningKey, *, others_retire: int, now: int) -> None:
        """Store a new key. Older keys retire at `others_retire`; retired keys are deleted.

        Raises SecretError.
        """
        retired = and_(signing_key.c.retire_time.is_not(None), signing_key.c.retire_time <= now)
        await self._connection.run(delete(signing_key).where(retired))
        await self._connection.run(
            update(signing_key)
            .where(
                signing_key.c.retire_time.is_(None) | (signing_key.c.retire_time > others_retire)
            )
            .values(retire_time=others_retire)
        )
        row = vars(key)
        keys = SecretKeyRepository(self._connection, self._cipher)
        secret = await keys.encrypt(SIGNING_KEY, row, key.secret)
        await self._connection.run(insert_into(signing_key), [row | {"secret": secret}])

    async def remove(self, key_id: int) -> None:
        """Delete a signing key. Its tokens are no longer accepted."""
        await self._connection.run(delete(signing_key).where(signing_key.c.id == key_id))
