"""The links that match the filters of the list, as CSV that "Add many" reads back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial

from portico.asgi.streaming import Download
from portico.domain.links.links import LINK_FIELDS
from portico.domain.links.presentation import PresentedLink
from portico.domain.records import MAX_ID
from portico.domain.search import AllOf, ListQuery, compare
from portico.services.links.lists import list_filtered_links
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.links.list import read_filter, read_order
from portico.web.console.links.pasting import row_of, write_csv
from portico.web.shared.pages import PAGE_HEADERS

EXPORT_PAGE = 100
"""Links per part of an export; each link can hold an icon of up to 128 KiB."""


@get("/links.csv")
async def download_links(console: Console) -> Download:
    """Send the links that match the filters of the list as a CSV file, without their icons."""
    return Download("portico-links.csv", "text/csv; charset=utf-8", PAGE_HEADERS, _csv(console))


async def _csv(console: Console) -> AsyncGenerator[bytes]:
    """Yield the file in parts, one page of links at a time.

    Each page is a short read of its own and starts after the last link that was sent, so that the
    file has every link once.
    """
    async with console.reading() as work:
        filter_ = read_filter(console.query, work.now)
        since = read_order(console.query, work.now).condition
    # Spreadsheets recognise UTF-8 by the byte order mark.
    head, last = ("\ufeff" + write_csv(())).encode(), 0
    while True:
        later = compare(LINK_FIELDS["id"], "GT", str(last))
        query = ListQuery(
            condition=later if since is None else AllOf((since, later)),
            sort_attribute="id",
            page_size=EXPORT_PAGE,
        )
        async with console.reading() as work:
            matches = await list_filtered_links(work, query, filter_)
            links = await work.presentation.present(matches.page.items)
        portals = {portal_id: portal.name for portal_id, portal in matches.portals.items()}
        part = head + await console.site.threads.run(partial(_part, links, portals))
        if not part:
            return
        yield part
        head, last = b"", links[-1].id if links else MAX_ID


def _part(links: Sequence[PresentedLink], portals: Mapping[int, str]) -> bytes:
    return write_csv((row_of(link, portals) for link in links), headed=False).encode()


ROUTES = [download_links]
