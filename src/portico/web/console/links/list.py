"""The list of links, with filters, order and page in its address."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from portico.domain.links.changes import CHANGE_LIMIT
from portico.domain.links.filters import NO_PORTAL, NO_SECTION, LinkFilter
from portico.domain.links.links import LINK_FIELDS
from portico.domain.links.presentation import PresentedLink
from portico.domain.search import ListQuery, compare
from portico.services.links.lists import list_filtered_links
from portico.services.links.sections import list_sections
from portico.services.portals.activity import openings_of
from portico.services.portals.portals import name_portals
from portico.services.work import UnitOfWork
from portico.web.console.frame.forms import is_id
from portico.web.console.frame.lists import (
    PAGE_SIZE,
    Choice,
    Window,
    address_with,
    links_in_words,
    page_number,
)
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.frame.tiles import address_of, tile_of
from portico.web.console.frame.words import DAY_SECONDS
from portico.web.shared.arch import Arch
from portico.web.shared.texts import gettext as _

SORTS: Mapping[str, str] = {"name": "name", "changed": "modified_time", "enabled": "enabled"}
FILTERS = ("q", "portal", "section", "state", "changed", "due")
STATES = (("on", _("Enabled")), ("off", _("Disabled")))
DUE = (("14", _("in 14 days")),)
SPANS = (
    ("1", _("in a day")),
    ("7", _("in 7 days")),
    ("30", _("in 30 days")),
    ("90", _("in 90 days")),
)
CHOICES_LIMIT = 500


class LinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """One link in the list."""

    id: int
    name: str
    address: str
    href: str
    tile: Arch
    portals: list[str]
    section: str
    opened: int
    changed: int
    enabled: bool
    starts: int
    ended: int


class FilterChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A filter with a menu; `chosen` is empty when it is not set."""

    label: str
    chosen: str
    clear_href: str
    options: list[Choice]


class LinkListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of links."""

    path: str
    chosen: Mapping[str, str]
    window: Window
    rows: list[LinkRow]
    text: str
    sort: str
    descending: bool
    choices: list[FilterChoice]

    @property
    def all_filters(self) -> list[tuple[str, str]]:
        """The filters that are set, with their values."""
        return [(name, value) for name, value in self.chosen.items() if name in FILTERS]

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return bool(self.all_filters)

    @property
    def at_once(self) -> int:
        """How many of the matching links can be changed at once."""
        return min(self.window.total, CHANGE_LIMIT)

    @property
    def hidden_filters(self) -> list[tuple[str, str]]:
        """The filters for hidden fields of the text filter's form."""
        return [(name, value) for name, value in self.chosen.items() if name not in {"q", "page"}]

    @property
    def export_href(self) -> str:
        """The address of the matching links as a file."""
        return address_with(f"{self.path}.csv", dict(self.all_filters))

    def sort_href(self, key: str) -> str:
        """Return the address of the list sorted by a column, or reversed."""
        turned = "desc" if key == self.sort and not self.descending else ""
        return address_with(self.path, self.chosen, sort=key, order=turned, page="")

    def page_href(self, number: int) -> str:
        """Return the address of another page."""
        return address_with(self.path, self.chosen, page=str(number))


def read_filter(query: Mapping[str, str], now: int) -> LinkFilter:
    """Return the filter in a query string; invalid values are ignored."""
    section = query.get("section", "")
    portal = query.get("portal", "")
    days = query.get("due", "")
    return LinkFilter(
        text=query.get("q", "").strip(),
        enabled={"on": True, "off": False}.get(query.get("state", "")),
        portal_id=NO_PORTAL if portal == "none" else int(portal) if is_id(portal) else None,
        section_id=NO_SECTION if section == "none" else int(section) if is_id(section) else None,
        due=(now, now + int(days) * DAY_SECONDS) if days in dict(DUE) else None,
    )


def read_order(query: Mapping[str, str], now: int, *, size: int = PAGE_SIZE) -> ListQuery:
    """Return order, page and the earliest time of change in a query string."""
    days = query.get("changed", "")
    since = now - int(days) * DAY_SECONDS if days in dict(SPANS) else None
    return ListQuery(
        condition=None if since is None else compare(LINK_FIELDS["modifiedTime"], "GE", str(since)),
        sort_attribute=SORTS.get(query.get("sort", ""), "name"),
        descending=query.get("order") == "desc",
        natural=True,
        page=page_number(query.get("page", "")),
        page_size=size,
    )


@get("/links")
async def show_links(console: Console) -> Response:
    """Show the list of links."""
    query = console.query
    async with console.reading() as work:
        order = read_order(query, work.now)
        matches = await list_filtered_links(work, order, read_filter(query, work.now))
        links = await work.presentation.present(matches.page.items)
        opened = await openings_of(work, [link.id for link in links])
        names = {portal_id: portal.name for portal_id, portal in matches.portals.items()}
        chosen = {
            name: query[name]
            for name in (*FILTERS, "sort", "order", "page")
            if query.get(name, "").strip()
        }
        path = f"{console.base}/links"
        view = LinkListView(
            path=path,
            chosen=chosen,
            window=Window(matches.page.total, order.page, links_in_words),
            rows=[_row(console, link, names, opened.get(link.id, 0), work.now) for link in links],
            text=query.get("q", ""),
            sort=next(key for key, value in SORTS.items() if value == order.sort_attribute),
            descending=order.descending,
            choices=await _choices(work, path, chosen),
        )
        return await console.page("links.html", work, view, nav="links")


def _row(
    console: Console, link: PresentedLink, portals: Mapping[int, str], opened: int, now: int
) -> LinkRow:
    starts, ends = link.presentation.starts, link.presentation.ends
    return LinkRow(
        id=link.id,
        name=link.name,
        address=address_of(link),
        href=f"{console.base}/links/{link.id}",
        tile=tile_of(link, console.base),
        portals=[portals[each] for each in link.portal_ids if each in portals],
        section=link.presentation.section,
        opened=opened,
        changed=link.modified_time,
        enabled=link.enabled,
        starts=starts if starts > now else 0,
        ended=ends if ends <= now else 0,
    )


async def _choices(work: UnitOfWork, path: str, chosen: Mapping[str, str]) -> list[FilterChoice]:
    portals = await name_portals(work, CHOICES_LIMIT)
    sections = (await list_sections(work)).sections
    options: dict[str, list[tuple[str, str]]] = {
        "portal": [
            *((str(portal_id), name) for portal_id, name in portals.items()),
            ("none", _("On no portal")),
        ],
        "section": [
            *((str(section.id), section.name) for section in sections),
            ("none", _("No section")),
        ],
        "state": list(STATES),
        "changed": list(SPANS),
        "due": list(DUE),
    }
    labels = {
        "portal": _("Portal"),
        "section": _("Section"),
        "state": _("State"),
        "changed": _("Changed"),
        "due": _("Starts or ends"),
    }
    return [
        FilterChoice(
            label=label,
            chosen=dict(options[name]).get(chosen.get(name, ""), chosen.get(name, "")),
            clear_href=address_with(path, chosen, **{name: "", "page": ""}),
            options=[
                Choice(value, words, address_with(path, chosen, **{name: value, "page": ""}))
                for value, words in options[name]
            ],
        )
        for name, label in labels.items()
    ]


ROUTES = [show_links]
