"""Numbers of the dashboard: links and portals, the fullest portals, the most opened links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, cast, func, select

from portico.domain.records import Scope
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import cached
from portico.storage.links.links import on_no_portal
from portico.storage.repositories import in_scope
from portico.storage.schema.people_tables import link_opening
from portico.storage.schema.tables import (
    link_count,
    portal_assignment,
    user_portal,
    user_portal_link,
)
from portico.storage.tenancy.link_tally import links_in_all


@dataclass(frozen=True, kw_only=True)
class FilledPortal:
    """A portal and the number of its links."""

    id: int
    name: str
    enabled: bool
    links: int


@dataclass(frozen=True, kw_only=True)
class OpenedLink:
    """A link and the number of its openings in a period."""

    id: int
    name: str
    openings: int


class DashboardRepository:
    """The numbers of one scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def links(self) -> int:
        """Return the number of links."""
        rows = await self._connection.rows(_links(), self._bound())
        return int(rows[0].links)

    async def disabled_links(self) -> int:
        """Return the number of disabled links."""
        rows = await self._connection.scan(_disabled_links(), self._bound())
        return int(rows[0].links)

    async def unplaced_links(self) -> int:
        """Return the number of links that are on no portal."""
        rows = await self._connection.scan(_unplaced_links(), self._bound())
        return int(rows[0].links)

    async def portals(self) -> int:
        """Return the number of portals."""
        rows = await self._connection.rows(_portals(), self._bound())
        return int(rows[0].portals)

    async def fullest_portals(self, most: int) -> list[FilledPortal]:
        """Return the portals with the most links, the fullest first."""
        rows = await self._connection.scan(_fullest_portals(), self._bound(most=most))
        return [FilledPortal(**row._asdict()) for row in rows]

    async def most_opened(self, since_day: int, most: int) -> list[OpenedLink]:
        """Return the most opened links since a day, given as its number since 1970-01-01."""
        parameters = self._bound(since_day=since_day, most=most)
        rows = await self._connection.scan(_most_opened(), parameters)
        return [OpenedLink(**row._asdict()) for row in rows]

    def _bound(self, **values: object) -> dict[str, object]:
        values["scope_customer_id"] = self._scope.customer_id
        values["scope_microtenant_id"] = self._scope.microtenant_id
        return values


@cached
def _links() -> Select[Any]:
    return select(links_in_all().label("links")).where(in_scope(link_count))


@cached
def _disabled_links() -> Select[Any]:
    link = user_portal_link
    counted = func.count().label("links")
    return select(counted).select_from(link).where(in_scope(link), ~link.c.enabled)


@cached
def _unplaced_links() -> Select[Any]:
    link = user_portal_link
    counted = func.count().label("links")
    return select(counted).select_from(link).where(in_scope(link), on_no_portal(link))


@cached
def _portals() -> Select[Any]:
    return (
        select(func.count().label("portals")).select_from(user_portal).where(in_scope(user_portal))
    )


@cached
def _fullest_portals() -> Select[Any]:
    portal = user_portal
    links = (
        select(func.count())
        .select_from(portal_assignment)
        .where(in_scope(portal_assignment), portal_assignment.c.portal_id == portal.c.id)
        .correlate(portal)
        .scalar_subquery()
        .label("links")
    )
    return (
        select(portal.c.id, portal.c.name, portal.c.enabled, links)
        .where(in_scope(portal))
        .order_by(links.desc(), portal.c.name_folded, portal.c.id)
        .limit(bindparam("most"))
    )


@cached
def _most_opened() -> Select[Any]:
    # Summing first reads each link once, not once for each of its days.
    link, opened = user_portal_link, link_opening
    summed = (
        select(opened.c.link_id, cast(func.sum(opened.c.openings), BigInteger).label("openings"))
        .where(in_scope(opened), opened.c.day >= bindparam("since_day"))
        .group_by(opened.c.link_id)
        .subquery("summed")
    )
    return (
        select(link.c.id, link.c.name, summed.c.openings)
        .select_from(summed)
        .join(link, and_(in_scope(link), link.c.id == summed.c.link_id))
        .order_by(summed.c.openings.desc(), link.c.id)
        .limit(bindparam("most"))
    )
