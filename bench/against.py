"""`scripts/bench against REV`: compares this checkout with an earlier commit.

Both servers have the same data in separate databases and take turns, so a ratio below 1.00 is a
loss of speed and not a slower machine. The servers are started several times, because how a process
lies in memory makes it a few percent faster or slower for as long as it lives.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path

from bench import bulk, sites
from bench.cores import Cores, TooFewCores, assign_cores
from bench.earlier import install_earlier
from bench.http_client import UnexpectedAnswer
from bench.kinds import KINDS, Group, Kind
from bench.load import LoadFailed, Target
from bench.portico import Portico, ServerMissing
from bench.postgres import Postgres, analyze, running_postgres
from bench.processes import Processes, ServerFailed, end_cleanly_when_told
from bench.report import DATABASES, number, plain_table
from bench.rounds import Comparison, Contestant, Pace, compare, load_timing
from bench.sites import Site
from bench.stages import CREATES_A_SECOND, LINKS_OF_A_PORTAL
from bench.verify import verified_answer

BULK = "bulk"
LEAST = 0.95
"""The smallest acceptable ratio of this checkout's rate to the earlier one's."""
HEADS = ("Request", "Database", "Cache", "now /s", "before /s", "now / before")


@dataclass(frozen=True)
class Side:
    """One version of Portico on one database, with its answer cache on (hot) and off (cold)."""

    hot: Site
    cold: Site


@dataclass(frozen=True)
class Stand:
    """Both versions on one kind of database."""

    database: str
    folder: Path
    cores: Cores
    pace: Pace
    now: Side
    before: Side


def say(line: str) -> None:
    """Print a line and flush it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass
class Version:
    """One version of Portico and its database. `filled` is the site that filled it, once it has."""

    name: str
    portico: Portico
    filled: Site | None = None

    def start(self, processes: Processes, cores: Cores) -> Side:
        """Start both servers. The first time, fill the database."""
        if self.filled is None:
            credentials = self.portico.prepare()
            first = self.portico.serve(processes, self.name, cores.apart.server)
            self.filled = sites.open_site(first.port, credentials)
            sites.fill(self.filled)
            if not self.portico.database.startswith("sqlite"):
                analyze(self.portico.database)
            port = first.port
        else:
            port = self.portico.serve(processes, self.name, cores.apart.server).port
        cold = self.portico.serve(processes, f"{self.name}-cold", cores.apart.server, cache=False)
        return Side(sites.same_data(self.filled, port), sites.same_data(self.filled, cold.port))


def database_url(name: str, folder: Path, postgres: Postgres | None) -> str:
    """Return the URL of the database of one version."""
    if postgres is None:
        return f"sqlite:///{folder / name}.db"
    return f"postgresql://{postgres.create_database(name)}"


def compare_versions(stand: Stand, kind: Kind) -> Iterator[Comparison]:
    """Compare one kind of request, with the cache on and, for reads, off."""
    settings = ("hot", "cold") if kind.group is Group.READ else ("hot",)
    for setting in settings:
        contestants = [
            _contestant(stand, kind, f"{name}-{setting}", getattr(side, setting))
            for name, side in (("now", stand.now), ("before", stand.before))
        ]
        yield compare(Comparison(setting, kind.title, stand.database), contestants, stand.pace)


def compare_bulks(stand: Stand) -> Comparison:
    """Compare a bulk of 500."""
    contestants = []
    for name, side in (("now-hot", stand.now), ("before-hot", stand.before)):
        site = side.hot
        sites.sign_in(site)
        contestants.append(
            Contestant(name, partial(bulk.verify_bulk, site), bulk.bulk_timing(site))
        )
    return compare(Comparison("hot", "Bulk of 500", stand.database), contestants, stand.pace)


def _contestant(stand: Stand, kind: Kind, label: str, site: Site) -> Contestant:
    sites.sign_in(site)
    load, layout = kind.plan(site), stand.cores.apart
    target = Target(site.port, site.token, layout.load, layout.connections)
    timing = load_timing(load, target, folder=stand.folder, label=label)
    return Contestant(label, partial(verified_answer, kind, site), timing)


def row(comparison: Comparison) -> tuple[tuple[str, ...], float]:
    """Return a line of the table and its ratio."""
    now, before = f"now-{comparison.name}", f"before-{comparison.name}"
    mine, theirs = comparison.typical(now), comparison.typical(before)
    ratio = comparison.ratio(now, before)
    if mine is None or theirs is None or ratio is None:
        raise LoadFailed(f"{comparison.title} was not measured on both versions.")
    cells = (
        comparison.title,
        DATABASES[comparison.database],
        {"hot": "on", "cold": "off"}[comparison.name],
        number(mine.per_second),
        number(theirs.per_second),
        f"{ratio:.2f}" + ("" if ratio >= LEAST else f" (< {LEAST})"),
    )
    return cells, ratio


