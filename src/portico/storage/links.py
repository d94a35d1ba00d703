"""Stored user portal links and their assignments to portals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    String,
    and_,
    cast,
    delete,
    func,
    insert,
    select,
)

from portico.domain.base import Page
from portico.domain.links import Link
from portico.domain.search import ListQuery
from portico.storage.repositories import Repository, in_scope
from portico.storage.tables import portal_assignment, user_portal_link


class LinkRepository(Repository[Link]):
    """The links of one scope. A link's portal ids are read in the same statement as the link."""

    table: ClassVar = user_portal_link
    record: ClassVar = Link

    async def page_of_portal(self, portal_id: int, query: ListQuery) -> Page[Link]:
        """The page of those links that are assigned to a portal."""
        on_portal = select(portal_assignment.c.link_id).where(
            in_scope(portal_assignment, self.scope), portal_assignment.c.portal_id == portal_id
        )
        return await self.page(query, self.table.c.id.in_(on_portal))

    async def count_by_portal(self, portal_ids: Iterable[int]) -> dict[int, int]:
        """How many links each of the portals shows."""
        wanted = sorted(set(portal_ids))
        if not wanted:
            return {}
        statement = (
            select(portal_assignment.c.portal_id, func.count().label("links"))
            .where(in_scope(portal_assignment, self.scope))
            .where(portal_assignment.c.portal_id.in_(wanted))
            .group_by(portal_assignment.c.portal_id)
        )
        return {row.portal_id: row.links for row in await self.connection.rows(statement)}

    async def first_of_portal(self, portal_id: int) -> str | None:
        """The name of one link on the portal, or None when it shows none."""
        statement = (
            select(self.table.c.name)
            .join(
                portal_assignment,
                and_(
                    portal_assignment.c.customer_id == self.table.c.customer_id,
                    portal_assignment.c.link_id == self.table.c.id,
                ),
            )
            .where(in_scope(portal_assignment, self.scope))
            .where(portal_assignment.c.portal_id == portal_id)
            .limit(1)
        )
        rows = await self.connection.rows(statement)
        return rows[0].name if rows else None

    async def insert(self, *records: Link) -> None:
        """Stores new links and their assignments."""
        await super().insert(*records)
        await self._assign(*records)

    async def replace(self, record: Link) -> None:
        """Stores all fields of a link, and exactly its assignments."""
        await super().replace(record)
        statement = delete(portal_assignment).where(
            in_scope(portal_assignment, self.scope), portal_assignment.c.link_id == record.id
        )
        await self.connection.run(statement)
        await self._assign(record)

    async def _assign(self, *records: Link) -> None:
        rows = [
            {
                "customer_id": self.scope.customer_id,
                "link_id": record.id,
                "portal_id": portal_id,
            }
            for record in records
            for portal_id in record.portal_ids
        ]
        if rows:
            await self.connection.run(insert(portal_assignment), rows)

    def _computed(self, source: FromClause) -> list[ColumnElement[Any]]:
        portal_ids = (
            select(func.aggregate_strings(cast(portal_assignment.c.portal_id, String), ","))
            .where(
                portal_assignment.c.customer_id == source.c.customer_id,
                portal_assignment.c.link_id == source.c.id,
            )
            .correlate(source)
            .scalar_subquery()
        )
        return [portal_ids.label("portal_ids")]

    def _record(self, row: Row[Any]) -> Link:
        stored = row._mapping
        values = {each.name: stored[each.name] for each in fields(Link)}
        values["portal_ids"] = tuple(sorted(int(each) for each in _split(stored["portal_ids"])))
        return Link(**values)


def _split(portal_ids: str | None) -> list[str]:
    return portal_ids.split(",") if portal_ids else []
