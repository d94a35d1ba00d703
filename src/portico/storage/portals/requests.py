"""Stored requests of the visitors of portals."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Executable, Select, bindparam, delete, func, select

from portico.domain.portals.requests import PortalRequest
from portico.domain.records import Page
from portico.storage.engine.statements import cached
from portico.storage.repositories import Repository, in_scope
from portico.storage.schema.page_tables import portal_request


class PortalRequestRepository(Repository[PortalRequest]):
    """The requests of one microtenant."""

    table: ClassVar = portal_request
    record: ClassVar = PortalRequest

    async def count(self, *, closed: bool) -> int:
        """Return the number of open or closed requests."""
        return int((await self._rows(_count(closed=closed)))[0].requests)

    async def count_since(self, portal_id: int, since: int) -> int:
        """Return the number of requests at a portal since a time, in epoch seconds."""
        rows = await self._rows(_count_since(), portal_id=portal_id, since=since)
        return int(rows[0].requests)

    async def newest(self, *, closed: bool, limit: int, offset: int) -> Page[PortalRequest]:
        """Return a page of the open or the closed requests, newest first."""
        rows = await self._scan(_newest(closed=closed), page_size=limit, page_offset=offset)
        items = [self._record(row) for row in rows]
        return Page(items=items, total=await self.count(closed=closed))

    async def remove_closed_before(self, moment: int) -> None:
        """Delete the requests that were closed before a time, in epoch seconds."""
        await self._run(_remove_closed(), moment=moment)


@cached
def _count(*, closed: bool) -> Select[Any]:
    return select(func.count().label("requests")).where(
        in_scope(portal_request), _state(closed=closed)
    )


@cached
def _count_since() -> Select[Any]:
    return select(func.count().label("requests")).where(
        in_scope(portal_request),
        portal_request.c.portal_id == bindparam("portal_id"),
        portal_request.c.creation_time >= bindparam("since"),
    )


@cached
def _newest(*, closed: bool) -> Select[Any]:
    return (
        select(portal_request)
        .where(in_scope(portal_request), _state(closed=closed))
        .order_by(portal_request.c.id.desc())
        .limit(bindparam("page_size"))
        .offset(bindparam("page_offset"))
    )


@cached
def _remove_closed() -> Executable:
    return delete(portal_request).where(
        in_scope(portal_request), portal_request.c.closed_time < bindparam("moment")
    )


def _state(*, closed: bool) -> ColumnElement[bool]:
    column = portal_request.c.closed_time
    return column.is_not(None) if closed else column.is_(None)
