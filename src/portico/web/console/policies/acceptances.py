"""Who accepted which version of a policy and when, as a list and as a CSV file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container, Mapping, Sequence

import msgspec
from starlette.responses import Response

from portico.asgi.streaming import Download
from portico.domain.errors import SearchTooExpensive
from portico.domain.portals.activity import Acceptance
from portico.services.policies import (
    ACCEPTANCE_HEADER,
    AcceptancePage,
    acceptance_rows,
    get_aup,
    list_acceptances,
)
from portico.services.work import UnitOfWork
from portico.web.console.frame import words
from portico.web.console.frame.csv_files import csv_download, csv_lines, csv_start
from portico.web.console.frame.forms import is_id
from portico.web.console.frame.lists import address_with
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.policies.policies import UNNAMED

TEXT_LIMIT = 100
EXPORT_PAGE = 500


class AcceptanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One acceptance. `name` is empty for a visitor without an account, `href` for no account."""

    name: str
    href: str
    version: int | None
    iso: str
    day: str
    clock: str


class AcceptancesView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of acceptances."""

    name: str
    href: str
    version: int
    rows: list[AcceptanceRow]
    chosen: Mapping[str, str]
    path: str
    next_id: int | None
    too_slow: bool

    @property
    def csv_href(self) -> str:
        """The address of the file with the same filter."""
        return address_with(f"{self.path}.csv", self.chosen)

    @property
    def older_href(self) -> str:
        """The address of the next page, empty on the last one."""
        older = str(self.next_id) if self.next_id else ""
        return address_with(self.path, self.chosen, before=older) if older else ""


@get("/policies/{id}/acceptances")
async def show_acceptances(console: Console) -> Response:
    """Show who accepted a policy, newest first."""
    text, before = _text(console), console.query.get("before", "")
    before_id = int(before) if is_id(before) else None
    async with console.reading() as work:
        page, too_slow = await _list(work, console.record_id, text, before_id)
        href = f"{console.base}/policies/{page.aup.id}"
        view = AcceptancesView(
            name=page.aup.name or UNNAMED,
            href=href,
            version=page.aup.text_version,
            rows=await _rows(console, work, page.items),
            chosen={"q": text} if text else {},
            path=f"{href}/acceptances",
            next_id=page.next_id,
            too_slow=too_slow,
        )
        return await console.page("policy_acceptances.html", work, view, nav="policies")


@get("/policies/{id}/acceptances.csv")
async def download_acceptances(console: Console) -> Download:
    """Send the acceptances of a policy as a CSV file."""
    async with console.reading() as work:
        await get_aup(work, console.record_id)
    return csv_download("portico-acceptances.csv", _csv(console))


async def _csv(console: Console) -> AsyncGenerator[bytes]:
    """Yield the file in parts, each a short read that starts before the last row sent."""
    yield csv_start(ACCEPTANCE_HEADER)
    before_id: int | None = None
    while True:
        async with console.reading() as work:
            page = await list_acceptances(
                work, console.record_id, _text(console), before_id=before_id, limit=EXPORT_PAGE
            )
        if page.items:
            yield csv_lines(acceptance_rows(page))
        before_id = page.next_id
        if before_id is None:
            return


async def _list(
    work: UnitOfWork, aup_id: int, text: str, before_id: int | None
) -> tuple[AcceptancePage, bool]:
    """Return a page, and whether its search was stopped because it took too long."""
    try:
        return await list_acceptances(work, aup_id, text, before_id=before_id), False
    except SearchTooExpensive:
        return AcceptancePage(aup=await get_aup(work, aup_id), items=[], next_id=None), True


def _text(console: Console) -> str:
    return console.query.get("q", "").strip()[:TEXT_LIMIT]


async def _rows(
    console: Console, work: UnitOfWork, acceptances: Sequence[Acceptance]
) -> list[AcceptanceRow]:
    """Return rows that lead to the users who still exist, if the reader may see users."""
    linked: Container[int | None] = ()
    if work.principal.microtenant_id is None:
        linked = await work.users.names(each.user_id for each in acceptances if each.user_id)
    return [
        AcceptanceRow(
            name=each.name,
            href=f"{console.base}/users/{each.user_id}" if each.user_id in linked else "",
            version=each.text_version,
            iso=words.iso(each.time),
            day=words.day_words(each.time, work.now),
            clock=words.clock(each.time),
        )
        for each in acceptances
    ]


ROUTES = [show_acceptances, download_acceptances]
