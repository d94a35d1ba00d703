"""The search over everything, as a page and in the palette."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec
from starlette.responses import Response

from portico.domain.finding import Found, MatchPosition, find_best
from portico.services.portals.search_everything import SearchResults, search_everything
from portico.services.work import UnitOfWork
from portico.web.console.frame.page import Console
from portico.web.console.frame.places import Place, places_of
from portico.web.console.frame.routes import get
from portico.web.console.frame.tiles import tile_of
from portico.web.shared.arch import Arch
from portico.web.shared.marks import Part, marked_parts
from portico.web.shared.texts import gettext as _

T = TypeVar("T")

PLACES_SHOWN = 10
_WITH_ADDRESSES = {"link", "layout-grid"}


class ResultItem(msgspec.Struct, frozen=True, kw_only=True):
    """One match: its name, and the text beside it that explains the match, both in parts."""

    id: str
    href: str
    sign: str
    name: Sequence[Part]
    detail: Sequence[Part]
    is_mono: bool
    tile: Arch | None = None


class ResultGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The matches of one noun, the best first. `words` name it; `position` is that of the best."""

    noun: str
    words: str
    position: MatchPosition
    items: list[ResultItem]


class SearchView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of the search."""

    text: str
    groups: list[ResultGroup]


@get("/search")
async def show_search(console: Console) -> Response:
    """Show the links, pages, people and so on that match every word, the best group first."""
    text = console.query.get("q", "").strip()
    async with console.reading() as work:
        results = await search_everything(work, text)
        groups = [*_places(console, work, text), *_records(console, results)]
        groups.sort(key=lambda group: (group.position, group.noun != "links"))
        return await console.page("search.html", work, SearchView(text=text, groups=groups), nav="")


def _places(console: Console, work: UnitOfWork, text: str) -> Iterator[ResultGroup]:
    """Yield the pages and the actions that match."""
    places = list(places_of(console, work))
    for noun, words, is_action in (
        ("pages", _("Pages"), False),
        ("actions", _("Actions"), True),
    ):
        those = [each for each in places if each.is_action is is_action]
        found = find_best(text, those, lambda it: it.texts(console.language), PLACES_SHOWN)
        yield from _group(noun, words, "", found, lambda place: place.address(console))


def _records(console: Console, results: SearchResults) -> Iterator[ResultGroup]:
    """Yield the matches of each noun."""
    base, tenant = console.base, f"/console/{console.customer_id}"
    yield from _group(
        "links",
        _("Links"),
        "link",
        results.links,
        lambda it: f"{base}/links/{it.id}",
        lambda it: tile_of(it, base),
    )
    yield from _group(
        "portals",
        _("Portals"),
        "layout-grid",
        results.portals,
        lambda it: f"{base}/portals/{it.id}",
    )
    yield from _group(
        "users", _("Users"), "users", results.users, lambda it: f"{base}/users/{it.id}"
    )
    yield from _group(
        "groups", _("Groups"), "users-group", results.groups, lambda it: f"{base}/groups"
    )
    yield from _group(
        "administrators",
        _("Administrators"),
        "user-shield",
        results.administrators,
        lambda it: f"{base}/administrators/{it.id}",
    )
    yield from _group(
        "microtenants",
        _("Microtenants"),
        "building",
        results.microtenants,
        lambda it: f"{tenant}/{it.id}",
    )


def _group(
    noun: str,
    words: str,
    sign: str,
    found: Sequence[Found[T]],
    address: Callable[[T], str],
    tile: Callable[[T], Arch] | None = None,
) -> list[ResultGroup]:
    """Return the group of a noun's matches; none without any."""
    if not found:
        return []
    items = [
        _item(f"{noun}-{number}", sign, each, address(each.item), tile)
        for number, each in enumerate(found, 1)
    ]
    return [ResultGroup(noun=noun, words=words, position=found[0].match.position, items=items)]


def _item(
    item_id: str,
    sign: str,
    found: Found[T],
    href: str,
    tile: Callable[[T], Arch] | None,
) -> ResultItem:
    parts = [
        marked_parts(text, spans)
        for text, spans in zip(found.texts, found.match.spans, strict=True)
    ]
    name, keywords, description, address = parts
    detail = {
        MatchPosition.IN_KEYWORDS: keywords,
        MatchPosition.IN_DESCRIPTION: description,
    }.get(found.match.position, address)
    return ResultItem(
        id=item_id,
        href=href,
        sign=found.item.sign if isinstance(found.item, Place) else sign,
        name=name,
        detail=detail,
        is_mono=detail is address and sign in _WITH_ADDRESSES,
        tile=tile(found.item) if tile else None,
    )


ROUTES = [show_search]
