"""The encrypted secrets of the database, and the keys that they are encrypted with.

A new secret needs an entry in SECRET_COLUMNS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Row, insert_into
from portico.storage.schema.people_tables import identity_provider, second_factor
from portico.storage.schema.tables import secret_key, signing_key
from portico.storage.secrets.secret_cipher import (
    SecretCipher,
    SecretColumn,
    secret_location,
    value_prefix,
)
from portico.storage.secrets.secret_keys import SecretKeyError

SIGNING_KEY = SecretColumn(signing_key.c.secret, (signing_key.c.id,))
CLIENT_SECRET = SecretColumn(
    identity_provider.c.client_secret, (identity_provider.c.customer_id, identity_provider.c.id)
)
FACTOR_SECRET = SecretColumn(
    second_factor.c.secret, (second_factor.c.administrator_id, second_factor.c.id)
)
SECRET_COLUMNS = (SIGNING_KEY, CLIENT_SECRET, FACTOR_SECRET)

CHECK_TEXT = "portico"


@dataclass(frozen=True, kw_only=True)
class StoredSecretKey:
    """A key that encrypts values in the database. Times are in epoch seconds."""

    id: str
    check_value: str
    creation_time: int
    replaced_time: int | None = None
    plain_text_left: bool = False


def check_location(key_id: str) -> str:
    """Return the location of a key's check value."""
    return secret_location("secret_key", "check_value", {"id": key_id})


class SecretKeyRepository:
    """The keys in use: one, or several during a rotation."""

    def __init__(self, connection: Connection, cipher: SecretCipher) -> None:
        self._connection = connection
        self._cipher = cipher

    async def in_use(self) -> list[StoredSecretKey]:
        """Return the keys in use, oldest first. The last one encrypts."""
        statement = select(secret_key).order_by(
            secret_key.c.replaced_time.is_(None), secret_key.c.creation_time, secret_key.c.id
        )
        rows = await self._connection.rows(statement)
        return [StoredSecretKey(**row._asdict()) for row in rows]

    async def require_readable(self) -> None:
        """Raise SecretKeyError unless the key file has every key in use."""
        stored = await self.in_use()
        needed = " and ".join(each.id for each in stored)
        try:
            available = [key.id for key in self._cipher.read_keys()]
        except SecretKeyError as error:
            raise SecretKeyError(
                f"The secrets of this database are encrypted with key {needed}. {error.reason} If "
                "that key is lost, see `portico keys forget-secrets --help`."
            ) from error
        if not {each.id for each in stored} <= set(available):
            raise SecretKeyError(
                f"The secrets of this database are encrypted with key {needed}, but "
                f"{self._cipher.file.path} has key {' and '.join(available)}. Use the key file of "
                "this database. If its key is lost, see `portico keys forget-secrets --help`."
            )
        for each in stored:
            self._cipher.decrypt(check_location(each.id), each.check_value)

    async def unreadable(self) -> list[str]:
        """Return the ids of keys in use that the key file does not have."""
        return [each.id for each in await self.in_use() if not self._opens(each)]

    async def encrypt(self, column: SecretColumn, row: Mapping[str, Any], text: str) -> str:
        """Return the encrypted form of a text for a column. `row` must have the row's keys.

        No rotation begins until the transaction ends. Raises SecretError.
        """
        await self.lock(shared=True)
        await self.require_readable()
        current = (await self.in_use())[-1]
        return self._cipher.encrypt(current.id, column.location(row), text)

    async def lock(self, *, shared: bool = False) -> None:
        """Lock the keys in use until the transaction ends."""
        await self._connection.rows(select(secret_key.c.id).with_for_update(read=shared))

    def _opens(self, key: StoredSecretKey) -> bool:
        return self._cipher.can_decrypt(check_location(key.id), key.check_value)

    async def begin_use(self, key_id: str, now: int) -> None:
        """Encrypt with this key from now on. The others only decrypt."""
        others = and_(secret_key.c.id != key_id, secret_key.c.replaced_time.is_(None))
        await self._connection.run(update(secret_key).where(others).values(replaced_time=now))
        if key_id in {each.id for each in await self.in_use()}:
            again = update(secret_key).where(secret_key.c.id == key_id)
            await self._connection.run(again.values(replaced_time=None))
            return
        await self._connection.run(insert_into(secret_key), new_key_row(self._cipher, key_id, now))

    async def end_use(self, key_ids: Sequence[str]) -> None:
        """Delete keys that no value is encrypted with any more."""
        await self._connection.run(delete(secret_key).where(secret_key.c.id.in_(key_ids)))


def new_key_row(cipher: SecretCipher, key_id: str, now: int) -> dict[str, Any]:
    """Return the row of a new key that encrypts from now on."""
    return {
        "id": key_id,
        "check_value": cipher.encrypt(key_id, check_location(key_id), CHECK_TEXT),
        "creation_time": now,
        "replaced_time": None,
        "plain_text_left": False,
    }


class StoredSecrets:
    """The encrypted values of one column across all tenants, for rotating and losing keys."""

    def __init__(self, connection: Connection, cipher: SecretCipher, column: SecretColumn) -> None:
        self._connection = connection
        self._cipher = cipher
        self._column = column

    async def not_under(self, key_id: str, limit: int) -> Sequence[Row]:
        """Return rows whose value has another key: their primary keys and `stored`."""
        prefix = value_prefix(key_id)
        column = self._column.column
        other = func.substr(column, 1, len(prefix)) != prefix
        statement = self._select().where(other).limit(limit)
        return await self._connection.rows(statement)

    async def require_sample_readable(self) -> bool:
        """Decrypt one value, and return whether there is any. Raises SecretError."""
        rows = await self._connection.rows(self._select().limit(1))
        for row in rows:
            self._cipher.decrypt(self._column.location(row._asdict()), row.stored)
        return bool(rows)

    async def unreadable(self) -> list[Row]:
        """Return the rows whose value does not decrypt."""
        rows = await self._connection.rows(self._select())
        location = self._column.location
        return [
            row for row in rows if not self._cipher.can_decrypt(location(row._asdict()), row.stored)
        ]

    async def encrypt_again(self, row: Row, key_id: str) -> None:
        """Encrypt the value of a row with another key, unless it has changed meanwhile.

        Raises SecretError if it does not decrypt.
        """
        where = self._column.location(row._asdict())
        fresh = self._cipher.encrypt(key_id, where, self._cipher.decrypt(where, row.stored))
        same = [each == row._asdict()[each.name] for each in self._column.row]
        unchanged: ColumnElement[bool] = and_(*same, self._column.column == row.stored)
        statement = update(self._column.column.table).where(unchanged)
        await self._connection.run(statement.values({self._column.column.name: fresh}))

    def _select(self) -> Any:  # noqa: ANN401  # a Select of columns that vary
        keys = self._column.row
        return select(*keys, self._column.column.label("stored")).order_by(*keys)
