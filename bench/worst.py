"""`scripts/bench worst`: the most expensive single requests, and how long others wait meanwhile.

During each of them, another process requests /healthz every few milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from bench.browser import Browser, create_administrator
from bench.cores import Cores, assign_cores
from bench.growth_rows import LINKS_ON_A_PORTAL, add_links, portal_id
from bench.http_client import JSON, Answer, Connection, expect
from bench.portico import Portico
from bench.postgres import analyze, running_postgres
from bench.processes import Processes, end_cleanly_when_told
from bench.report import DATABASES, number, plain_table
from bench.sites import Site, open_site
from bench.worst_requests import BACK, DONE, REVISION, SLUG, Who, WorstRequest, worst_requests
from bench.worst_rows import HEAVY_LINK, HEAVY_PORTAL, add_worst_rows
from portico.storage.engine.database import open_database

LINKS = 100_000
PROMISED_MS = 100
PAUSE_SECONDS = 0.002
HEADS = ("Request", "From", "Status", "Took ms", "MB", "Worst /healthz ms")


@dataclass(frozen=True)
class Outcome:
    """The result of one request, and the slowest /healthz meanwhile, in milliseconds."""

    request: WorstRequest
    status: int
    took: float
    size: int
    health: float

    @property
    def is_failed(self) -> bool:
        """Whether the server could not answer. A search may be refused as too expensive (400)."""
        return self.status >= 500


def _watch(port: int, pipe: Pipe) -> None:
    """Request /healthz until told to stop, and send the time of the slowest response."""
    connection = Connection(port)
    while True:
        pipe.recv()
        worst = 0.0
        while not pipe.poll():
            began = time.perf_counter()
            expect(connection.send("GET", "/healthz"), 200, "/healthz")
            worst = max(worst, time.perf_counter() - began)
            time.sleep(PAUSE_SECONDS)
        pipe.recv()
        pipe.send(worst * 1000)


class Watcher:
    """The process that requests /healthz."""

    def __init__(self, port: int) -> None:
        self._pipe, other = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_watch, args=(port, other), daemon=True)
        self._process.start()

    def start(self) -> None:
        self._pipe.send("start")

    def stop(self) -> float:
        """Return the longest wait since the start, in milliseconds."""
        self._pipe.send("stop")
        worst: float = self._pipe.recv()
        return worst

    def close(self) -> None:
        self._process.terminate()
        self._process.join()


@dataclass(frozen=True)
class Stage:
    """A filled server and its clients."""

    site: Site
    browser: Browser
    watcher: Watcher
    csrf: str

    def run(self, request: WorstRequest) -> Outcome:
        self.watcher.start()
        began = time.perf_counter()
        answer = self._send(request)
        took = (time.perf_counter() - began) * 1000
        return Outcome(request, answer.status, took, len(answer.body), self.watcher.stop())

    def _send(self, request: WorstRequest) -> Answer:
        if request.who is Who.CLIENT:
            return self.site.connection.send("GET", request.path, token=self.site.token)
        if request.form:
            known = {DONE: lambda: self.browser.done, REVISION: lambda: self.browser.revision}
            form = [(n, known[value]() if value in known else value) for n, value in request.form]
            return self.browser.send("POST", request.path, [("csrf", self.csrf), *form])
        path = self.browser.back if request.path == BACK else request.path
        return self.browser.send("GET", path)


@contextmanager
def opened(database: str, folder: Path, links: int, cores: Cores) -> Iterator[Stage]:
    """Start a server on a filled database; it ends with the block."""
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'portico.db'}"
        if database == "postgresql":
            postgres = stack.enter_context(running_postgres(folder))
            url = f"postgresql://{postgres.create_database('portico')}"
        portico = Portico(url)
        credentials = portico.prepare()
        customer = credentials.customer_id
        asyncio.run(_fill(url, int(customer), links))
        if database == "postgresql":
            analyze(url)
        password = create_administrator(portico, customer)
        processes = stack.enter_context(Processes(folder))
        server = portico.serve(processes, "portico", cores.apart.server, cache=False)
        site = open_site(server.port, credentials)
        _open_to_all(site)
        watcher = Watcher(server.port)
        stack.callback(watcher.close)
        browser = Browser(server.port, password)
        yield Stage(site, browser, watcher, browser.csrf(f"/console/{customer}/0/links"))


async def _fill(url: str, customer_id: int, links: int) -> None:
    database = open_database(url)
    try:
        await add_links(database, customer_id, 0, links)
        await add_worst_rows(database, customer_id)
    finally:
        await database.close()


def _open_to_all(site: Site) -> None:
    """Make the two measured portals public."""
    for each, slug in ((str(portal_id(0)), "plain"), (str(HEAVY_PORTAL), SLUG)):
        body = {"name": slug, "enabled": True, "portico": {"slug": slug, "audience": "public"}}
        path = f"{site.portals_path}/{each}"
        answer = site.connection.send(
            "PUT", path, token=site.token, body=json.dumps(body), content_type=JSON
        )
        expect(answer, 204, path)


def measure(database: str, folder: Path, links: int, cores: Cores) -> list[Outcome]:
    """Send every request once, and return the outcomes."""
    with opened(database, folder, links, cores) as stage:
        icons = [str(HEAVY_LINK + each) for each in range(LINKS_ON_A_PORTAL)]
        portals = str(portal_id(0)), str(HEAVY_PORTAL)
        return [stage.run(each) for each in worst_requests(stage.site, portals, icons)]


def table(outcomes: list[Outcome]) -> str:
    """Return the outcomes as text."""
    lines = [
        (
            each.request.title,
            each.request.who.value,
            f"{each.status}{' (!)' if each.is_failed else ''}",
            number(each.took),
            number(each.size / 1e6),
            f"{number(each.health)}{' (!)' if each.health > PROMISED_MS else ''}",
        )
        for each in outcomes
    ]
    return plain_table(HEADS, lines)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench worst", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, action="append", help="default: both")
    parser.add_argument("--links", type=int, default=LINKS, help="a multiple of 500 (100,000)")
    options = parser.parse_args(sys.argv[1:])
    end_cleanly_when_told()
    cores = assign_cores()
    os.sched_setaffinity(0, cores.apart.load)
    late = failed = 0
    for database in options.database or DATABASES:
        with tempfile.TemporaryDirectory(prefix="portico-worst-", dir="/var/tmp") as folder:
            outcomes = measure(database, Path(folder), options.links, cores)
        late += sum(each.health > PROMISED_MS for each in outcomes)
        failed += sum(each.is_failed for each in outcomes)
        say(f"\n{DATABASES[database]}, {options.links:,} links\n\n{table(outcomes)}")
    say(f"\n{late} requests delayed /healthz by more than {PROMISED_MS} ms, and {failed} failed.")
    return int(late + failed > 0)


if __name__ == "__main__":
    sys.exit(main())
