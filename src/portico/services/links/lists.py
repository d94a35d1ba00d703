"""The console's list of links, filtered by words, state, portal and section."""

from __future__ import annotations

from portico.domain.errors import InvalidField, NotFound
from portico.domain.links.changes import CHANGE_LIMIT, LinkSelection
from portico.domain.links.filters import LinkFilter, narrowed, words_of
from portico.domain.links.presentation import PresentedLink
from portico.domain.records import natural_key
from portico.domain.search import ListQuery
from portico.services.links.links import LinkPage
from portico.services.work import UnitOfWork


async def list_filtered_links(work: UnitOfWork, query: ListQuery, filter_: LinkFilter) -> LinkPage:
    """Return one page of the links that match a filter and a query.

    An unknown portal or section has no links.
    """
    page = await work.link_sets.filtered(await narrow(work, query, filter_), filter_)
    portal_ids = {portal_id for link in page.items for portal_id in link.portal_ids}
    return LinkPage(page=page, portals=await work.portals.find_all(portal_ids))


async def select_links(work: UnitOfWork, selection: LinkSelection) -> list[PresentedLink]:
    """Return the links of a selection by name, locked until the transaction ends.

    Raises NotFound for an unknown id, InvalidField for more than 500 links.
    """
    if selection.filter is None:
        _require_few(len(set(selection.link_ids)))
        links = await work.presented_links.find_all(selection.link_ids, lock=True)
        for link_id in selection.link_ids:
            if link_id not in links:
                raise NotFound(link_id)
        return sorted(links.values(), key=lambda link: (natural_key(link.name), link.id))
    query = await narrow(work, ListQuery(natural=True, page_size=CHANGE_LIMIT), selection.filter)
    page = await work.link_sets.filtered(query, selection.filter)
    _require_few(page.total)
    # A page locks nothing, so its links are read again by their ids.
    links = await work.presented_links.find_all((link.id for link in page.items), lock=True)
    return [links[link.id] for link in page.items if link.id in links]


async def narrow(work: UnitOfWork, query: ListQuery, filter_: LinkFilter) -> ListQuery:
    """Return the query with the text and the state of a filter among its conditions."""
    words = words_of(filter_.text)
    by_keyword = {word: await work.presentation.with_keyword(word) for word in words}
    return narrowed(query, filter_, by_keyword)


def _require_few(links: int) -> None:
    if links > CHANGE_LIMIT:
        raise InvalidField(
            "links",
            f"It would change {links} links; at most {CHANGE_LIMIT} can be changed at once.",
        )
