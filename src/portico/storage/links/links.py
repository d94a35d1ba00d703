"""Stored user portal links and their assignments to portals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    String,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    func,
    select,
    text,
)

from portico.domain.links.links import Link
from portico.domain.records import Page, Scope
from portico.domain.search import Condition, ListQuery
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, Row, cached, deleting_few, insert_into
from portico.storage.links.trigrams import TEXT_INDEX_QUERY, trigram_query
from portico.storage.repositories import Repository, in_scope, listed_ids, restored
from portico.storage.schema.tables import (
    link_count,
    portal_assignment,
    user_portal,
    user_portal_link,
)
from portico.storage.tenancy.link_tally import links_in_all

L = TypeVar("L", bound=Link)


class AnyLinkRepository(Repository[L]):
    """The links of one scope. One statement reads links and their portal ids."""

    table: ClassVar = user_portal_link

    def __init__(self, connection: Connection, scope: Scope, *, links: int = 0) -> None:
        """`links` is the approximate number of links in the scope, which decides how to search."""
        super().__init__(connection, scope)
        self._links = links

    async def page(self, query: ListQuery) -> Page[L]:
        """Return one page and the total. In a large scope a text search uses the text index."""
        if phrase := await self._trigrams(query.condition):
            return await self._page(query, WITH_TRIGRAMS, trigrams=phrase)
        return await self._page(query)

    async def texts(
        self, columns: tuple[str, ...], condition: Condition | None, limit: int
    ) -> dict[int, tuple[str, ...]]:
        """Return some columns of links, as for other nouns, with the text index as `page`."""
        if phrase := await self._trigrams(condition):
            return await self._texts(columns, condition, limit, WITH_TRIGRAMS, trigrams=phrase)
        return await self._texts(columns, condition, limit)

    async def _trigrams(self, condition: Condition | None) -> str:
        """Return the query of the text index for a condition, empty where that is no use."""
        if condition is None or self._links <= SCANNED_LINKS:
            return ""
        phrase = trigram_query(condition)
        return phrase if phrase and await self.connection.has_text_index() else ""

    async def page_of_portal(self, portal_id: int, query: ListQuery) -> Page[L]:
        """Return a page of the links that are assigned to a portal."""
        return await self._page(query, ON_PORTAL, portal_id=portal_id)

    async def count_by_portal(self, portal_ids: Iterable[int]) -> dict[int, int]:
        """Return the number of links on each portal."""
        distinct = sorted(set(portal_ids))
        if not distinct:
            return {}
        rows = await self._rows(_count_by_portal(), portal_ids=distinct)
        return {row.portal_id: row.links for row in rows}

    async def first_of_portal(self, portal_id: int) -> str | None:
        """Return the name of one link on the portal, or None without any."""
        rows = await self._rows(_first_of_portal(), portal_id=portal_id)
        return rows[0].name if rows else None

    async def first_of_application(self, application_id: int) -> str | None:
        """Return the name of one link to the application segment, or None without any."""
        rows = await self._rows(_first_of_application(), application_id=application_id)
        return rows[0].name if rows else None

    async def insert(self, *records: L) -> None:
        """Store new links and their assignments."""
        await super().insert(*records)
        await self._assign(*records)
        await self._count(len(records))

    async def replace(self, record: L, before: L | None = None) -> bool:
        """Store all fields and assignments of a link. Returns False if it does not exist.

        Assignments are not written if the link, which the caller locked, had the same `before`.
        """
        if not await super().replace(record):
            return False
        if before is None or set(before.portal_ids) != set(record.portal_ids):
            await self._run(_unassign(), link_id=record.id)
            await self._assign(record)
        return True

    async def remove(self, record_id: int) -> bool:
        """Delete a link and its assignments. Returns False if it does not exist."""
        if not await super().remove(record_id):
            return False
        await self._count(-1)
        return True

    async def _count(self, added: int) -> None:
        await self._run(_COUNT, added=added, slot=self.connection.slot)

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
            await self.connection.run(insert_into(portal_assignment), rows)

    @classmethod
    def _narrowing(cls, narrowed: tuple[str, ...]) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if ON_PORTAL in narrowed:
            on_portal = select(portal_assignment.c.link_id).where(
                in_scope(portal_assignment),
                portal_assignment.c.portal_id == bindparam("portal_id"),
            )
            conditions.append(cls.table.c.id.in_(on_portal))
        if WITH_TRIGRAMS in narrowed:
            conditions.append(cls.table.c.id.in_(text(TEXT_INDEX_QUERY)))
        return conditions

    @classmethod
    def _counted(cls) -> Select[Any]:
        return select(links_in_all().label("total")).where(in_scope(link_count))

    @classmethod
    def _extended(cls, statement: Select[Any]) -> Select[Any]:
        portal_ids = (
            select(func.aggregate_strings(cast(portal_assignment.c.portal_id, String), ","))
            .where(in_scope(portal_assignment), portal_assignment.c.link_id == cls.table.c.id)
            .correlate(cls.table)
            .scalar_subquery()
        )
        return statement.add_columns(portal_ids.label("portal_ids"))

    def _record(self, row: Row) -> L:
        link: L = restored(self.record, row, portal_ids=listed_ids(row.portal_ids))
        return link


class LinkRepository(AnyLinkRepository[Link]):
    """The links of one scope, as the vendor's API has them."""

    record: ClassVar = Link


ON_PORTAL = "on portal"
WITH_TRIGRAMS = "with trigrams"
SCANNED_LINKS = 2_000
"""The largest scope in which a scan is as fast as the text index, which all tenants share."""


@cached
def _count_by_portal() -> Select[Any]:
    same = and_(in_scope(user_portal), user_portal.c.id == portal_assignment.c.portal_id)
    return (
        select(portal_assignment.c.portal_id, func.count().label("links"))
        .join(user_portal, same)
        .where(in_scope(portal_assignment))
        .where(Among(portal_assignment.c.portal_id, "portal_ids"))
        .group_by(portal_assignment.c.portal_id)
    )


@cached
def _first_of_portal() -> Select[Any]:
    link = user_portal_link
    same = and_(
        portal_assignment.c.customer_id == link.c.customer_id,
        portal_assignment.c.link_id == link.c.id,
    )
    return (
        select(link.c.name)
        .join(portal_assignment, same)
        .where(in_scope(portal_assignment), in_scope(link))
        .where(portal_assignment.c.portal_id == bindparam("portal_id"))
        .limit(1)
    )


@cached
def _first_of_application() -> Select[Any]:
    link = user_portal_link
    named = link.c.application_id == bindparam("application_id")
    return select(link.c.name).where(in_scope(link), named).limit(1)


@cached
def _unassign() -> Executable:
    mine = portal_assignment.c.link_id == bindparam("link_id")
    return deleting_few(delete(portal_assignment).where(in_scope(portal_assignment), mine))


def on_no_portal(link: Table) -> ColumnElement[bool]:
    """Return the condition that a link has no assignment."""
    mine = portal_assignment.c.link_id == link.c.id
    assigned = select(portal_assignment.c.link_id).where(in_scope(portal_assignment), mine)
    return ~assigned.correlate(link).exists()


# Both databases accept this text. It creates a slot when that is first used.
_COUNT = text(
    "INSERT INTO link_count (customer_id, microtenant_id, slot, links) "
    "VALUES (:scope_customer_id, :scope_microtenant_id, :slot, :added) "
    "ON CONFLICT (customer_id, microtenant_id, slot) "
    "DO UPDATE SET links = link_count.links + excluded.links"
)
