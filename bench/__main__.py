"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from bench import machine
from bench.chart import write_charts
from bench.comparisons import (
    BULK,
    WORKER_KINDS,
    WORKERS,
    compare_bulk,
    compare_kind,
    compare_workers,
)
from bench.contestants import ROOT
from bench.cores import Cores, TooFewCores, assign_cores
from bench.http_client import UnexpectedAnswer
from bench.kinds import KINDS, Group
from bench.load import LoadFailed
from bench.portico import ServerMissing
from bench.postgres import running_postgres
from bench.processes import Processes, ServerFailed, end_cleanly_when_told
from bench.report import DATABASES, page, plain_report
from bench.results import missed, notes, rows
from bench.rounds import Comparison, Pace
from bench.stages import Setting, Stage, make_room, open_stage
from bench.stand_ins import start_json_server, start_prism

PROGRAMS = ROOT / ".venv-bench" / "node" / "node_modules" / ".bin"
NAMES = (*(kind.name for kind in KINDS), BULK, WORKERS)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Compare Portico with a limit, a reference and other tools.",
    )
    parser.add_argument("--quick", action="store_true", help="2 rounds of 1 second")
    parser.add_argument(
        "--seconds", type=float, default=None, help="length of a round (default: 3)"
    )
    parser.add_argument("--rounds", type=int, default=None, help="number of rounds (default: 5)")
    parser.add_argument(
        "--only", action="append", choices=NAMES, metavar="KIND", help=f"one of {', '.join(NAMES)}"
    )
    parser.add_argument("--database", choices=DATABASES, action="append", help="default: both")
    parser.add_argument("--no-node", action="store_true", help="without json-server and Prism")
    parser.add_argument(
        "--write", action="store_true", help="write docs/performance.md and its charts"
    )
    options = parser.parse_args(arguments)
    if options.write and (options.only or options.database):
        parser.error(
            "--write writes the whole page, so it cannot be combined with --only or --database"
        )
    return options


def pace_of(options: argparse.Namespace) -> Pace:
    seconds, rounds = (1.0, 2) if options.quick else (3.0, 5)
    return Pace(options.seconds or seconds, options.rounds or rounds)


@contextmanager
def opened(database: str, folder: Path, cores: Cores, pace: Pace, *, node: bool) -> Iterator[Stage]:
    """Open a stage with its servers, which end with the block."""
    say(f"{DATABASES[database]}: starting and filling the servers")
    postgres = running_postgres(folder) if database == "postgresql" else nullcontext()
    with postgres as server, Processes(folder) as processes:
        setting = Setting(processes, folder, cores, pace)
        stage = open_stage(setting, database, server)
        if node:
            places = (processes, PROGRAMS, folder, cores.apart.server)
            stage.stand_ins = [start_json_server(*places), start_prism(*places)]
        try:
            yield stage
        except (OSError, LoadFailed) as error:
            raise ServerFailed(f"{error}. {processes.autopsy()}") from error


def run_stage(stage: Stage, wanted: set[str]) -> Iterator[Comparison]:
    """Yield the comparisons of one database: reads first, before writes change the data."""
    reading = [kind for kind in KINDS if kind.group is not Group.WRITE]
    for kind in reading:
        if kind.name in wanted:
            yield compare_kind(stage, kind)
    if WORKERS in wanted:
        for kind in WORKER_KINDS:
            yield compare_workers(stage, kind)
    writing = [kind for kind in KINDS if kind.group is Group.WRITE and kind.name in wanted]
    if writing or BULK in wanted:
        make_room(stage)
    for kind in writing:
        yield compare_kind(stage, kind)
    if BULK in wanted:
        yield compare_bulk(stage)


def measure(options: argparse.Namespace, folder: Path) -> list[Comparison]:
    """Run every requested comparison, and print each result."""
    cores = assign_cores()
    # The benchmark and PostgreSQL do not use the core that is measured.
    os.sched_setaffinity(0, cores.apart.load)
    node = not options.no_node and (PROGRAMS / "json-server").exists()
    results = []
    for database in options.database or DATABASES:
        beside = node and database == "sqlite"
        with opened(database, folder, cores, pace_of(options), node=beside) as stage:
            for comparison in run_stage(stage, set(options.only or NAMES)):
                say(plain_report(rows([comparison]), notes([comparison])) + "\n")
                results.append(comparison)
    return results


def write(comparisons: list[Comparison], facts: dict[str, str], pace: Pace) -> None:
    """Write the page and its two charts."""
    table = rows(comparisons)
    text = page(table, notes(comparisons), facts, rounds=pace.rounds, seconds=pace.seconds)
    (ROOT / "docs" / "performance.md").write_text(text)
    write_charts(table, ROOT / "docs")
    say("Wrote docs/performance.md and its charts.")


def main() -> int:
    options = parse(sys.argv[1:])
    end_cleanly_when_told()
    pace = pace_of(options)
    try:
        with tempfile.TemporaryDirectory(prefix="portico-bench-", dir="/var/tmp") as name:
            facts = machine.describe(Path(name))
            comparisons = measure(options, Path(name))
    except (TooFewCores, UnexpectedAnswer, LoadFailed, ServerFailed, ServerMissing) as error:
        say(f"The benchmark stopped: {error}")
        return 1
    say(plain_report(rows(comparisons), notes(comparisons)))
    say(f"\n{missed(comparisons)} targets missed.")
    if options.write:
        write(comparisons, facts, pace)
    return 0


if __name__ == "__main__":
    sys.exit(main())
