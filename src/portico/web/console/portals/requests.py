"""What visitors of the portals asked for: the list of requests, to be closed one by one."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from portico.domain.portals.requests import PortalRequest, RequestKind
from portico.services.portals.requests import close_request, list_requests, reopen_request
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import KINDS
from portico.web.console.frame.lists import PAGE_SIZE, Window, address_with, page_number
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post

CLOSED = "closed"


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One request in the list. `link_href` is empty for a link that exists no more."""

    id: int
    is_report: bool
    link_name: str
    link_href: str
    text: str
    portal: str
    portal_href: str
    person: str
    time: int


class RequestListView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of open or of closed requests."""

    path: str
    closed: bool
    window: Window
    rows: list[RequestRow]

    def page_href(self, number: int) -> str:
        """Return the address of another page."""
        state = CLOSED if self.closed else ""
        return address_with(self.path, {"state": state}, page=str(number))


@get("/requests")
async def show_requests(console: Console) -> Response:
    """Show the open requests, or with `state=closed` those that are done."""
    closed = console.query.get("state", "") == CLOSED
    number = page_number(console.query.get("page", ""))
    async with console.reading() as work:
        page = await list_requests(
            work, closed=closed, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE
        )
        view = RequestListView(
            path=f"{console.base}/requests",
            closed=closed,
            window=Window(page.total, number, KINDS["portalRequest"].counted),
            rows=await _rows(console, work, page.items),
        )
        return await console.page("requests.html", work, view, nav="requests")


async def _rows(
    console: Console, work: UnitOfWork, requests: list[PortalRequest]
) -> list[RequestRow]:
    portals = await work.portals.find_all(each.portal_id for each in requests)
    links = await work.links.find_all(each.link_id for each in requests if each.link_id)
    return [
        RequestRow(
            id=each.id,
            is_report=each.kind is RequestKind.BROKEN_LINK,
            link_name=links[each.link_id].name if each.link_id in links else each.link_name,
            link_href=f"{console.base}/links/{each.link_id}" if each.link_id in links else "",
            text=each.text,
            portal=portals[each.portal_id].name,
            portal_href=f"{console.base}/portals/{each.portal_id}",
            person=each.user_name,
            time=each.creation_time,
        )
        for each in requests
    ]


@post("/requests/{id}/close")
async def close(console: Console) -> Response:
    """Mark a request as done."""
    form = await console.form()
    async with console.writing() as work:
        await close_request(work, console.record_id)
    return console.go(console.back(form, "requests"), work)


@post("/requests/{id}/reopen")
async def reopen(console: Console) -> Response:
    """Mark a request as open again."""
    form = await console.form()
    async with console.writing() as work:
        await reopen_request(work, console.record_id)
    return console.go(console.back(form, f"requests?state={CLOSED}"), work)


ROUTES = [show_requests, close, reopen]
