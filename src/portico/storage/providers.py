"""Stored OpenID providers, read before anybody has signed in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, bindparam, delete, select, true

from portico.domain.providers import IdentityProvider
from portico.storage.connections import Connection
from portico.storage.people_tables import identity_provider
from portico.storage.statements import insert_into, kept


class ProviderRepository:
    """The providers of every tenant; few, and written by the operator alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, provider_id: int) -> IdentityProvider | None:
        """The provider with that id, or None."""
        statement = select(identity_provider).where(identity_provider.c.id == provider_id)
        rows = await self._connection.rows(statement)
        return IdentityProvider(**rows[0]._asdict()) if rows else None

    async def hold(self, provider_id: int) -> IdentityProvider | None:
        """The provider with that id, or None; nobody changes it before the transaction ends."""
        statement = select(identity_provider).where(identity_provider.c.id == provider_id)
        rows = await self._connection.rows(statement.with_for_update(read=True))
        return IdentityProvider(**rows[0]._asdict()) if rows else None

    async def of_tenant(self, customer_id: int) -> list[IdentityProvider]:
        """The providers of a tenant, oldest first."""
        rows = await self._connection.rows(_of_tenant(), {"customer_id": customer_id})
        return [IdentityProvider(**row._asdict()) for row in rows]

    async def for_console(self) -> list[IdentityProvider]:
        """The enabled providers that sign administrators in, of every tenant, by name."""
        rows = await self._connection.rows(_for_console())
        return [IdentityProvider(**row._asdict()) for row in rows]

    async def insert(self, provider: IdentityProvider) -> None:
        """Stores a new provider."""
        await self._connection.run(insert_into(identity_provider), [asdict(provider)])

    async def remove(self, provider_id: int) -> None:
        """Forgets a provider."""
        statement = delete(identity_provider).where(identity_provider.c.id == provider_id)
        await self._connection.run(statement)


@kept
def _of_tenant() -> Select[Any]:
    mine = identity_provider.c.customer_id == bindparam("customer_id")
    return select(identity_provider).where(mine).order_by(identity_provider.c.id)


@kept
def _for_console() -> Select[Any]:
    offered = identity_provider.c.for_console == true(), identity_provider.c.enabled == true()
    return (
        select(identity_provider)
        .where(*offered)
        .order_by(identity_provider.c.name, identity_provider.c.id)
    )
