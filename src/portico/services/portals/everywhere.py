"""Use-cases that list the links and portals of all microtenants of a tenant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from portico.domain.errors import SearchTooExpensive
from portico.domain.links.filters import text_conditions
from portico.domain.portals.everywhere import PlacedObject
from portico.domain.portals.portals import PORTAL_FIELDS
from portico.domain.search import AllOf, Condition
from portico.services.access import require_all_microtenants
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import ReadTooSlow
from portico.storage.portals.everywhere import TenantWideLists

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class PlacedPage:
    """One page of objects, by microtenant and name. `has_more`: another page follows."""

    items: Sequence[PlacedObject]
    has_more: bool


async def list_links_everywhere(work: UnitOfWork, text: str, *, page: int = 1) -> PlacedPage:
    """Return the tenant's links with each word of a text in their name, description or host.

    Raises Forbidden for callers of one microtenant, SearchTooExpensive or InvalidField.
    """
    return await _list(work, TenantWideLists.links, text_conditions(text), page)


async def list_portals_everywhere(work: UnitOfWork, text: str, *, page: int = 1) -> PlacedPage:
    """Return the tenant's portals in the same way, by name, description or domain."""
    fields = [PORTAL_FIELDS[name] for name in ("name", "description", "domain")]
    return await _list(work, TenantWideLists.portals, text_conditions(text, fields), page)


async def _list(
    work: UnitOfWork,
    read: Callable[..., Awaitable[list[PlacedObject]]],
    conditions: Sequence[Condition],
    page: int,
) -> PlacedPage:
    require_all_microtenants(work)
    condition = AllOf(tuple(conditions)) if conditions else None
    lists = TenantWideLists(work.connection, work.scope.customer_id)
    try:
        found = await read(lists, condition, offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE + 1)
    except ReadTooSlow as error:
        raise SearchTooExpensive(error.seconds) from error
    return PlacedPage(items=found[:PAGE_SIZE], has_more=len(found) > PAGE_SIZE)
