"""The search over everything, as a page and, by htmx, in the palette."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency

from portico.domain.links.shown_hosts import shown_host
from portico.services.links.shown import present_links
from portico.services.portals.search_everything import search_everything
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.tiles import address_of, tile_of
from portico.web.shared.arch import Arch


@dataclass(frozen=True, kw_only=True)
class FoundItem:
    """One thing that was found."""

    id: int
    name: str
    href: str
    detail: str
    tile: Arch | None = None


@dataclass(frozen=True)
class FoundGroup:
    """What was found of one noun."""

    words: str
    sign: str
    found: list[FoundItem]


@dataclass(frozen=True, kw_only=True)
class SearchView:
    """What the search shows."""

    text: str
    groups: list[FoundGroup]


@get("/search")
async def show_search(console: NamedDependency[Console]) -> Answer:
    """Links, portals and microtenants that have every word of the text."""
    text = console.query.get("q", "").strip()
    async with console.reading() as work:
        found = await search_everything(work, text)
        links = await present_links(work, found.links.items)
        groups = [
            FoundGroup(
                "Links",
                "link",
                [
                    FoundItem(
                        id=each.id,
                        name=each.name,
                        href=f"{console.base}/links/{each.id}",
                        detail=address_of(each),
                        tile=tile_of(each),
                    )
                    for each in links
                ],
            ),
            FoundGroup(
                "Portals",
                "layout-grid",
                [
                    FoundItem(
                        id=each.id,
                        name=each.name,
                        href=f"{console.base}/portals/{each.id}",
                        detail=shown_host(each.domain),
                    )
                    for each in found.portals.items
                ],
            ),
            FoundGroup(
                "Microtenants",
                "building",
                [
                    FoundItem(
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
        return await console.page("search.html", work, view, place="")


ROUTES = [show_search]
