"""Stored favourites, openings and acceptances of one tenant. None of it raises its revision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import delete, exists, func, or_, select, text, true

from portico.domain.activity import RECENT_LINKS, Acceptance, RecentLink
from portico.storage.connections import Connection
from portico.storage.page_tables import link_group
from portico.storage.people_tables import aup_acceptance, favourite, link_opening, recent_opening
from portico.storage.statements import insert_into
from portico.storage.tables import portal_assignment, user_portal_link

# The same text on both databases; SQLAlchemy has a construct for each alone.
_COUNT = text(
    "INSERT INTO link_opening (customer_id, link_id, day, openings) "
    "VALUES (:customer_id, :link_id, :day, 1) "
    "ON CONFLICT (customer_id, link_id, day) DO UPDATE SET openings = link_opening.openings + 1"
)
_REMEMBER = text(
    "INSERT INTO recent_opening (customer_id, user_id, link_id, time) "
    "VALUES (:customer_id, :user_id, :link_id, :time) "
    "ON CONFLICT (customer_id, user_id, link_id) DO UPDATE SET time = excluded.time"
)
_STAR = text(
    "INSERT INTO favourite (customer_id, user_id, link_id, time) "
    "VALUES (:customer_id, :user_id, :link_id, :time) "
    "ON CONFLICT (customer_id, user_id, link_id) DO NOTHING"
)


class Activity:
    """What the people of one tenant did."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        self._customer_id = customer_id

    async def is_shown(self, portal_id: int, link_id: int, group_ids: Iterable[int]) -> bool:
        """Whether a link is enabled, on the portal, and for everyone or one of the groups."""
        link = user_portal_link
        groups = exists().where(
            link_group.c.customer_id == self._customer_id, link_group.c.link_id == link_id
        )
        on_portal = exists().where(
            portal_assignment.c.customer_id == self._customer_id,
            portal_assignment.c.portal_id == portal_id,
            portal_assignment.c.link_id == link_id,
        )
        statement = select(link.c.id).where(
            link.c.customer_id == self._customer_id,
            link.c.id == link_id,
            link.c.enabled == true(),
            on_portal,
            or_(~groups, groups.where(link_group.c.group_id.in_(sorted(group_ids)))),
        )
        return bool(await self._connection.rows(statement))

    async def count_opening(self, link_id: int, day: int) -> None:
        """Adds one opening of a link on a day."""
        values = {"customer_id": self._customer_id, "link_id": link_id, "day": day}
        await self._connection.run(_COUNT, values)

    async def openings(self, link_ids: Iterable[int], since_day: int) -> dict[int, int]:
        """How often each of the links was opened from a day on; those never opened are left out."""
        table = link_opening
        statement = (
            select(table.c.link_id, func.sum(table.c.openings).label("openings"))
            .where(
                table.c.customer_id == self._customer_id,
                table.c.link_id.in_(sorted(set(link_ids))),
                table.c.day >= since_day,
            )
            .group_by(table.c.link_id)
        )
        rows = await self._connection.rows(statement)
        return {row.link_id: int(row.openings) for row in rows}

    async def add_openings(self, counted: Iterable[tuple[int, int, int]]) -> None:
        """Stores whole days of openings that were not counted here: link, day, number."""
        rows = [
            {
                "customer_id": self._customer_id,
                "link_id": link_id,
                "day": day,
                "openings": openings,
            }
            for link_id, day, openings in counted
        ]
        if rows:
            await self._connection.run(insert_into(link_opening), rows)

    async def remember_opening(self, user_id: int, link_id: int, now: int) -> None:
        """Remembers that a user opened a link; only the newest are kept."""
        values = {"customer_id": self._customer_id, "user_id": user_id, "link_id": link_id}
        await self._connection.run(_REMEMBER, values | {"time": now})
        recent = await self.recent(user_id)
        if len(recent) > RECENT_LINKS:
            statement = delete(recent_opening).where(
                recent_opening.c.customer_id == self._customer_id,
                recent_opening.c.user_id == user_id,
                recent_opening.c.link_id.in_([each.link_id for each in recent[RECENT_LINKS:]]),
            )
            await self._connection.run(statement)

    async def recent(self, user_id: int) -> list[RecentLink]:
        """The links that a user opened, newest first."""
        statement = (
            select(recent_opening.c.link_id, recent_opening.c.time)
            .where(
                recent_opening.c.customer_id == self._customer_id,
                recent_opening.c.user_id == user_id,
            )
            .order_by(recent_opening.c.time.desc(), recent_opening.c.link_id.desc())
        )
        return [RecentLink(**row._asdict()) for row in await self._connection.rows(statement)]

    async def add_favourite(self, user_id: int, link_id: int, now: int) -> None:
        """Adds a favourite; adding it again changes nothing."""
        values = {"customer_id": self._customer_id, "user_id": user_id, "link_id": link_id}
        await self._connection.run(_STAR, values | {"time": now})

    async def remove_favourite(self, user_id: int, link_id: int) -> None:
        """Removes a favourite, if it is one."""
        statement = delete(favourite).where(
            favourite.c.customer_id == self._customer_id,
            favourite.c.user_id == user_id,
            favourite.c.link_id == link_id,
        )
        await self._connection.run(statement)

    async def favourites(self, user_id: int) -> list[int]:
        """The ids of a user's favourites, in the order in which they became that."""
        statement = (
            select(favourite.c.link_id)
            .where(favourite.c.customer_id == self._customer_id, favourite.c.user_id == user_id)
            .order_by(favourite.c.time, favourite.c.link_id)
        )
        return [row.link_id for row in await self._connection.rows(statement)]

    async def accept(self, acceptance: Acceptance) -> None:
        """Stores that somebody agreed to a policy."""
        values = asdict(acceptance) | {"customer_id": self._customer_id}
        await self._connection.run(insert_into(aup_acceptance), [values])

    async def has_accepted(
        self, aup_id: int, version: str, *, user_id: int | None, visitor: str
    ) -> bool:
        """Whether the user, or without one the visitor, agreed to that version."""
        table = aup_acceptance
        who = table.c.visitor == visitor if user_id is None else table.c.user_id == user_id
        statement = (
            select(table.c.id)
            .where(
                table.c.customer_id == self._customer_id,
                table.c.aup_id == aup_id,
                table.c.version == version,
                who,
            )
            .limit(1)
        )
        return bool(await self._connection.rows(statement))

    async def acceptances(self, aup_id: int, limit: int) -> list[Acceptance]:
        """The newest acceptances of a policy, newest first."""
        statement = (
            select(aup_acceptance)
            .where(
                aup_acceptance.c.customer_id == self._customer_id,
                aup_acceptance.c.aup_id == aup_id,
            )
            .order_by(aup_acceptance.c.id.desc())
            .limit(limit)
        )
        return [Acceptance(**row._asdict()) for row in await self._connection.rows(statement)]
