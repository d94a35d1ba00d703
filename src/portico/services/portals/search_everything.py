"""The search over everything that an administrator sees: links, portals, microtenants."""

from __future__ import annotations

from dataclasses import dataclass

from portico.domain.links.filters import LinkFilter, text_conditions
from portico.domain.links.links import Link
from portico.domain.portals.portals import PORTAL_FIELDS, UserPortal
from portico.domain.records import Page
from portico.domain.search import AllOf, Fields, ListQuery
from portico.domain.tenancy.microtenants import MICROTENANT_FIELDS, Microtenant
from portico.services.links.lists import list_filtered_links
from portico.services.tenancy.microtenants import list_microtenants
from portico.services.work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class SearchResults:
    """The first results of each noun and their total number."""

    links: Page[Link]
    portals: Page[UserPortal]
    microtenants: Page[Microtenant]


async def search_everything(work: UnitOfWork, text: str, limit: int = 8) -> SearchResults:
    """Return what has each word of the text in its name, description, host or domain, by name.

    An empty text has no results.
    """
    if not text.split():
        return SearchResults(
            links=Page(items=[], total=0),
            portals=Page(items=[], total=0),
            microtenants=Page(items=[], total=0),
        )
    first = ListQuery(page_size=limit)
    links = await list_filtered_links(work, first, LinkFilter(text=text))
    portals = _query(text, limit, PORTAL_FIELDS, ("name", "description", "domain"))
    microtenants = _query(text, limit, MICROTENANT_FIELDS, ("name", "description"))
    return SearchResults(
        links=links.page,
        portals=await work.portals.page(portals),
        microtenants=await list_microtenants(work, microtenants),
    )


def _query(text: str, limit: int, fields: Fields, names: tuple[str, ...]) -> ListQuery:
    conditions = text_conditions(text, [fields[name] for name in names])
    return ListQuery(condition=AllOf(tuple(conditions)), page_size=limit)
