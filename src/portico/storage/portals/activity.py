"""Stored favourites, openings and acceptances of one tenant. They do not raise its revision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BigInteger,
    Executable,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    true,
    update,
)

from portico.domain.portals.activity import RECENT_LINKS, Acceptance, RecentLink
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, cached, insert_into
from portico.storage.schema.page_tables import link_group, link_presentation
from portico.storage.schema.people_tables import (
    aup_acceptance,
    favourite,
    link_opening,
    recent_opening,
)
from portico.storage.schema.tables import portal_assignment, user_portal_link
from portico.storage.text_matches import has_spelling, spellings_of

# Both databases accept this SQL. SQLAlchemy has a construct for each dialect only.
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
    "INSERT INTO favourite (customer_id, user_id, link_id, time, position, removed) "
    "VALUES (:customer_id, :user_id, :link_id, :time, :position, false) "
    "ON CONFLICT (customer_id, user_id, link_id) DO UPDATE SET removed = false"
)


class Activity:
    """The activity of the people of one tenant."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        self._customer_id = customer_id

    async def acceptances(
        self, aup_id: int, text: str, *, before_id: int | None, limit: int
    ) -> list[Acceptance]:
        """Return the acceptances of a policy that are older than `before_id`, newest first.

        With a text, only those of people with it in their names.
        """
        values: dict[str, object] = {"aup_id": aup_id, "page_size": limit}
        values |= {} if before_id is None else {"before_id": before_id}
        values |= spellings_of(text) if text else {}
        statement = _acceptances(bool(text), before_id is not None)
        rows = await self._connection.scan(statement, self._bound(values))
        return [Acceptance(**row._asdict()) for row in rows]

    async def is_visible(
        self, portal_id: int, link_id: int, group_ids: Iterable[int], now: int
    ) -> bool:
        """Return whether members of the groups see an enabled link on the portal at a time."""
        values: dict[str, object] = {"portal_id": portal_id, "link_id": link_id, "now": now}
        values["group_ids"] = sorted(group_ids)
        return bool(await self._connection.rows(_shown(), self._bound(values)))

    async def count_opening(self, link_id: int, day: int) -> None:
        """Add one opening of a link on a day."""
        values = {"customer_id": self._customer_id, "link_id": link_id, "day": day}
        await self._connection.run(_COUNT, values)

    async def add_openings(self, counted: Iterable[tuple[int, int, int]]) -> None:
        """Store openings by link, day and number, as the example tenant has them."""
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

    async def openings(self, link_ids: Iterable[int], since_day: int) -> dict[int, int]:
        """Return the number of openings of each link since a day. It omits links without any."""
        values = {"link_ids": sorted(set(link_ids)), "since_day": since_day}
        rows = await self._connection.rows(_openings(), self._bound(values))
        return {row.link_id: int(row.openings) for row in rows}

    async def remember_opening(self, user_id: int, link_id: int, now: int) -> None:
        """Add a link to a user's recent links, and delete the oldest above the limit."""
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
        """Return the links that a user opened, newest first."""
        rows = await self._connection.rows(_recent(), self._bound({"user_id": user_id}))
        return [RecentLink(**row._asdict()) for row in rows]

    async def add_favourite(self, user_id: int, link_id: int, now: int) -> None:
        """Add a favourite after the others, or where it was if it was one before."""
        values = self._bound({"user_id": user_id})
        last = (await self._connection.rows(_last_position(), values))[0].position or 0
        added = values | {"link_id": link_id, "time": now, "position": last + 1}
        await self._connection.run(_STAR, added)

    async def remove_favourite(self, user_id: int, link_id: int) -> None:
        """Remove a favourite, if it is one. Its place stays known, for a star by mistake."""
        statement = (
            update(favourite)
            .where(
                favourite.c.customer_id == self._customer_id,
                favourite.c.user_id == user_id,
                favourite.c.link_id == link_id,
            )
            .values(removed=True)
        )
        await self._connection.run(statement)

    async def favourites(self, user_id: int) -> list[int]:
        """Return the ids of a user's favourites in their order, which begins with the oldest."""
        rows = await self._connection.rows(_favourites(), self._bound({"user_id": user_id}))
        return [row.link_id for row in rows if not row.removed]

    async def order_favourites(self, user_id: int, link_ids: Sequence[int]) -> None:
        """Put these favourites in this order, in the places that they have among all of them."""
        values = self._bound({"user_id": user_id})
        known = [row.link_id for row in await self._connection.rows(_favourites(), values)]
        moved = [each for each in dict.fromkeys(link_ids) if each in known]
        following = iter(moved)
        ordered = [next(following) if each in moved else each for each in known]
        rows = [
            {
                "tenant_id": self._customer_id,
                "owner_id": user_id,
                "favourite_link_id": link_id,
                "position": position,
            }
            for position, link_id in enumerate(ordered, 1)
        ]
        if moved:
            await self._connection.run(_set_position(), rows)

    async def accept(self, acceptance: Acceptance) -> None:
        """Store an acceptance."""
        values = asdict(acceptance) | {"customer_id": self._customer_id}
        await self._connection.run(insert_into(aup_acceptance), [values])

    async def has_accepted(
        self, aup_id: int, version: str, *, user_id: int | None, visitor: str
    ) -> bool:
        """Return whether a user, or an anonymous visitor, accepted a version of a policy."""
        values = {"aup_id": aup_id, "version": version}
        values |= {"visitor": visitor} if user_id is None else {"user_id": user_id}
        statement = _accepted(by_visitor=user_id is None)
        return bool(await self._connection.rows(statement, self._bound(values)))

    def _bound(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"customer_id": self._customer_id, **values}


