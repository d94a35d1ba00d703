"""The links and portals of all microtenants. The rows lead into the microtenants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.responses import Response

from portico.domain.errors import InvalidField, SearchTooExpensive
from portico.domain.links.display_hosts import display_host
from portico.services.portals.everywhere import (
    PlacedPage,
    list_links_everywhere,
    list_portals_everywhere,
)
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.lists import address_with, page_number
from portico.web.console.frame.page import EVERYWHERE, Console
from portico.web.console.frame.routes import get
from portico.web.shared.texts import gettext as _


class PlacedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One link or portal in the list."""

    name: str
    address: str
    href: str
    microtenant: str
    microtenant_href: str
    changed: int
    enabled: bool


class EverywhereView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of links or of portals. `problem` says why a search has no answer."""

    noun: str
    path: str
    text: str
    number: int
    rows: list[PlacedRow]
    has_more: bool
    problem: str

    def page_href(self, number: int) -> str:
        """Return the address of another page."""
        return address_with(self.path, {"q": self.text}, page=str(number))


@get(f"/{EVERYWHERE}/links")
async def show_links(console: Console) -> Response:
    """Show the links of all microtenants."""
    return await _show(console, "links", list_links_everywhere)


@get(f"/{EVERYWHERE}/portals")
async def show_portals(console: Console) -> Response:
    """Show the portals of all microtenants."""
    return await _show(console, "portals", list_portals_everywhere)


async def _show(
    console: Console, noun: str, find: Callable[..., Awaitable[PlacedPage]]
) -> Response:
    text, number = console.query.get("q", ""), page_number(console.query.get("page", ""))
    problem = ""
    async with console.reading() as work:
        try:
            found = await find(work, text, page=number)
        except SearchTooExpensive:
            found = PlacedPage(items=[], has_more=False)
            problem = _("This search took too long and was stopped. Look for a longer word.")
        except InvalidField as error:
            found, problem = PlacedPage(items=[], has_more=False), error_words(error)
        tenant = f"/console/{console.customer_id}"
        view = EverywhereView(
            noun=noun,
            path=f"{console.base}/{EVERYWHERE}/{noun}",
            text=text,
            number=number,
            rows=[
                PlacedRow(
                    name=each.name,
                    address=f"{display_host(each.host)}{each.path}" if each.host else "",
                    href=f"{tenant}/{each.microtenant_id}/{noun}/{each.id}",
                    microtenant=each.microtenant_name,
                    microtenant_href=f"{tenant}/{each.microtenant_id}/{noun}",
                    changed=each.modified_time,
                    enabled=each.enabled,
                )
                for each in found.items
            ],
            has_more=found.has_more,
            problem=problem,
        )
        return await console.page("everywhere.html", work, view, nav=f"{EVERYWHERE}/{noun}")


ROUTES = [show_links, show_portals]
