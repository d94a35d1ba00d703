"""`scripts/bench pages`: how many pages one worker on one core serves in a second.

The pages of the portal are public. Every page is checked before it is timed, and the pages take
turns.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.browser import Browser, create_administrator
from bench.cores import Cores, TooFewCores, assign_cores
from bench.http_client import Connection, UnexpectedAnswer, expect
from bench.kinds import Load, Request
from bench.load import LoadFailed, Sample, Target, run_load, write_requests
from bench.portal_data import fill_portal, make_portal
from bench.portico import Portico, ServerMissing
from bench.processes import Processes, ServerFailed, end_cleanly_when_told
from bench.report import number, plain_table
from bench.sites import open_site

LINKS = 50
SMALL_PAGES = 1_000
"""Pages without data that a core should serve in a second."""

HEADS = ("Page", "Status", "kB, gzip", "Pages/s", "Median ms", "99 % ms")


@dataclass(frozen=True)
class ServedPage:
    """A page to measure. `target` is the number that one core should serve in a second."""

    title: str
    path: str
    status: int = 200
    cookies: str = ""
    target: int = 0

    def load(self) -> Load:
        headers = ["Accept: text/html", "Accept-Encoding: gzip"]
        if self.cookies:
            headers.append(f"Cookie: {self.cookies}")
        return Load("GET", [Request(self.path)], self.status, headers=tuple(headers))

    def size(self, connection: Connection) -> int:
        """Return the bytes of the body. Raises UnexpectedAnswer if the page is not as expected."""
        headers = dict(each.split(": ", 1) for each in self.load().headers)
        answer = connection.send("GET", self.path, headers=headers)
        return len(expect(answer, self.status, self.title).body)


@dataclass(frozen=True)
class Measured:
    """A page, its size in bytes, and the figures of its rounds."""

    page: ServedPage
    size: int
    samples: list[Sample]

    @property
    def per_second(self) -> float:
        return median(each.per_second for each in self.samples)

    def cells(self) -> tuple[str, ...]:
        return (
            self.page.title,
            str(self.page.status),
            number(self.size / 1000),
            number(self.per_second),
            number(median(each.p50_ms for each in self.samples)),
            number(median(each.p99_ms for each in self.samples)),
        )


def pages(customer_id: str, cookies: str) -> list[ServedPage]:
    """Return the pages to measure."""
    console = f"/console/{customer_id}/0"
    return [
        ServedPage("Unknown page", "/nothing-here", 404, target=SMALL_PAGES),
        ServedPage("Unknown portal", "/p/nothing-here", 404, target=SMALL_PAGES),
        ServedPage("Sign-in of a portal", "/p/staff/sign-in", target=SMALL_PAGES),
        ServedPage("Sign-in of the console", "/console/sign-in", target=SMALL_PAGES),
        ServedPage("Portal of no links", "/p/bare"),
        ServedPage(f"Portal of {LINKS} links", "/p/full"),
        ServedPage(f"Console, table of {LINKS} links", f"{console}/links", cookies=cookies),
    ]


def measure(folder: Path, cores: Cores, seconds: float, rounds: int) -> list[Measured]:
    """Fill a new server, and measure its pages in turn."""
    portico = Portico(f"sqlite:///{folder / 'portico.db'}")
    credentials = portico.prepare()
    password = create_administrator(portico, credentials.customer_id)
    with Processes(folder) as processes:
        server = portico.serve(processes, "portico", cores.apart.server)
        site = open_site(server.port, credentials)
        fill_portal(site, make_portal(site, "full"), LINKS)
        make_portal(site, "bare")
        make_portal(site, "staff", audience="signed_in")
        target = Target(server.port, "", cores.apart.load, cores.apart.connections)
        cookies = Browser(server.port, password).cookies
        found = [
            Measured(each, each.size(site.connection), [])
            for each in pages(credentials.customer_id, cookies)
        ]
        for turn in range(rounds + 1):
            for measured in found:
                path = folder / "page.requests"
                load = measured.page.load()
                write_requests(load, path)
                sample = run_load(load, target, path, seconds, str(turn))
                if turn:  # the first round warms up the server
                    measured.samples.append(sample)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench pages", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default: 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round (default: 1)")
    options = parser.parse_args()
    end_cleanly_when_told()
    try:
        cores = assign_cores()
        os.sched_setaffinity(0, cores.apart.load)
        with tempfile.TemporaryDirectory(prefix="portico-pages-", dir="/var/tmp") as name:
            found = measure(Path(name), cores, options.seconds, options.rounds)
    except (TooFewCores, UnexpectedAnswer, LoadFailed, ServerFailed, ServerMissing) as error:
        sys.stdout.write(f"The benchmark stopped: {error}\n")
        return 1
    slow = [each.page.title for each in found if each.per_second < each.page.target]
    problems = [f"{title}: fewer than {number(SMALL_PAGES)} a second." for title in slow]
    rows = plain_table(HEADS, [each.cells() for each in found])
    sys.stdout.write("\n".join([rows, "", *(problems or ["All targets met."]), ""]))
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
