"""Stored links, many at a time: filtered for the console, shown on a portal, changed in bulk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    and_,
    bindparam,
    delete,
    or_,
    select,
    update,
)

from portico.domain.links.filters import NO_PORTAL, NO_SECTION, LinkFilter
from portico.domain.links.links import Link
from portico.domain.records import Page
from portico.domain.search import ListQuery
from portico.storage.engine.statements import Among, cached
from portico.storage.links.links import (
    ON_PORTAL,
    WITH_TRIGRAMS,
    LinkRepository,
    on_no_portal,
)
from portico.storage.repositories import in_scope
from portico.storage.schema.page_tables import link_presentation
from portico.storage.schema.tables import portal_assignment, user_portal_link

_IN_SECTION = "in section"
_WITHOUT_SECTION = "without section"
_WITHOUT_PORTAL = "without portal"
_OFF_PORTAL = "off portal"
_DUE = "due"
_WINDOW = ("due_after", "due_until")


class LinkSetRepository(LinkRepository):
    """The links of one scope, many per statement."""

    vague: ClassVar = frozenset({_WITHOUT_SECTION, _OFF_PORTAL})

    async def filtered(self, query: ListQuery, filter_: LinkFilter) -> Page[Link]:
        """Return a page of the links that match the filter and the condition of the query."""
        narrowed = [_DUE] if filter_.due else []
        values: dict[str, object] = dict(zip(_WINDOW, filter_.due or (), strict=False))
        if filter_.portal_id == NO_PORTAL:
            narrowed.append(_WITHOUT_PORTAL)
        elif filter_.portal_id is not None:
            narrowed.append(ON_PORTAL)
            values["portal_id"] = filter_.portal_id
        if filter_.off_portal_id is not None:
            narrowed.append(_OFF_PORTAL)
            values["off_portal_id"] = filter_.off_portal_id
        if filter_.section_id == NO_SECTION:
            narrowed.append(_WITHOUT_SECTION)
        elif filter_.section_id is not None:
            narrowed.append(_IN_SECTION)
            values["section_id"] = filter_.section_id
        if not filter_.portal_id and (phrase := await self._trigrams(query.condition)):
            narrowed.append(WITH_TRIGRAMS)
            values["trigrams"] = phrase
        return await self._page(query, *narrowed, **values)

    async def set_enabled(self, links: Collection[Link], enabled: bool) -> None:
        """Enable or disable links, and store their stamps."""
        for stamps, ids in _by_stamps(links).items():
            modified_time, modified_by = stamps
            await self._run(
                _set_enabled(),
                link_ids=ids,
                now_enabled=enabled,
                now_time=modified_time,
                now_by=modified_by,
            )

    async def reassign(self, links: Collection[Link]) -> None:
        """Store the stamps and assignments of links, and no other fields."""
        for stamps, ids in _by_stamps(links).items():
            modified_time, modified_by = stamps
            await self._run(_stamp(), link_ids=ids, now_time=modified_time, now_by=modified_by)
        await self._run(_unassign_all(), link_ids=[link.id for link in links])
        await self._assign(*links)

    async def replace_all(self, links: Sequence[Link]) -> None:
        """Store all fields and assignments of links that exist."""
        if not links:
            return
        rows = []
        for link in links:
            values = dict(self._values(link))
            for key in ("customer_id", "microtenant_id", "id"):
                del values[key]
            rows.append(self._bound(values | {"record_id": link.id}))
        await self.connection.run(_replace(), rows)
        await self._run(_unassign_all(), link_ids=[link.id for link in links])
        await self._assign(*links)

    async def remove_all(self, link_ids: Collection[int]) -> int:
        """Delete links with all that belongs to them, and return their number."""
        removed = await self._run(_remove_all(), link_ids=sorted(link_ids))
        await self._count(-removed)
        return removed

    @classmethod
    def _narrowing(cls, narrowed: tuple[str, ...]) -> list[ColumnElement[bool]]:
        conditions = super()._narrowing(narrowed)
        shown = link_presentation
        same = and_(in_scope(shown), shown.c.link_id == cls.table.c.id)
        if _IN_SECTION in narrowed:
            inside = select(shown.c.link_id).where(
                in_scope(shown), shown.c.section_id == bindparam("section_id")
            )
            conditions.append(cls.table.c.id.in_(inside))
        if _WITHOUT_SECTION in narrowed:
            headed = select(shown.c.link_id).where(same, shown.c.section_id.is_not(None))
            conditions.append(~headed.correlate(cls.table).exists())
        if _DUE in narrowed:
            after, until = (bindparam(name, type_=BigInteger) for name in _WINDOW)
            due = (and_(time > after, time <= until) for time in (shown.c.starts, shown.c.ends))
            changing = select(shown.c.link_id).where(in_scope(shown), or_(*due))
            conditions.append(cls.table.c.id.in_(changing))
        if _OFF_PORTAL in narrowed:
            shown_there = select(portal_assignment.c.link_id).where(
                in_scope(portal_assignment),
                portal_assignment.c.portal_id == bindparam("off_portal_id"),
            )
            conditions.append(cls.table.c.id.not_in(shown_there))
        if _WITHOUT_PORTAL in narrowed:
            conditions.append(on_no_portal(cls.table))
        return conditions


def _by_stamps(links: Collection[Link]) -> Mapping[tuple[int, int], list[int]]:
    by_stamps: dict[tuple[int, int], list[int]] = {}
    for link in links:
        by_stamps.setdefault((link.modified_time, link.modified_by), []).append(link.id)
    return by_stamps


def _among() -> ColumnElement[bool]:
    return Among(user_portal_link.c.id, "link_ids")


def _stamped() -> dict[str, Any]:
    return {"modified_time": bindparam("now_time"), "modified_by": bindparam("now_by")}


@cached
def _set_enabled() -> Executable:
    return (
        update(user_portal_link)
        .where(in_scope(user_portal_link), _among())
        .values({"enabled": bindparam("now_enabled"), **_stamped()})
    )


@cached
def _stamp() -> Executable:
    return update(user_portal_link).where(in_scope(user_portal_link), _among()).values(_stamped())


@cached
def _replace() -> Executable:
    return update(user_portal_link).where(
        in_scope(user_portal_link), user_portal_link.c.id == bindparam("record_id")
    )


@cached
def _unassign_all() -> Executable:
    return delete(portal_assignment).where(
        in_scope(portal_assignment),
        Among(portal_assignment.c.link_id, "link_ids"),
    )


@cached
def _remove_all() -> Executable:
    return delete(user_portal_link).where(in_scope(user_portal_link), _among())
