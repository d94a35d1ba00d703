"""Use-cases of requests: a visitor asks for a link or reports one, an administrator closes it.

A visitor's request changes no data that pages are cached for, so the tenant's revision stays.
"""

from __future__ import annotations

from dataclasses import replace

from portico.domain.errors import InvalidInput, NotFound
from portico.domain.portals.requests import (
    CLOSED_SECONDS,
    HOUR_SECONDS,
    HOURLY_LIMIT,
    KIND,
    OPEN_LIMIT,
    PortalRequest,
    RequestKind,
    check_request_text,
)
from portico.domain.records import Page, Scope
from portico.services import recording
from portico.services.access import require_admin
from portico.services.portals.visits import PortalVisit
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.portals.activity import Activity
from portico.storage.portals.requests import PortalRequestRepository

VISITOR_ID = 0
"""The `modified_by` of a request that nobody has closed or reopened."""


async def ask_for_link(runtime: Runtime, visit: PortalVisit, text: str) -> None:
    """Store a visitor's request for a link.

    Raises NotFound if the portal takes no requests, or InvalidInput.
    """
    await _send(runtime, visit, RequestKind.NEW_LINK, check_request_text(text, required=True))


async def report_link(
    runtime: Runtime, visit: PortalVisit, link_id: int, link_name: str, text: str
) -> None:
    """Store a visitor's report that a link does not work.

    Raises NotFound for a link that the visitor does not see, or if the portal takes no requests,
    and InvalidInput.
    """
    portal = visit.portal
    async with runtime.database.read(portal.customer_id) as connection:
        activity = Activity(connection, portal.customer_id)
        if not await activity.is_visible(portal.id, link_id, visit.group_ids, visit.now):
            raise NotFound(link_id)
    text = check_request_text(text, required=False)
    await _send(runtime, visit, RequestKind.BROKEN_LINK, text, link_id, link_name)


async def _send(
    runtime: Runtime,
    visit: PortalVisit,
    kind: RequestKind,
    text: str,
    link_id: int | None = None,
    link_name: str = "",
) -> None:
    portal, visitor, now = visit.portal, visit.visitor, runtime.now
    if not portal.page.accepts_requests:
        raise NotFound(portal.id)
    scope = Scope(customer_id=portal.customer_id, microtenant_id=portal.microtenant_id)
    async with runtime.database.transaction(portal.customer_id) as connection:
        requests = PortalRequestRepository(connection, scope)
        await requests.remove_closed_before(now - CLOSED_SECONDS)
        too_many = await requests.count(closed=False) >= OPEN_LIMIT or (
            await requests.count_since(portal.id, now - HOUR_SECONDS) >= HOURLY_LIMIT
        )
        if too_many:
            raise TooManyRequestsWait
        await requests.insert(
            PortalRequest(
                customer_id=portal.customer_id,
                id=runtime.new_id(),
                microtenant_id=portal.microtenant_id,
                creation_time=now,
                modified_time=now,
                modified_by=VISITOR_ID,
                portal_id=portal.id,
                kind=kind,
                text=text,
                link_id=link_id,
                link_name=link_name,
                user_id=visitor.user_id,
                user_name=visitor.name,
            )
        )


class TooManyRequestsWait(InvalidInput):
    """The portal has received more requests than administrators can be expected to read."""

    def __init__(self) -> None:
        super().__init__("Too many requests are waiting. Try again later.")


async def list_requests(
    work: UnitOfWork, *, closed: bool, limit: int, offset: int
) -> Page[PortalRequest]:
    """Return a page of the microtenant's open or closed requests, newest first."""
    return await work.portal_requests.newest(closed=closed, limit=limit, offset=offset)


async def close_request(work: UnitOfWork, request_id: int) -> None:
    """Mark a request as done. Raises NotFound or Forbidden."""
    await _set_closed(work, request_id, work.now)


async def reopen_request(work: UnitOfWork, request_id: int) -> None:
    """Mark a request as open again. Raises NotFound or Forbidden."""
    await _set_closed(work, request_id, None)


async def _set_closed(work: UnitOfWork, request_id: int, closed_time: int | None) -> None:
    require_admin(work)
    before = await work.portal_requests.get(request_id, lock=True)
    if (before.closed_time is None) == (closed_time is None):
        return
    after = replace(before, closed_time=closed_time, **work.changed_stamps(before))
    await work.portal_requests.replace(after)
    await recording.record_update(work, KIND, before, after)
