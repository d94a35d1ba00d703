"""Stored OpenID providers, read before anybody has signed in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, bindparam, delete, select, true, update

from portico.domain.people.providers import IdentityProvider
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import cached, insert_into
from portico.storage.schema.people_tables import identity_provider
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.secrets.secrets import CLIENT_SECRET, SecretKeyRepository

_COLUMNS = [each for each in identity_provider.c if each is not CLIENT_SECRET.column]


class ProviderRepository:
    """The providers of every tenant; few, and written by the operator alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, provider_id: int, *, lock: bool = False) -> IdentityProvider | None:
        """Return the provider with that id, or None.

        With `lock`, nobody changes it before the transaction ends.
        """
        statement = select(*_COLUMNS).where(identity_provider.c.id == provider_id)
        if lock:
            statement = statement.with_for_update(read=True)
        rows = await self._connection.rows(statement)
        return IdentityProvider(**rows[0]._asdict()) if rows else None

    async def of_tenant(self, customer_id: int) -> list[IdentityProvider]:
        """Return the providers of a tenant, oldest first."""
        rows = await self._connection.rows(_of_tenant(), {"customer_id": customer_id})
        return [IdentityProvider(**row._asdict()) for row in rows]

    async def enabled(self, limit: int) -> list[IdentityProvider]:
        """Return enabled providers of all tenants, oldest first."""
        enabled = select(*_COLUMNS).where(identity_provider.c.enabled)
        rows = await self._connection.rows(enabled.order_by(identity_provider.c.id).limit(limit))
        return [IdentityProvider(**row._asdict()) for row in rows]

    async def for_console(self) -> list[IdentityProvider]:
        """Return the enabled providers of all tenants that sign in administrators, by name."""
        rows = await self._connection.rows(_for_console())
        return [IdentityProvider(**row._asdict()) for row in rows]

    async def insert(
        self, provider: IdentityProvider, client_secret: str, cipher: SecretCipher
    ) -> None:
        """Store a new provider and its client secret, encrypted. Raises SecretError."""
        row = asdict(provider)
        keys = SecretKeyRepository(self._connection, cipher)
        secret = await keys.encrypt(CLIENT_SECRET, row, client_secret)
        await self._connection.run(
            insert_into(identity_provider), [row | {"client_secret": secret}]
        )

    async def client_secret(self, provider: IdentityProvider, cipher: SecretCipher) -> str:
        """Return the client secret of a stored provider; empty if it has none.

        Raises SecretError.
        """
        mine = identity_provider.c.id == provider.id
        rows = await self._connection.rows(select(CLIENT_SECRET.column).where(mine))
        if not rows:  # removed a moment ago
            return ""
        return cipher.decrypt(CLIENT_SECRET.location(vars(provider)), rows[0].client_secret)

    async def update_secret(
        self, provider: IdentityProvider, client_secret: str, cipher: SecretCipher
    ) -> None:
        """Store another client secret, encrypted, and whether the provider is enabled.

        Raises SecretError.
        """
        keys = SecretKeyRepository(self._connection, cipher)
        secret = await keys.encrypt(CLIENT_SECRET, vars(provider), client_secret)
        statement = update(identity_provider).where(identity_provider.c.id == provider.id)
        await self._connection.run(statement.values(client_secret=secret, enabled=provider.enabled))

    async def remove(self, provider_id: int) -> None:
        """Delete a provider."""
        statement = delete(identity_provider).where(identity_provider.c.id == provider_id)
        await self._connection.run(statement)


@cached
def _of_tenant() -> Select[Any]:
    mine = identity_provider.c.customer_id == bindparam("customer_id")
    return select(*_COLUMNS).where(mine).order_by(identity_provider.c.id)


@cached
def _for_console() -> Select[Any]:
    offered = identity_provider.c.for_console == true(), identity_provider.c.enabled == true()
    return (
        select(*_COLUMNS).where(*offered).order_by(identity_provider.c.name, identity_provider.c.id)
    )
