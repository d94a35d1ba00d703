"""Measures in Chromium how pages with many links open: bytes, time until ready, layout shift.

The figures are the browser's own navigation timing, paint timing, layout-shift entries and received
bytes. The pages take turns, so that a machine that slows down affects all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.browser import Browser as AdministratorBrowser
from bench.browser import create_administrator
from bench.cores import Cores, assign_cores
from bench.portal_data import fill_portal, make_portal
from bench.portico import Portico
from bench.processes import Processes, end_cleanly_when_told
from bench.sites import open_site

LINKS = 500
NO_MATCH = "nothing-is-called-so"
CONSOLE_LINKS = 50
"""Links on a page of the console's table."""

INPUT_MS = 1_000
"""How long a page has to answer typing, whose shifts the reader expects."""
SETTLE_MS = 500
"""How long a new window is idle before the measurement, while Chromium prepares it."""
BYTES_TARGET = 150_000
READY_TARGET = 300
EMPTY_TARGET = 1.5
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")

_WATCH = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifts.push(each.value);
}).observe({type: "layout-shift", buffered: true});
window.drawn = 0;
document.addEventListener("animationend", () => requestAnimationFrame(() => setTimeout(() => {
  window.drawn = performance.now();
})));
"""
# The field is usable when it is painted and the deferred scripts have run.
_TIMES = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const painted = paint ? paint.startTime : 0;
  return {
    answered: page.responseStart,
    painted,
    scripts: page.domContentLoadedEventEnd,
    drawn: Math.max(painted, window.drawn),
  };
}"""
_SCROLL = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)));
  for (let y = 0; y < document.documentElement.scrollHeight; y += 600) {
    window.scrollTo(0, y);
    await frame();
  }
}"""


@dataclass(frozen=True)
class MeasuredPage:
    """A page to measure. `field` is the selector of its search field, if it has one.

    `empty` is the path of the same page without links, which a page is compared with.
    """

    name: str
    path: str
    field: str = ""
    empty: str = ""


@dataclass(frozen=True, kw_only=True)
class Load:
    """The figures of opening a page once: milliseconds since the navigation began, and bytes.

    `scrolled` includes the bytes received while scrolling to the end. `answered` is the first byte
    of the first response, `painted` the first paint, `scripts` the end of the scripts. `drawn` is
    the paint of tiles or rows: of many, one frame after the first.
    """

    answered: float
    painted: float
    scripts: float
    drawn: float
    ready: float
    received: int
    scrolled: int
    requests: int
    shift: float


class PageFailed(Exception):
    """A page does not work as expected."""


class Wire:
    """Counts the bytes that a page receives, headers included, as the browser sees them."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.received = 0
        self.requests = 0
        session = context.new_cdp_session(page)
        session.on("Network.loadingFinished", self._add)
        session.send("Network.enable")

    def _add(self, event: dict[str, Any]) -> None:
        self.received += int(event["encodedDataLength"])
        self.requests += 1


def measure(context: BrowserContext, url: str, place: MeasuredPage) -> Load:
    """Open a page in a new tab. Raises PageFailed if its field does not accept typing."""
    page = context.new_page()
    page.wait_for_timeout(SETTLE_MS)
    wire = Wire(context, page)
    page.goto(url + place.path, wait_until="networkidle")
    times = page.evaluate(_TIMES)
    received, requests = wire.received, wire.requests
    shift = sum(page.evaluate("window.shifts.splice(0)"))
    if place.field:
        page.keyboard.press("/")
        page.keyboard.type("a")
        if page.input_value(place.field) != "a":
            raise PageFailed(f"{place.name}: the field does not accept typing.")
        page.keyboard.press("Escape")
        page.wait_for_timeout(INPUT_MS)
        page.evaluate("window.shifts.splice(0)")
    page.evaluate(_SCROLL)
    page.wait_for_load_state("networkidle")
    load = Load(
        **times,
        ready=max(times["painted"], times["scripts"]),
        received=received,
        scrolled=wire.received,
        requests=requests,
        shift=shift + sum(page.evaluate("window.shifts")),
    )
    page.close()
    return load


@dataclass(frozen=True)
class Series:
    """The figures of one page, with an empty or a filled browser cache."""

    place: MeasuredPage
    cache: str
    loads: list[Load]

    def middle(self, figure: str) -> float:
        """Return the median of one figure."""
        return float(median(getattr(load, figure) for load in self.loads))

    @property
    def shift(self) -> float:
        """Return the worst layout shift."""
        return max(load.shift for load in self.loads)