def run_stand(stand: Stand, wanted: set[str], *, last: bool) -> Iterator[Comparison]:
    """Yield the comparisons on one kind of database.

    Writes change the data, so they are measured after the last start of the servers.
    """
    for kind in (each for each in KINDS if each.group is not Group.WRITE):
        if kind.name in wanted:
            yield from compare_versions(stand, kind)
    writing = [each for each in KINDS if each.group is Group.WRITE and each.name in wanted]
    if not last or (not writing and BULK not in wanted):
        return
    creates = CREATES_A_SECOND * max(1.0, stand.pace.seconds) * stand.pace.sendings
    for side in (stand.now, stand.before):
        portals = ceil(creates / LINKS_OF_A_PORTAL)
        side.hot.create_portals = sites.create_spare_portals(side.hot, portals, "Room")
        needed = bulk.bulk_portals_needed(stand.pace.sendings)
        side.hot.bulk_portals = sites.create_spare_portals(side.hot, needed, "Bulk")
    for kind in writing:
        yield from compare_versions(stand, kind)
    if BULK in wanted:
        yield compare_bulks(stand)


def measure(options: argparse.Namespace, folder: Path) -> list[tuple[tuple[str, ...], float]]:
    """Run every requested comparison, and print each row."""
    program = install_earlier(options.revision)
    cores = assign_cores()
    # The benchmark and PostgreSQL do not use the core that is measured.
    os.sched_setaffinity(0, cores.apart.load)
    found = []
    for database in options.database or DATABASES:
        with running_postgres(folder) if database == "postgresql" else nullcontext() as postgres:
            versions = [
                Version(f"{name}-{database}", Portico(database_url(name, folder, postgres), path))
                for name, path in (("now", None), ("before", program))
            ]
            compared = measure_starts(versions, database, folder, cores, options)
        for comparison in compared:
            found.append(row(comparison))
            say("  ".join(found[-1][0]))
    return found


def measure_starts(
    versions: list[Version], database: str, folder: Path, cores: Cores, options: argparse.Namespace
) -> list[Comparison]:
    """Return the comparisons on one kind of database, with the samples of all starts."""
    pace = Pace(options.seconds, options.rounds)
    compared: dict[tuple[str, str], Comparison] = {}
    for start in range(options.starts):
        with Processes(folder) as processes:
            # The one that starts first differs from start to start.
            turn = versions if start % 2 == 0 else versions[::-1]
            sides = {each.name: each.start(processes, cores) for each in turn}
            stand = Stand(database, folder, cores, pace, *(sides[each.name] for each in versions))
            for comparison in run_stand(
                stand, set(options.only or NAMES), last=start == options.starts - 1
            ):
                key = comparison.title, comparison.name
                known = compared.setdefault(key, comparison)
                if known is not comparison:
                    known.add(comparison)
    return list(compared.values())


NAMES = (*(kind.name for kind in KINDS), BULK)


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench against",
        description="Compare this checkout with an earlier commit, request by request.",
    )
    parser.add_argument("revision", help="the earlier commit, tag or branch")
    parser.add_argument("--starts", type=int, default=4, help="starts of the servers (default: 4)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="number of rounds for each start (default: 5)"
    )
    parser.add_argument(
        "--seconds", type=float, default=0.5, help="length of a round (default: 0.5)"
    )
    parser.add_argument("--only", action="append", choices=NAMES, metavar="KIND")
    parser.add_argument("--database", choices=DATABASES, action="append", help="default: both")
    return parser.parse_args()


def main() -> int:
    """Print the table. Exit with 1 if a kind of request is slower than allowed."""
    options = parse()
    end_cleanly_when_told()
    try:
        with tempfile.TemporaryDirectory(prefix="portico-bench-", dir="/var/tmp") as name:
            found = measure(options, Path(name))
    except (TooFewCores, UnexpectedAnswer, LoadFailed, ServerFailed, ServerMissing) as error:
        say(f"The benchmark stopped: {error}")
        return 1
    slower = [ratio for _, ratio in found if ratio < LEAST]
    table = plain_table(HEADS, [cells for cells, _ in found])
    say(f"\n{table}\n\n{len(slower)} of {len(found)} are more than 5 % slower.")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
