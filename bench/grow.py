"""Measures how latency grows: up to a million links in one tenant, or 2,000 tenants.

One client uses one connection, with the response cache off and on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.cores import Cores, assign_cores
from bench.growth_rows import (
    LINKS_ON_A_PORTAL,
    RARE_LINKS,
    RARE_WORD,
    add_links,
    add_tenants,
    link_id,
    link_name,
    portal_id,
)
from bench.http_client import UnexpectedAnswer, expect
from bench.kinds import Load, Request
from bench.load import Target, run_load, write_requests
from bench.portico import Portico
from bench.postgres import analyze, running_postgres
from bench.processes import Processes, end_cleanly_when_told
from bench.report import DATABASES, number, plain_table
from bench.sites import Credentials, Site, open_site
from portico.storage.engine.database import open_database

SIZES = (1_000, 10_000, 100_000, 1_000_000)
TENANTS = (1, 2_000)
DEEP_PAGE = 1_000


@dataclass(frozen=True)
class Probe:
    """One request to measure, with the expected number of links in total and on its page."""

    title: str
    path: str
    total: int | None
    shown: int


def probes(site: Site, size: int) -> list[Probe]:
    """Return the requests that a tenant of this size supports."""
    middle = size // 2
    every = [
        Probe("List, page 1", "?page=1&pagesize=20", size, 20),
        Probe("Single read", f"/{link_id(middle)}", None, 0),
        Probe("By portal", f"/userPortal/{portal_id(0)}", min(size, LINKS_ON_A_PORTAL), 20),
        Probe("name EQ", f"?search={quote(f'name EQ {link_name(middle)}')}", 1, 1),
        Probe("name LIKE", f"?search={quote(f'name LIKE {RARE_WORD}')}", RARE_LINKS, RARE_LINKS),
    ]
    if size >= DEEP_PAGE * 20:
        every.append(Probe("List, page 1,000", f"?page={DEEP_PAGE}&pagesize=20", size, 20))
    return every


def check(site: Site, probe: Probe) -> None:
    """Raise UnexpectedAnswer unless the response has the expected totals."""
    path = f"{site.links_path}{probe.path}"
    answer = expect(site.connection.send("GET", path, token=site.token), 200, path).json()
    if probe.total is None:
        return
    if answer["totalCount"] != str(probe.total) or len(answer["list"]) != probe.shown:
        raise UnexpectedAnswer(f"{path}: {answer['totalCount']} links, {probe.total} expected")


@dataclass(frozen=True)
class Measuring:
    """The values that all measurements of a run share."""

    portico: Portico
    credentials: Credentials
    cores: Cores
    folder: Path
    seconds: float

    def medians(self, size: int, *, cache: bool) -> dict[str, float]:
        """Return the median latency of each probe in milliseconds, on a new server."""
        with Processes(self.folder) as processes:
            cores = self.cores.apart
            server = self.portico.serve(processes, "portico", cores.server, cache=cache)
            site = open_site(server.port, self.credentials)
            return {probe.title: self._median(site, probe) for probe in probes(site, size)}

    def _median(self, site: Site, probe: Probe) -> float:
        check(site, probe)
        load = Load("GET", [Request(f"{site.links_path}{probe.path}")])
        requests = self.folder / "probe.requests"
        write_requests(load, requests)
        target = Target(site.port, site.token, self.cores.apart.load, connections=1)
        return run_load(load, target, requests, self.seconds, "").p50_ms


def grown_table(sizes: list[str], found: list[dict[str, float]]) -> str:
    """Return a table of latencies by size, and the last one as a multiple of the first."""
    lines = []
    for title in found[-1]:
        cells = [number(each[title]) if title in each else "" for each in found]
        known = [each[title] for each in found if title in each]
        growth = f"{number(known[-1] / known[0])}x" if len(known) > 1 else ""
        lines.append((title, *cells, growth))
    return plain_table(("p50 in ms", *sizes, "growth"), lines)


async def fill(measuring: Measuring, options: argparse.Namespace, reached: int, step: int) -> None:
    """Add the data that the next step has in addition to the last one."""
    customer_id = int(measuring.credentials.customer_id)
    database = open_database(measuring.portico.database)
    try:
        if not options.tenants:
            await add_links(database, customer_id, reached, step)
            return
        if not reached:
            await add_links(database, customer_id, 0, LINKS_ON_A_PORTAL)
        await add_tenants(database, max(reached, 1), step)
    finally:
        await database.close()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(options: argparse.Namespace, folder: Path, url: str) -> None:
    """Add data step by step, and print the latencies."""
    cores = assign_cores()
    os.sched_setaffinity(0, cores.apart.load)
    portico = Portico(url)
    measuring = Measuring(portico, portico.prepare(), cores, folder, options.seconds)
    anew, cached, reached = [], [], 0
    steps = options.tenants or options.sizes
    for step in steps:
        began = time.monotonic()
        asyncio.run(fill(measuring, options, reached, step))
        if options.database == "postgresql":
            analyze(url)
        say(f"{step:,}: filled in {time.monotonic() - began:.0f} s")
        size = LINKS_ON_A_PORTAL if options.tenants else step
        anew.append(measuring.medians(size, cache=False))
        cached.append(measuring.medians(size, cache=True))
        reached = step
    unit = "tenant" if options.tenants else "link"
    heads = [f"{step:,} {unit}{'s' * (step > 1)}" for step in steps]
    say(f"\nCache off, {DATABASES[options.database]}\n\n{grown_table(heads, anew)}")
    say(f"\nCache on, {DATABASES[options.database]}\n\n{grown_table(heads, cached)}")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench grow", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument(
        "--at",
        metavar="URL",
        help="use this empty PostgreSQL database instead of the wheel's, which has no pg_trgm; "
        "PORTICO_SECRET_KEY_FILE names its key",
    )
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="how long to repeat each request"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument(
        "--tenants",
        type=int,
        nargs="*",
        help="grow the number of tenants with 500 links each instead (default: 1 and 2000)",
    )
    options = parser.parse_args(arguments)
    if options.at:
        options.database = "postgresql"
    if options.tenants == []:
        options.tenants = list(TENANTS)
    if any(size % LINKS_ON_A_PORTAL for size in options.sizes):
        parser.error(f"a size must be a multiple of {LINKS_ON_A_PORTAL}, the links of a portal")
    return options


def main() -> int:
    options = parse(sys.argv[1:])
    end_cleanly_when_told()
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="portico-grow-", dir="/var/tmp")
        folder = Path(stack.enter_context(temporary))
        url = options.at or f"sqlite:///{folder / 'portico.db'}"
        if options.database == "postgresql" and not options.at:
            postgres = stack.enter_context(running_postgres(folder))
            url = f"postgresql://{postgres.create_database('portico')}"
        run(options, folder, url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