@cached
def _acceptances(has_text: bool, is_later_page: bool) -> Select[Any]:
    conditions = [has_spelling(aup_acceptance.c.name)] if has_text else []
    if is_later_page:
        conditions.append(aup_acceptance.c.id < bindparam("before_id"))
    return (
        select(aup_acceptance)
        .where(aup_acceptance.c.customer_id == bindparam("customer_id"))
        .where(aup_acceptance.c.aup_id == bindparam("aup_id"), *conditions)
        .order_by(aup_acceptance.c.id.desc())
        .limit(bindparam("page_size"))
    )


@cached
def _shown() -> Select[Any]:
    link = user_portal_link
    customer_id = bindparam("customer_id", type_=BigInteger)
    link_id = bindparam("link_id", type_=BigInteger)
    groups = exists().where(
        link_group.c.customer_id == customer_id, link_group.c.link_id == link_id
    )
    on_portal = exists().where(
        portal_assignment.c.customer_id == customer_id,
        portal_assignment.c.portal_id == bindparam("portal_id"),
        portal_assignment.c.link_id == link_id,
    )
    now = bindparam("now", type_=BigInteger)
    shown = link_presentation
    outside = exists().where(
        shown.c.customer_id == customer_id,
        shown.c.link_id == link_id,
        or_(shown.c.starts > now, and_(shown.c.ends != 0, shown.c.ends <= now)),
    )
    return select(link.c.id).where(
        link.c.customer_id == customer_id,
        link.c.id == link_id,
        link.c.enabled == true(),
        on_portal,
        ~outside,
        or_(~groups, groups.where(Among(link_group.c.group_id, "group_ids"))),
    )


@cached
def _openings() -> Select[Any]:
    table = link_opening
    counted = select(table.c.link_id, func.sum(table.c.openings).label("openings")).where(
        table.c.customer_id == bindparam("customer_id"),
        Among(table.c.link_id, "link_ids"),
        table.c.day >= bindparam("since_day"),
    )
    return counted.group_by(table.c.link_id)


@cached
def _recent() -> Select[Any]:
    table = recent_opening
    opened = select(table.c.link_id, table.c.time).where(
        table.c.customer_id == bindparam("customer_id"), table.c.user_id == bindparam("user_id")
    )
    return opened.order_by(table.c.time.desc(), table.c.link_id.desc())


@cached
def _favourites() -> Select[Any]:
    table = favourite
    starred = select(table.c.link_id, table.c.removed).where(
        table.c.customer_id == bindparam("customer_id"), table.c.user_id == bindparam("user_id")
    )
    return starred.order_by(table.c.position, table.c.time, table.c.link_id)


@cached
def _last_position() -> Select[Any]:
    table = favourite
    return select(func.max(table.c.position).label("position")).where(
        table.c.customer_id == bindparam("customer_id"), table.c.user_id == bindparam("user_id")
    )


@cached
def _set_position() -> Executable:
    table = favourite
    own = (
        table.c.customer_id == bindparam("tenant_id"),
        table.c.user_id == bindparam("owner_id"),
        table.c.link_id == bindparam("favourite_link_id"),
    )
    return update(table).where(*own).values(position=bindparam("position"))


@cached
def _accepted(*, by_visitor: bool) -> Select[Any]:
    table = aup_acceptance
    who = table.c.visitor if by_visitor else table.c.user_id
    agreed = select(table.c.id).where(
        table.c.customer_id == bindparam("customer_id"),
        table.c.aup_id == bindparam("aup_id"),
        table.c.version == bindparam("version"),
        who == bindparam(who.name),
    )
    return agreed.limit(1)
