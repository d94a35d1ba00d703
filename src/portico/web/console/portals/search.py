"""The search over everything, as a page and, by htmx, in the palette."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency

from portico.domain.links.display_hosts import display_host
from portico.services.portals.search_everything import search_everything
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.tiles import address_of, tile_of
from portico.web.shared.arch import Arch


@dataclass(frozen=True, kw_only=True)
class ResultItem:
    """One thing that was found."""

    id: int
    name: str
    href: str
    detail: str
    tile: Arch | None = None


@dataclass(frozen=True)
class ResultGroup:
    """What was found of one noun."""

    words: str
    sign: str
    found: list[ResultItem]


@dataclass(frozen=True, kw_only=True)
class SearchView:
    """What the search shows."""

    text: str
    groups: list[ResultGroup]


@get("/search")
async def show_search(console: NamedDependency[Console]) -> Answer:
    """Links, portals and microtenants that have every word of the text."""
    text = console.query.get("q", "").strip()
    async with console.reading() as work:
        found = await search_everything(work, text)
        links = await work.presentation.present(found.links.items)
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
                    for each in found.portals.items
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
                    for each in found.microtenants.items
                ],
            ),
        ]
        view = SearchView(text=text, groups=[group for group in groups if group.found])
        return await console.page("search.html", work, view, nav="")


ROUTES = [show_search]
