"""The enabled portals of a whole tenant: where its people sign in, and what they see there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from portico.domain.links.presentation import PortalSection
from portico.domain.portals.pages import OpenPortal
from portico.domain.records import Page, Scope
from portico.services.access import require_whole_tenant
from portico.services.portals.visits import links_of_members
from portico.services.work import UnitOfWork
from portico.storage.portals import pages


async def list_open_portals(work: UnitOfWork, *, limit: int, number: int = 1) -> Page[OpenPortal]:
    """Return a page of the enabled portals of all microtenants, by name. Raises Forbidden."""
    require_whole_tenant(work)
    portals, total = await pages.open_portals(
        work.connection, work.scope.customer_id, limit=limit, offset=(number - 1) * limit
    )
    return Page(items=portals, total=total)


@dataclass(frozen=True, kw_only=True)
class SeenPortal:
    """An enabled portal, and the links that somebody sees on it, by section."""

    portal: OpenPortal
    sections: Sequence[PortalSection]


async def list_seen_portals(
    work: UnitOfWork, group_ids: Collection[int], *, limit: int, number: int = 1
) -> Page[SeenPortal]:
    """Return a page of the tenant's enabled portals as somebody in the groups sees them.

    The portal's own page reads the links by the same function. Raises Forbidden.
    """
    portals = await list_open_portals(work, limit=limit, number=number)
    seen: list[SeenPortal] = []
    for each in portals.items:
        scope = Scope(customer_id=work.scope.customer_id, microtenant_id=each.microtenant_id)
        sections = await links_of_members(work.connection, scope, each.id, group_ids, work.now)
        seen.append(SeenPortal(portal=each, sections=sections))
    return Page(items=seen, total=portals.total)
