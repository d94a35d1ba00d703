"""The dashboard: each panel answers a question in words and with a chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from litestar import get
from litestar.di import NamedDependency

from portico.services.backups.watch import BackupNotice
from portico.services.portals.dashboard import Dashboard, DayOfChanges, read_dashboard
from portico.services.work import UnitOfWork
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.tiles import tile_of
from portico.web.console.frame.words import counted, spelled, thousands
from portico.web.console.home import remember_microtenant
from portico.web.shared.arch import Arch

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
async def show_dashboard(console: NamedDependency[Console]) -> Answer:
    """Show the dashboard."""
    async with console.reading() as work:
        numbers = await read_dashboard(work)
        days = list(numbers.changes)[-DAYS_SHOWN:]
        bars, lines = draw_days(days)
        person = console.signed_in.administrator
        portals = counted(numbers.portal_count, "portal", "portals")
        changes = counted(sum(day.changes for day in days), "change", "changes")
        decisions = await _decisions(console, work, numbers)
        view = DashboardView(
            greeting=f"Hello, {(person.display_name or person.name).split()[0]}",
            lead=f"{counted(numbers.links, 'link', 'links')} on {portals}. "
            f"{changes} in the last {DAYS_SHOWN} days.",
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
    words = f"{counted(day.added, 'addition', 'additions')}, "
    words += counted(day.changed, "edit or removal", "edits or removals")
    return DayBar(
        title=f"{at.day} {at:%B}: {words}",
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
            words=f"{each.name} is near its limit: {each.links} of {numbers.portal_limit} links.",
            href=f"{console.base}/portals/{each.id}",
            action="See portal",
            urgent=True,
        )
        for each in numbers.portals
        if each.links >= numbers.portal_limit * NEAR
    ]
    disabled = ("link is disabled", "links are disabled", "state=off")
    unplaced = ("link is on no portal", "links are on no portal", "portal=none")
    for links, (one, many, filters) in (
        (numbers.disabled_links, disabled),
        (numbers.unplaced_links, unplaced),
    ):
        if links:
            it = "it" if links == 1 else "them"
            href = f"{console.base}/links?{filters}"
            words = f"{counted(links, one, many)}, so nobody sees {it}."
            decisions.append(Decision(sign="eye-off", words=words, href=href, action="Review"))
    for each in numbers.portals:
        if each.links and not each.enabled:
            decisions.append(_portal_decision(console, each.id, f"{each.name} is disabled."))
        elif not each.links:
            words = f"{each.name} has no link, so people see an empty page."
            decisions.append(_portal_decision(console, each.id, words))
    return decisions[:OPENED]


def _portal_decision(console: Console, portal_id: int, words: str) -> Decision:
    href = f"{console.base}/portals/{portal_id}"
    return Decision(sign="layout-grid", words=words, href=href, action="See portal")


def _decision_words(decisions: Sequence[Decision]) -> str:
    if not decisions:
        return "Nothing now."
    things = "thing." if len(decisions) == 1 else "things, most urgent first."
    return f"{spelled(len(decisions))} {things}"


def _limit_words(numbers: Dashboard) -> str:
    near = sum(1 for each in numbers.portals if each.links >= numbers.portal_limit * NEAR)
    if not numbers.portal_count:
        return "There is no portal yet."
    return (
        f"{spelled(near) if near else 'None'}. A portal holds {numbers.portal_limit} links at most."
    )


def _change_words(days: Sequence[DayOfChanges]) -> str:
    added, changed = sum(day.added for day in days), sum(day.changed for day in days)
    if not added + changed:
        return f"Nothing in the last {DAYS_SHOWN} days."
    at = datetime.fromtimestamp(days[0].day, UTC)
    mostly = "Mostly additions" if added >= changed else "Mostly edits"
    words = f"{thousands(added)} added, {thousands(changed)} edited or removed"
    return f"{mostly}: {words} since {at.day} {at:%B}."


def _opened_words(numbers: Dashboard) -> str:
    if not numbers.opened:
        return "Nobody has opened a link in 30 days."
    first = numbers.opened[0]
    times = counted(first.openings, "time", "times")
    return f"{first.name} most of all: {times} in 30 days."


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
