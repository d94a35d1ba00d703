"""Stored groups of portal users."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Select, and_, bindparam, func, select

from portico.domain.people.groups import Group
from portico.storage.engine.statements import cached
from portico.storage.repositories import OrderedRepository, in_scope
from portico.storage.schema.page_tables import link_group, portal_group
from portico.storage.schema.tables import user_portal_link


class GroupRepository(OrderedRepository[Group]):
    """The groups of one tenant, whatever the microtenant."""

    table: ClassVar = portal_group
    record: ClassVar = Group
    order_by: ClassVar = (portal_group.c.name_folded,)

    async def link_counts(self) -> dict[int, int]:
        """Return the number of the tenant's links for each group that has any, by its id."""
        return {row.group_id: row.links for row in await self._rows(_link_counts())}

    async def first_link(self, group_id: int) -> str | None:
        """Return the name of one link for the group, in any microtenant, or None."""
        rows = await self._rows(_first_link(), group_id=group_id)
        return rows[0].name if rows else None


@cached
def _link_counts() -> Select[Any]:
    return (
        select(link_group.c.group_id, func.count().label("links"))
        .where(in_scope(link_group))
        .group_by(link_group.c.group_id)
    )


@cached
def _first_link() -> Select[Any]:
    same = and_(
        user_portal_link.c.customer_id == link_group.c.customer_id,
        user_portal_link.c.id == link_group.c.link_id,
    )
    return (
        select(user_portal_link.c.name)
        .join(link_group, same)
        .where(in_scope(link_group), link_group.c.group_id == bindparam("group_id"))
        .where(user_portal_link.c.customer_id == bindparam("scope_customer_id"))
        .limit(1)
    )
