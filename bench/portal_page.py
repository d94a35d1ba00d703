"""How a portal page of 500 links opens in Chromium: bytes, time until typing works, layout shift.

The browser measures: navigation timing, paint timing and layout-shift entries, and its own count of
what came over the wire. The pages take turns, so that a machine that slows down slows all of them.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.cores import Cores, assign_cores
from bench.dataset import SeedLink, links, portal_body
from bench.portico import Portico
from bench.processes import Processes, end_cleanly_when_told
from bench.sites import Site, open_site

LINKS = 500
SECTIONS = ("Every day", "People", "Operations", "Engineering", "Finance", "Reports", "Elsewhere")
PICTURE_EVERY = 3
"""Every third link has a picture of its own, the others a letter."""
INPUT_MS = 600
"""A little longer than a layout shift is put down to what somebody has just done."""
SETTLE_MS = 500
"""How long a new window is left alone: Chromium is still making its own parts of it."""
BYTES_TARGET = 150_000
READY_TARGET = 300
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")

_WATCH = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifts.push(each.value);
}).observe({type: "layout-shift", buffered: true});
"""
# The field can be typed into once it is painted and the deferred scripts have run.
_TIMES = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {
    answered: page.responseStart,
    painted: paint ? paint.startTime : 0,
    scripts: page.domContentLoadedEventEnd,
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
class Place:
    """A page that is measured; `field` is what it lets somebody type into, if anything."""

    name: str
    path: str
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Load:
    """One opening of a page, in milliseconds since the navigation began and bytes on the wire.

    `scrolled` is `received` and what came while somebody scrolled to the end. The first answer's
    first byte, the first paint and the end of the scripts are told as well.
    """

    answered: float
    painted: float
    scripts: float
    ready: float
    received: int
    scrolled: int
    requests: int
    shift: float


class PageFailed(Exception):
    """A page is not what is to be measured."""


def picture(number: int) -> str:
    """A picture of about the weight that a real icon has, different for each number."""
    dots = random.Random(number).randbytes(20 * 20 * 3)
    icon = Image.frombytes("RGB", (20, 20), dots).resize((64, 64), Image.Resampling.NEAREST)
    packed = io.BytesIO()
    icon.save(packed, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()


def body(number: int, link: SeedLink) -> dict[str, Any]:
    """A link as the portal shows it: enabled, described, in a section, some with a picture."""
    icon = picture(number) if number % PICTURE_EVERY == 0 else ""
    section = SECTIONS[number * len(SECTIONS) // LINKS]
    shown = {"section": section, "order": number + 1}
    return link.body() | {"enabled": True, "iconText": icon, "portico": shown}


def make_portal(site: Site, slug: str) -> str:
    """The id of a new portal that everyone may open."""
    page = {"slug": slug, "audience": "public"}
    return str(site.post(site.portals_path, portal_body(slug) | {"portico": page}, slug)["id"])


def fill_portal(site: Site, portal_id: str) -> None:
    """Puts 500 links on a portal, a few at a time: pictures make requests long."""
    bodies = [body(number, link) for number, link in enumerate(links()[:LINKS])]
    for start in range(0, LINKS, 100):
        sent = {
            "userPortalLinks": bodies[start : start + 100],
            "userPortals": [{"id": portal_id}],
        }
        site.post(site.bulk_path, sent, "bulk of links")


class Wire:
    """Counts what a page receives, heads included, as the browser sees it."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.received = 0
        self.requests = 0
        session = context.new_cdp_session(page)
        session.on("Network.loadingFinished", self._add)
        session.send("Network.enable")

    def _add(self, event: dict[str, Any]) -> None:
        self.received += int(event["encodedDataLength"])
        self.requests += 1


def measure(context: BrowserContext, url: str, place: Place) -> Load:
    """Opens a page in a tab of its own. Raises PageFailed when it cannot be typed into."""
    page = context.new_page()
    page.wait_for_timeout(SETTLE_MS)
    wire = Wire(context, page)
    page.goto(url + place.path, wait_until="networkidle")
    times = page.evaluate(_TIMES)
    received, requests = wire.received, wire.requests
    if place.field:
        page.keyboard.press("/")
        page.keyboard.type("a")
        if page.input_value(place.field) != "a":
            raise PageFailed(f"{place.name}: the field does not take what is typed.")
        page.keyboard.press("Escape")
        page.wait_for_timeout(INPUT_MS)
    page.evaluate(_SCROLL)
    page.wait_for_load_state("networkidle")
    load = Load(
        **times,
        ready=max(times["painted"], times["scripts"]),
        received=received,
        scrolled=wire.received,
        requests=requests,
        shift=sum(page.evaluate("window.shifts")),
    )
    page.close()
    return load


@dataclass(frozen=True)
class Series:
    """The openings of one page, the browser's cache empty or filled."""

    place: Place
    cache: str
    loads: list[Load]

    def middle(self, figure: str) -> float:
        """The median of one figure."""
        return float(median(getattr(load, figure) for load in self.loads))

    @property
    def shift(self) -> float:
        """The worst layout shift: one is one too many."""
        return max(load.shift for load in self.loads)


def take_turns(browser: Browser, url: str, places: Sequence[Place], rounds: int) -> list[Series]:
    """Opens each page once with an empty and once with a filled cache, round by round."""
    cold = [Series(place, "empty", []) for place in places]
    warm = [Series(place, "filled", []) for place in places]
    for number in range(rounds + 1):
        for first, second in zip(cold, warm, strict=True):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_init_script(_WATCH)
            loads = [measure(context, url, first.place) for _ in range(2)]
            context.close()
            if number:  # the first round warms server and browser up
                first.loads.append(loads[0])
                second.loads.append(loads[1])
    return [each for pair in zip(cold, warm, strict=True) for each in pair]


def table(series: Sequence[Series]) -> Iterator[str]:
    """What was measured; `x empty` is in relation to the portal without links, same cache."""
    yield (
        f"{'page':22}{'cache':8}{'ready':>9}{'x empty':>9}{'requests':>10}{'received':>11}"
        f"{'scrolled':>11}{'shift':>9}"
    )
    for each in series:
        empty = next(
            other for other in series if other.cache == each.cache and "no link" in other.place.name
        )
        ratio = each.middle("ready") / empty.middle("ready")
        yield (
            f"{each.place.name:22}{each.cache:8}{each.middle('ready'):6.0f} ms{ratio:9.2f}"
            f"{each.middle('requests'):10.0f}{each.middle('received') / 1000:8.1f} kB"
            f"{each.middle('scrolled') / 1000:8.1f} kB{each.shift:9.4f}"
        )


def missed(series: Sequence[Series]) -> list[str]:
    """The targets of the page of 500 links that were not met, each as a sentence."""
    found = []
    for each in (each for each in series if str(LINKS) in each.place.name):
        where = f"with the browser's cache {each.cache}"
        if each.middle("received") > BYTES_TARGET:
            found.append(f"More than {BYTES_TARGET // 1000} kB came {where}.")
        if each.middle("ready") > READY_TARGET:
            found.append(f"It took more than {READY_TARGET} ms until typing worked {where}.")
        if each.shift:
            found.append(f"The layout shifted {where}.")
    return found


def serve_and_measure(folder: Path, cores: Cores, rounds: int) -> list[Series]:
    """Fills a server of its own and opens its pages."""
    portico = Portico(f"sqlite:///{folder / 'portico.db'}")
    credentials = portico.prepare()
    with Processes(folder) as processes, sync_playwright() as playwright:
        server = portico.serve(processes, "portico", cores.apart.server)
        site = open_site(server.port, credentials)
        fill_portal(site, make_portal(site, "full"))
        make_portal(site, "bare")
        places = (
            Place(f"portal of {LINKS} links", "/p/full", "#q"),
            Place("portal of no links", "/p/bare", "#q"),
            Place("a line of text", "/healthz"),
        )
        program = os.environ.get("PORTICO_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            version = browser.version
            found = take_turns(browser, f"http://127.0.0.1:{server.port}", places, rounds)
        finally:
            browser.close()
    sys.stdout.write(f"Chromium {version}, median of {rounds} openings, 1440 by 900 pixels\n\n")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench portal", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how often to open each page (15)")
    parser.add_argument("--json", action="store_true", help="print every opening as JSON as well")
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
