"""Stored microtenants, including Default with id 0."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import ColumnElement, Table, bindparam, select

from portico.domain import policies as aups
from portico.domain.links import application_segments as applications
from portico.domain.links import links
from portico.domain.portals import certificates, portals
from portico.domain.records import Page, Scope
from portico.domain.search import ListQuery
from portico.domain.tenancy.microtenants import Microtenant
from portico.storage.repositories import OrderedRepository, in_scope
from portico.storage.schema.tables import (
    api_client,
    application_segment,
    certificate,
    microtenant,
    user_portal,
    user_portal_aup,
    user_portal_link,
)

_OWNED: dict[str, Table] = {
    portals.KIND: user_portal,
    links.KIND: user_portal_link,
    aups.KIND: user_portal_aup,
    certificates.KIND: certificate,
    applications.KIND: application_segment,
}


_ONE = "one"


class MicrotenantRepository(OrderedRepository[Microtenant]):
    """The microtenants of one tenant."""

    table: ClassVar = microtenant
    record: ClassVar = Microtenant
    order_by: ClassVar = (microtenant.c.scope_order, microtenant.c.id)

    async def visible_page(self, query: ListQuery, only: int | None) -> Page[Microtenant]:
        """Return a page of all microtenants, or only of the one with the id `only`."""
        if only is None:
            return await self.page(query)
        return await self._page(query, _ONE, only=only)

    async def first_owned(self, microtenant_id: int) -> tuple[str, str] | None:
        """Return the kind and name of one object that the microtenant owns, or None."""
        inside = MicrotenantRepository(
            self.connection,
            Scope(customer_id=self.scope.customer_id, microtenant_id=microtenant_id),
        )
        for kind, table in _OWNED.items():
            rows = await inside._rows(select(table.c.name).where(in_scope(table)).limit(1))
            if rows:
                return kind, rows[0].name
        return None

    async def first_client(self, microtenant_id: int) -> str | None:
        """Return the name of one API client of the microtenant that is not revoked, or None."""
        statement = (
            select(api_client.c.name)
            .where(api_client.c.customer_id == self.scope.customer_id)
            .where(api_client.c.microtenant_id == microtenant_id)
            .where(api_client.c.revoked_time.is_(None))
            .limit(1)
        )
        rows = await self.connection.rows(statement)
        return rows[0].name if rows else None

    @classmethod
    def _narrowing(cls, narrowed: tuple[str, ...]) -> list[ColumnElement[bool]]:
        return [microtenant.c.id == bindparam("only")] if _ONE in narrowed else []
