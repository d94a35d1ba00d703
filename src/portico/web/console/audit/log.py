"""The audit log page with its filters, and the same entries as a CSV file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
from starlette.responses import Response

from portico.asgi.streaming import Download
from portico.domain.audit import Action, AuditFilter
from portico.domain.errors import SearchTooExpensive
from portico.services.access import require_all_microtenants
from portico.services.audit.log import (
    CSV_HEADER,
    EXPORT_PAGE,
    AuditPage,
    audit_rows,
    list_audit,
)
from portico.services.audit.requests import list_requests
from portico.services.people.administrators import list_administrators
from portico.services.tenancy.clients import list_clients
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import KINDS, VERBS, DayView, describe_entries
from portico.web.console.audit.requests import RequestDay, RequestView, describe_requests
from portico.web.console.frame.csv_files import csv_download, csv_lines, csv_start
from portico.web.console.frame.forms import is_id
from portico.web.console.frame.lists import Choice, address_with
from portico.web.console.frame.page import EVERYWHERE, Console
from portico.web.console.frame.routes import get
from portico.web.console.frame.words import DAY_SECONDS
from portico.web.shared.texts import gettext as _

PERIODS: Mapping[str, str] = {
    "1": _("Last 24 hours"),
    "7": _("Last 7 days"),
    "30": _("Last 30 days"),
    "90": _("Last 90 days"),
}
FILTERS = ("q", "period", "actor", "kind", "action", "object", "request", "at")
TEXT_LIMIT = 100
"""Characters of the text that is searched for."""


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """The audit log page: requests, or the entries of one request."""

    requests: Sequence[RequestDay]
    entries: Sequence[DayView]
    chosen: Mapping[str, str]
    path: str
    csv_path: str
    next_id: int | None
    periods: list[Choice]
    actors: list[Choice]
    kinds: list[Choice]
    actions: list[Choice]
    object_name: str
    too_slow: bool
    searched_since: int | None

    @property
    def csv_href(self) -> str:
        """The address of the file with the same filters."""
        return address_with(self.csv_path, self.chosen)

    @property
    def older_href(self) -> str:
        """The address of the next page, empty on the last one."""
        older = str(self.next_id) if self.next_id else ""
        return address_with(self.path, self.chosen, before=older) if older else ""

    def without(self, name: str) -> str:
        """Return the address without one of the filters."""
        return address_with(self.path, self.chosen, **{name: "", "at": ""})

    def place_href(self, request: RequestView) -> str:
        """Return the address of a request in the audit log of its microtenant."""
        tenant = self.csv_path.rpartition("/")[0].rpartition("/")[0]
        filters = {"request": request.transaction_id, "at": str(request.time)}
        return address_with(f"{tenant}/{request.microtenant_id}/audit", filters)

    def request_href(self, request: RequestView) -> str:
        """Return the address of the entries of one request that match the filters."""
        return address_with(
            self.path, self.chosen, request=request.transaction_id, at=str(request.time)
        )


@get("/audit")
async def show_audit(console: Console) -> Response:
    """Show the requests with entries that match the filters, newest first."""
    return await _show(console, "audit")


@get(f"/{EVERYWHERE}/audit")
async def show_audit_everywhere(console: Console) -> Response:
    """Show the requests of all microtenants, with the microtenant of each."""
    return await _show(console, f"{EVERYWHERE}/audit")


async def _show(console: Console, place: str) -> Response:
    query = console.query
    chosen = {name: query[name][:TEXT_LIMIT] for name in FILTERS if query.get(name)}
    before_id = int(query["before"]) if is_id(query.get("before", "")) else None
    async with console.reading() as work:
        if place != "audit":
            require_all_microtenants(work)
        listed = await _list(work, chosen, before_id, everywhere=place != "audit")
        view = AuditView(
            requests=listed.requests,
            entries=listed.entries,
            chosen=chosen,
            path=f"{console.base}/{place}",
            csv_path=f"{console.base}/audit.csv",
            next_id=listed.next_id,
            periods=[Choice(*each) for each in PERIODS.items()],
            actors=await _actors(work),
            kinds=[Choice(name, kind.all) for name, kind in KINDS.items()],
            actions=[Choice(action.value, words) for action, words in VERBS.items()],
            object_name=listed.object_name,
            too_slow=listed.too_slow,
            searched_since=listed.searched_since,
        )
        return await console.page("audit.html", work, view, nav=place)


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """What the page lists; nothing if the search was `too_slow`."""

    requests: Sequence[RequestDay] = ()
    entries: Sequence[DayView] = ()
    next_id: int | None = None
    object_name: str = ""
    too_slow: bool = False
    searched_since: int | None = None


async def _list(
    work: UnitOfWork, chosen: Mapping[str, str], before_id: int | None, *, everywhere: bool
) -> _Listed:
    filters = read_filter(chosen, work.now)
    try:
        if filters.transaction_id:
            page = await list_audit(work, filters, before_id=before_id)
            entries = await describe_entries(work, page)
            return _Listed(entries=entries, next_id=page.next_id)
        found = await list_requests(work, filters, before_id=before_id)
    except SearchTooExpensive:
        return _Listed(too_slow=True)
    newest = [each.newest.object_name for each in found.requests[:1] if filters.object_id]
    return _Listed(
        requests=await describe_requests(work, found, everywhere=everywhere),
        next_id=found.next_id,
        object_name="".join(newest),
        searched_since=found.searched_since,
    )


@get("/audit.csv")
async def download_audit(console: Console) -> Download:
    """Send the entries that match the filters as a CSV file."""
    return csv_download("portico-audit.csv", _csv(console))


async def _csv(console: Console) -> AsyncGenerator[bytes]:
    """Yield the file in parts, one page of entries at a time.

    Each page is a short read of its own and starts before the last entry that was sent, so that
    the file has every entry once.
    """
    async with console.reading() as work:
        filters = read_filter(console.query, work.now)
    yield csv_start(CSV_HEADER)
    before_id: int | None = None
    while True:
        async with console.reading() as work:
            page = await list_audit(work, filters, before_id=before_id, limit=EXPORT_PAGE)
            here = {work.scope.microtenant_id: work.microtenant_name}
        if page.entries:
            yield await console.site.threads.run(partial(_page_lines, page, here))
        before_id = page.next_id
        if before_id is None:
            return


def _page_lines(page: AuditPage, here: Mapping[int, str]) -> bytes:
    return csv_lines(audit_rows(page, here))


def read_filter(chosen: Mapping[str, str], now: int) -> AuditFilter:
    """Return the filters in a query string, without invalid ones."""
    period, actor, subject = (chosen.get(name, "") for name in ("period", "actor", "object"))
    action = chosen.get("action", "")
    at = min(int(chosen["at"]), now) if is_id(chosen.get("at", "")) else None
    since = now - int(period) * DAY_SECONDS if period in PERIODS else None
    return AuditFilter(
        text=chosen.get("q", "").strip()[:TEXT_LIMIT],
        since=since if at is None else at,
        until=None if at is None else at + 1,
        transaction_id=chosen.get("request", ""),
        actor_id=int(actor) if is_id(actor) else None,
        object_type=chosen.get("kind", "") if chosen.get("kind", "") in KINDS else "",
        object_id=int(subject) if is_id(subject) else None,
        action=Action(action) if action in set(Action) else None,
    )


async def _actors(work: UnitOfWork) -> list[Choice]:
    """Return the actors to filter by; none for callers confined to a microtenant."""
    if work.principal.microtenant_id is not None:
        return []
    people = [(each.id, each.display_name or each.name) for each in await list_administrators(work)]
    programs = [(each.id, each.name) for each in await list_clients(work)]
    return [Choice(str(each), name) for each, name in [(0, _("Operator")), *people, *programs]]


ROUTES = [show_audit, show_audit_everywhere, download_audit]
