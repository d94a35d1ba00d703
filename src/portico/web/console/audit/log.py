"""The audit log page with its filters, and the same entries as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from functools import partial

import msgspec
from litestar import get
from litestar.di import NamedDependency

from portico.asgi.streaming import Download
from portico.domain.audit import Action, AuditFilter
from portico.services.audit.log import (
    CSV_HEADER,
    EXPORT_PAGE,
    AuditPage,
    audit_rows,
    list_audit,
)
from portico.services.people.administrators import list_administrators
from portico.services.tenancy.clients import list_clients
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import KINDS, VERBS, DayView, describe_entries
from portico.web.console.frame.forms import is_id
from portico.web.console.frame.lists import Choice, address_with
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.words import DAY_SECONDS
from portico.web.shared.pages import PAGE_HEADERS

PERIODS: Mapping[str, str] = {
    "1": "Last 24 hours",
    "7": "Last 7 days",
    "30": "Last 30 days",
    "90": "Last 90 days",
}
FILTERS = ("period", "actor", "kind", "action", "object")


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """The audit log page."""

    days: Sequence[DayView]
    csv_href: str
    older_href: str
    periods: list[Choice]
    actors: list[Choice]
    kinds: list[Choice]
    actions: list[Choice]
    period: str
    actor: str
    kind: str
    action: str
    object: str
    object_name: str
    filtered: bool


@get("/audit")
async def show_audit(console: NamedDependency[Console]) -> Answer:
    """Show the entries that match the filters, newest first."""
    query = console.query
    chosen = {name: query[name] for name in FILTERS if query.get(name)}
    before = query.get("before", "")
    path = f"{console.base}/audit"
    async with console.reading() as work:
        filters = read_filter(chosen, work.now)
        page = await list_audit(work, filters, before_id=int(before) if is_id(before) else None)
        next_id = str(page.next_id) if page.next_id else ""
        view = AuditView(
            days=await describe_entries(work, page),
            csv_href=address_with(f"{path}.csv", chosen),
            older_href=address_with(path, chosen, before=next_id) if next_id else "",
            periods=[Choice(*each) for each in PERIODS.items()],
            actors=await _actors(work),
            kinds=[Choice(kind, many.capitalize()) for kind, (_, many) in KINDS.items()],
            actions=[Choice(action.value, words) for action, words in VERBS.items()],
            period=query.get("period", ""),
            actor=query.get("actor", ""),
            kind=query.get("kind", ""),
            action=query.get("action", ""),
            object=query.get("object", ""),
            object_name=page.entries[0].object_name if "object" in chosen and page.entries else "",
            filtered=bool(chosen),
        )
        return await console.page("audit.html", work, view, nav="audit")


@get("/audit.csv")
async def download_audit(console: NamedDependency[Console]) -> Download:
    """Send the entries that match the filters as a CSV file."""
    return Download("portico-audit.csv", "text/csv; charset=utf-8", PAGE_HEADERS, _csv(console))


async def _csv(console: Console) -> AsyncGenerator[bytes]:
    """Yield the file in parts, one page of entries at a time.

    Each page is a short read of its own and starts before the last entry that was sent, so that
    the file has every entry once.
    """
    async with console.reading() as work:
        filters = read_filter(console.query, work.now)
    # Spreadsheets recognise UTF-8 by the byte order mark.
    yield "\ufeff".encode() + _lines([CSV_HEADER])
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
    return _lines(audit_rows(page, here))


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def read_filter(chosen: Mapping[str, str], now: int) -> AuditFilter:
    """Return the filters in a query string, without invalid ones."""
    period, actor, subject = (chosen.get(name, "") for name in ("period", "actor", "object"))
    action = chosen.get("action", "")
    return AuditFilter(
        since=now - int(period) * DAY_SECONDS if period in PERIODS else None,
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
    return [Choice(str(each), name) for each, name in [(0, "Operator"), *people, *programs]]


ROUTES = [show_audit, download_audit]
