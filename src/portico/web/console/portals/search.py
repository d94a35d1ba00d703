"""The search over everything, as a page and in the palette."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.di import NamedDependency

from portico.domain.links.display_hosts import display_host
from portico.services.portals.search_everything import search_everything
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.tiles import address_of, tile_of
from portico.web.shared.arch import Arch


class ResultItem(msgspec.Struct, frozen=True, kw_only=True):
    """One match."""

    id: int
    name: str
    href: str
    detail: str
    tile: Arch | None = None


class ResultGroup(msgspec.Struct, frozen=True):
    """The matches of one noun."""

    words: str
    sign: str
    items: list[ResultItem]


class SearchView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of the search."""

    text: str
    groups: list[ResultGroup]


@get("/search")
async def show_search(console: NamedDependency[Console]) -> Answer:
    """Show the links, portals and microtenants that contain every word."""
    text = console.query.get("q", "").strip()
    async with console.reading() as work:
        matches = await search_everything(work, text)
        links = await work.presentation.present(matches.links.items)
        groups = [
            ResultGroup(
                "Links",
                "link",
                [
                    ResultItem(
                        id=each.id,
                        name=each.name,
                        href=f"{console.base}/links/{each.id}",
                        detail=address_of(each),
                        tile=tile_of(each),
                    )
                    for each in links
                ],
            ),
            ResultGroup(
                "Portals",
                "layout-grid",
                [
                    ResultItem(
                        id=each.id,
                        name=each.name,
                        href=f"{console.base}/portals/{each.id}",
                        detail=display_host(each.domain),
                    )
                    for each in matches.portals.items
                ],
            ),
            ResultGroup(
                "Microtenants",
                "building",
                [
                    ResultItem(
                        id=each.id,
                        name=each.name,
                        href=f"/console/{console.customer_id}/{each.id}",
                        detail=each.description,
                    )
                    for each in matches.microtenants.items
                ],
            ),
        ]
        view = SearchView(text=text, groups=[group for group in groups if group.items])
        return await console.page("search.html", work, view, nav="")


ROUTES = [show_search]
