"""The dashboard: each panel answers a question in words and with a chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from starlette.responses import Response

from portico.services.backups.watch import BackupNotice
from portico.services.portals.dashboard import Dashboard, DayOfChanges, read_dashboard
from portico.services.work import UnitOfWork
from portico.web.console.frame.lists import links_in_words, portals_in_words
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get
from portico.web.console.frame.tiles import tile_of
from portico.web.console.frame.words import day_and_month, spelled
from portico.web.console.home import remember_microtenant
from portico.web.shared.arch import Arch
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import ngettext

DAYS_SHOWN = 14
NEAR = 0.9
GAUGES, OPENED = 4, 6
GAUGE_WIDTH = 500
# The size of the chart in its own units.
CHART_WIDTH, LEFT, BASE, HEIGHT, GAP = 620, 34, 164, 150, 1.5


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Something that needs attention."""

    sign: str
    words: str
    href: str
    action: str
    urgent: bool = False


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """The number of links on one portal, against the limit."""

    name: str
    href: str
    links: int
    near: bool


class DayBar(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the chart, in the chart's units."""

    title: str
    label: str
    x: float
    added: float
    added_y: float
    edited: float
    edited_y: float


class GridLine(msgspec.Struct, frozen=True):
    """A grid line of the chart with its value."""

    y: float
    value: int


class OpenedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One of the most opened links."""

    name: str
    href: str
    tile: Arch
    width: float
    openings: int


class DashboardView(msgspec.Struct, frozen=True, kw_only=True):
    """The dashboard."""

    greeting: str
    lead: str
    decisions_words: str
    decisions: list[Decision]
    limits_words: str
    limit: int
    portals: list[Gauge]
    more_portals: bool
    changes_words: str
    days: list[DayBar]
    lines: list[GridLine]
    bar_width: float
    opened_words: str
    opened: list[OpenedRow]
    backups: BackupNotice | None = None


@get("/")
async def show_dashboard(console: Console) -> Response:
    """Show the dashboard."""
    async with console.reading() as work:
        numbers = await read_dashboard(work)
        days = list(numbers.changes)[-DAYS_SHOWN:]
        bars, lines = draw_days(days)
        person = console.signed_in.administrator
        changes = sum(day.changes for day in days)
        decisions = await _decisions(console, work, numbers)
        view = DashboardView(
            greeting=_("Hello, %(name)s", name=(person.display_name or person.name).split()[0]),
            lead=_(
                "%(links)s on %(portals)s. %(changes)s in the last %(days)s days.",
                links=links_in_words(numbers.links),
                portals=portals_in_words(numbers.portal_count),
                changes=ngettext("%(num)s change", "%(num)s changes", changes),
                days=DAYS_SHOWN,
            ),
            decisions_words=_decision_words(decisions),
            decisions=decisions,
            limits_words=_limit_words(numbers),
            limit=numbers.portal_limit,
            portals=_gauges(console, numbers),
            more_portals=numbers.portal_count > GAUGES,
            changes_words=_change_words(days),
            days=bars,
            lines=lines,
            bar_width=_bar_width(len(days)),
            opened_words=_opened_words(numbers),
            opened=await _opened(console, work, numbers),
            backups=await console.site.backups.notice() if console.site.backups else None,
        )
        answer = await console.page("dashboard.html", work, view, nav="dashboard")
    await remember_microtenant(console)
    return answer


def draw_days(days: Sequence[DayOfChanges]) -> tuple[list[DayBar], list[GridLine]]:
    """Return the bars and grid lines of the chart; nothing when nothing changed."""
    highest = max((day.changes for day in days), default=0)
    if not highest:
        return [], []
    step = _step(highest)
    top = -(-highest // step) * step
    unit = HEIGHT / top
    pitch = (CHART_WIDTH - LEFT) / len(days)
    bars = [
        _bar(day, LEFT + pitch * index + pitch / 2 - _bar_width(len(days)) / 2, unit)
        for index, day in enumerate(days)
    ]
    lines = [GridLine(round(BASE - value * unit, 1), value) for value in range(0, top + 1, step)]
    return bars, lines


def _bar(day: DayOfChanges, x: float, unit: float) -> DayBar:
    at = datetime.fromtimestamp(day.day, UTC)
    added, edited = day.added * unit, day.changed * unit
    gap = GAP if added and edited else 0
    return DayBar(
        title=_(
            "%(day)s: %(additions)s, %(edits)s",
            day=day_and_month(at),
            additions=ngettext("%(num)s addition", "%(num)s additions", day.added),
            edits=ngettext("%(num)s edit or removal", "%(num)s edits or removals", day.changed),
        ),
        label=str(at.day),
        x=round(x, 1),
        added=round(added, 1),
        added_y=round(BASE - added, 1),
        edited=round(max(0.0, edited - gap), 1),
        edited_y=round(BASE - added - edited, 1),
    )


def _bar_width(days: int) -> float:
    return round((CHART_WIDTH - LEFT) / max(1, days) * 0.6, 1)


def _step(highest: int) -> int:
    """Return a round distance that gives three or four grid lines."""
    step = 1
    while step * 3 < highest:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step


def _gauges(console: Console, numbers: Dashboard) -> list[Gauge]:
    return [
        Gauge(
            name=each.name,
            href=f"{console.base}/portals/{each.id}",
            links=each.links,
            near=each.links >= numbers.portal_limit * NEAR,
        )
        for each in numbers.portals[:GAUGES]
    ]


async def _decisions(console: Console, work: UnitOfWork, numbers: Dashboard) -> list[Decision]:
    """Return what needs attention, most urgent first."""
    decisions = [
        Decision(
            sign="alert-triangle",
            words=_(
                "%(name)s is near its limit: %(links)s of %(limit)s links.",
                name=each.name,
                links=each.links,
                limit=numbers.portal_limit,
            ),
            href=f"{console.base}/portals/{each.id}",
            action=_("See portal"),
            urgent=True,
        )
        for each in numbers.portals
        if each.links >= numbers.portal_limit * NEAR
    ]
    disabled = ngettext(
        "%(num)s link is disabled, so nobody sees it.",
        "%(num)s links are disabled, so nobody sees them.",
        numbers.disabled_links,
    )
    unplaced = ngettext(
        "%(num)s link is on no portal, so nobody sees it.",
        "%(num)s links are on no portal, so nobody sees them.",
        numbers.unplaced_links,
    )
    for links, words, filters in (
        (numbers.disabled_links, disabled, "state=off"),
        (numbers.unplaced_links, unplaced, "portal=none"),
    ):
        if links:
            href = f"{console.base}/links?{filters}"
            decisions.append(Decision(sign="eye-off", words=words, href=href, action=_("Review")))
    for each in numbers.portals:
        if each.links and not each.enabled:
            decisions.append(
                _portal_decision(console, each.id, _("%(name)s is disabled.", name=each.name))
            )
        elif not each.links:
            words = _("%(name)s has no link, so people see an empty page.", name=each.name)
            decisions.append(_portal_decision(console, each.id, words))
    return decisions[:OPENED]


def _portal_decision(console: Console, portal_id: int, words: str) -> Decision:
    href = f"{console.base}/portals/{portal_id}"
    return Decision(sign="layout-grid", words=words, href=href, action=_("See portal"))


def _decision_words(decisions: Sequence[Decision]) -> str:
    if not decisions:
        return _("Nothing now.")
    number = len(decisions)
    return ngettext(
        "%(spelled)s thing.",
        "%(spelled)s things, most urgent first.",
        number,
        spelled=spelled(number),
    )


def _limit_words(numbers: Dashboard) -> str:
    near = sum(1 for each in numbers.portals if each.links >= numbers.portal_limit * NEAR)
    if not numbers.portal_count:
        return _("There is no portal yet.")
    return _(
        "%(near)s. A portal holds %(limit)s links at most.",
        near=spelled(near),
        limit=numbers.portal_limit,
    )


def _change_words(days: Sequence[DayOfChanges]) -> str:
    added, changed = sum(day.added for day in days), sum(day.changed for day in days)
    if not added + changed:
        return _("Nothing in the last %(days)s days.", days=DAYS_SHOWN)
    at = datetime.fromtimestamp(days[0].day, UTC)
    numbers = {"added": added, "changed": changed, "day": day_and_month(at)}
    if added >= changed:
        return _(
            "Mostly additions: %(added)s added, %(changed)s edited or removed since %(day)s.",
            **numbers,
        )
    return _(
        "Mostly edits: %(added)s added, %(changed)s edited or removed since %(day)s.", **numbers
    )


def _opened_words(numbers: Dashboard) -> str:
    if not numbers.opened:
        return _("Nobody has opened a link in 30 days.")
    first = numbers.opened[0]
    return ngettext(
        "%(name)s most of all: %(num)s time in 30 days.",
        "%(name)s most of all: %(num)s times in 30 days.",
        first.openings,
        name=first.name,
    )


async def _opened(console: Console, work: UnitOfWork, numbers: Dashboard) -> list[OpenedRow]:
    most_opened = numbers.opened[:OPENED]
    links = await work.links.find_all(each.id for each in most_opened)
    presented = await work.presentation.present(links.values())
    tiles = {link.id: tile_of(link, console.base) for link in presented}
    most = max((each.openings for each in most_opened), default=1)
    return [
        OpenedRow(
            name=each.name,
            href=f"{console.base}/links/{each.id}",
            tile=tiles[each.id],
            width=round(GAUGE_WIDTH * each.openings / most, 1),
            openings=each.openings,
        )
        for each in most_opened
        if each.id in tiles
    ]


ROUTES = [show_dashboard]
