"""The enabled portals of a whole tenant: where its people sign in, and what they see there."""

from __future__ import annotations

from portico.domain.portals.pages import OpenPortal
from portico.domain.records import Page
from portico.services.access import require_whole_tenant
from portico.services.work import UnitOfWork
from portico.storage.portals import pages


async def list_open_portals(work: UnitOfWork, *, limit: int, number: int = 1) -> Page[OpenPortal]:
    """Return a page of the enabled portals of all microtenants, by name. Raises Forbidden."""
    require_whole_tenant(work)
    portals, total = await pages.open_portals(
        work.connection, work.scope.customer_id, limit=limit, offset=(number - 1) * limit
    )
    return Page(items=portals, total=total)