def take_turns(
    browser: Browser, url: str, cookies: str, places: Sequence[MeasuredPage], rounds: int
) -> list[Series]:
    """Open each page with an empty and a filled cache in each round."""
    cold = [Series(place, "empty", []) for place in places]
    warm = [Series(place, "filled", []) for place in places]
    for number in range(rounds + 1):
        for first, second in zip(cold, warm, strict=True):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_init_script(_WATCH)
            context.set_extra_http_headers({"Cookie": cookies})
            loads = [measure(context, url, first.place) for _ in range(2)]
            context.close()
            if number:  # the first round warms up server and browser
                first.loads.append(loads[0])
                second.loads.append(loads[1])
    return [each for pair in zip(cold, warm, strict=True) for each in pair]


def table(series: Sequence[Series]) -> Iterator[str]:
    """Yield the table. `x empty` is the multiple of the same page without links."""
    yield (
        f"{'page':24}{'cache':8}{'ready':>9}{'x empty':>9}{'drawn':>9}{'requests':>10}"
        f"{'received':>11}{'scrolled':>11}{'shift':>9}"
    )
    for each in series:
        ratio = times_empty(each, series)
        shown = f"{ratio:9.2f}" if ratio else " " * 9
        yield (
            f"{each.place.name:24}{each.cache:8}{each.middle('ready'):6.0f} ms{shown}"
            f"{each.middle('drawn'):6.0f} ms"
            f"{each.middle('requests'):10.0f}{each.middle('received') / 1000:8.1f} kB"
            f"{each.middle('scrolled') / 1000:8.1f} kB{each.shift:9.4f}"
        )


def times_empty(one: Series, series: Sequence[Series]) -> float | None:
    """Return the time until a page is ready, as a multiple of that of the same page without links.

    The two open after one another in each round, and the median is that of the rounds.
    """
    for other in series:
        if (other.place.path, other.cache) == (one.place.empty, one.cache):
            pairs = zip(one.loads, other.loads, strict=True)
            return median(mine.ready / its.ready for mine, its in pairs)
    return None


def missed(series: Sequence[Series]) -> list[str]:
    """Return the targets that were missed, each as a sentence."""
    found = []
    for each in (each for each in series if each.place.empty):
        where = f"with the browser's cache {each.cache}: {each.place.name}"
        if each.middle("received") > BYTES_TARGET:
            found.append(f"The page received more than {BYTES_TARGET // 1000} kB {where}.")
        if each.middle("ready") > READY_TARGET:
            found.append(f"The page took more than {READY_TARGET} ms until it was ready {where}.")
        if (times_empty(each, series) or 0.0) > EMPTY_TARGET:
            found.append(f"The page took more than {EMPTY_TARGET} times an empty one {where}.")
        if each.shift:
            found.append(f"The layout shifted {where}.")
    return found


def serve_and_measure(folder: Path, cores: Cores, rounds: int) -> list[Series]:
    """Fill a new server, and measure its pages."""
    portico = Portico(f"sqlite:///{folder / 'portico.db'}")
    credentials = portico.prepare()
    password = create_administrator(portico, credentials.customer_id)
    with Processes(folder) as processes, sync_playwright() as playwright:
        server = portico.serve(processes, "portico", cores.apart.server)
        site = open_site(server.port, credentials)
        fill_portal(site, make_portal(site, "full"), LINKS)
        make_portal(site, "bare")
        cookies = AdministratorBrowser(server.port, password).cookies
        table = f"/console/{credentials.customer_id}/0/links"
        places = (
            MeasuredPage(f"portal of {LINKS} links", "/p/full", "#q", empty="/p/bare"),
            MeasuredPage("portal of no links", "/p/bare", "#q"),
            MeasuredPage(
                f"console, {CONSOLE_LINKS} links", table, "[data-filter]", f"{table}?q={NO_MATCH}"
            ),
            MeasuredPage("console, no links", f"{table}?q={NO_MATCH}"),
            MeasuredPage("a line of text", "/healthz"),
        )
        program = (
            os.environ.get("PORTICO_CHROMIUM")
            or shutil.which("chromium-headless-shell")
            or shutil.which("chromium")
        )
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            version = browser.version
            found = take_turns(browser, f"http://127.0.0.1:{server.port}", cookies, places, rounds)
        finally:
            browser.close()
    sys.stdout.write(f"Chromium {version}, median of {rounds} openings, 1440 by 900 pixels\n\n")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench portal", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=7, help="number of measurements of each page (default: 7)"
    )
    parser.add_argument("--json", action="store_true", help="also print every measurement as JSON")
    options = parser.parse_args()
    end_cleanly_when_told()
    cores = assign_cores()
    with tempfile.TemporaryDirectory(prefix="portico-page-", dir="/var/tmp") as name:
        series = serve_and_measure(Path(name), cores, options.rounds)
    problems = missed(series)
    sys.stdout.write("\n".join([*table(series), "", *(problems or ["All targets met."]), ""]))
    if options.json:
        loads = {f"{each.place.path} {each.cache}": list(map(vars, each.loads)) for each in series}
        sys.stdout.write(json.dumps(loads, indent=1) + "\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
