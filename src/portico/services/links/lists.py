"""The console's list of links: filtered by words, state, portal and section."""

from __future__ import annotations

from portico.domain.errors import InvalidField, NotFound
from portico.domain.links.changes import CHANGE_LIMIT, LinkSelection
from portico.domain.links.filters import LinkFilter, narrowed
from portico.domain.links.presentation import PresentedLink
from portico.domain.records import fold
from portico.domain.search import ListQuery
from portico.services.links.links import LinkPage
from portico.services.work import UnitOfWork


async def list_filtered_links(work: UnitOfWork, query: ListQuery, wanted: LinkFilter) -> LinkPage:
    """One page of the links that pass a filter; `query` orders and pages, and may search too.

    An unknown portal or section has no links.
    """
    page = await work.link_sets.filtered(narrowed(query, wanted), wanted)
    shown = {portal_id for link in page.items for portal_id in link.portal_ids}
    return LinkPage(page=page, portals=await work.portals.find_all(shown))


async def select_links(work: UnitOfWork, selection: LinkSelection) -> list[PresentedLink]:
    """The links that a change is meant for, by name, at most 500.

    Raises NotFound for an id that names none, InvalidField for more than 500.
    """
    if selection.wanted is None:
        _require_few(len(set(selection.link_ids)))
        found = await work.presented_links.find_all(selection.link_ids, lock=True)
        for link_id in selection.link_ids:
            if link_id not in found:
                raise NotFound(link_id)
        return sorted(found.values(), key=lambda link: (fold(link.name), link.id))
    query = narrowed(ListQuery(page_size=CHANGE_LIMIT), selection.wanted)
    page = await work.link_sets.filtered(query, selection.wanted)
    _require_few(page.total)
    # A page locks nothing, so its links are read again by their ids.
    found = await work.presented_links.find_all((link.id for link in page.items), lock=True)
    return [found[link.id] for link in page.items if link.id in found]


def _require_few(links: int) -> None:
    if links > CHANGE_LIMIT:
        raise InvalidField(
            "links", f"It would reach {links} links; at most {CHANGE_LIMIT} are changed at once."
        )
