"""Lists of all microtenants of a tenant. Services make sure that the caller may see all of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, select

from portico.domain.portals.everywhere import PlacedObject
from portico.domain.search import Condition
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import cached
from portico.storage.schema.tables import microtenant, user_portal, user_portal_link
from portico.storage.search import bound, shape, where


class TenantWideLists:
    """The links and portals of a whole tenant, by microtenant and name."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        self._customer_id = customer_id

    async def links(
        self, condition: Condition | None, *, offset: int, limit: int
    ) -> list[PlacedObject]:
        """Return links that match a condition. Raises ReadTooSlow."""
        return await self._list(user_portal_link, condition, offset, limit)

    async def portals(
        self, condition: Condition | None, *, offset: int, limit: int
    ) -> list[PlacedObject]:
        """Return portals that match a condition. Raises ReadTooSlow."""
        return await self._list(user_portal, condition, offset, limit)

    async def _list(
        self, table: Table, condition: Condition | None, offset: int, limit: int
    ) -> list[PlacedObject]:
        values = {} if condition is None else bound(condition)
        values |= {"customer_id": self._customer_id, "page_offset": offset, "page_size": limit}
        statement = _page(table, None if condition is None else shape(condition))
        return [
            PlacedObject(**row._asdict()) for row in await self._connection.scan(statement, values)
        ]


@cached
def _page(table: Table, condition: Condition | None) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [
        table.c[each] for each in ("id", "name", "microtenant_id", "enabled", "modified_time")
    ]
    if table is user_portal_link:
        columns += [table.c.link.label("host"), table.c.link_path.label("path")]
    own = and_(
        microtenant.c.customer_id == bindparam("customer_id"),
        microtenant.c.id == table.c.microtenant_id,
    )
    conditions = [] if condition is None else [where(condition, table)]
    return (
        select(*columns, microtenant.c.name.label("microtenant_name"))
        .join(microtenant, own)
        .where(table.c.customer_id == bindparam("customer_id"), *conditions)
        .order_by(table.c.microtenant_id, table.c.name_folded, table.c.id)
        .limit(bindparam("page_size"))
        .offset(bindparam("page_offset"))
    )
