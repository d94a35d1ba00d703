"""The command line of the proofs."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

import msgspec

# The PostgreSQL wheel warns without a private folder here.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="run-"))

from bench.machine import describe_machine
from bench.processes import end_cleanly_when_told
from tests.forked import forker

from portico.build import read_build
from prove.experiments import EXPERIMENTS
from prove.findings import Experiment, Finding, NotPossible
from prove.page import PAGE, render_page
from prove.results import RESULTS, Result, read_results, store_result


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/prove",
        description="Prove what Portico survives, and write docs/explanation/reliability.md.",
    )
    names = [each.name for each in EXPERIMENTS]
    parser.add_argument(
        "--only", action="append", choices=names, metavar="NAME", help=f"one of {', '.join(names)}"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        help="the file of results; with another file than the default the page stays as it is",
    )
    parser.add_argument("--page", action="store_true", help="only write the page again")
    return parser.parse_args(arguments)


def run(experiment: Experiment, scale: float) -> Result:
    """Run one experiment. An exception becomes a fault of its result."""
    with tempfile.TemporaryDirectory(prefix="portico-prove-", dir="/var/tmp") as name:
        folder = Path(name)
        machine = describe_machine(folder)
        machine["Disk"] = machine["Disk"].partition(",")[0]  # the time of a sync is never the same
        build = read_build()  # first: the checkout may change meanwhile
        began = time.monotonic()
        try:
            finding = experiment.run(scale, folder)
        except NotPossible:
            raise
        except Exception as error:  # whatever it is, the page has to tell it
            traceback.print_exc()
            fault = f"The experiment ended early: {error!r}"[:500]
            finding = Finding(fault, {}, [fault])
        return Result(
            date=datetime.now(UTC).isoformat(timespec="minutes"),
            version=f"{build.version} {build.commit[:12]}".strip(),
            scale=scale,
            seconds=round(time.monotonic() - began, 1),
            machine=machine,
            sentence=_verdict(finding),
            figures=finding.figures,
            faults=finding.faults[:20],
        )


def _verdict(finding: Finding) -> str:
    """Return the sentence of a success, or the first of the faults."""
    if not finding.faults:
        return finding.sentence
    return f"{len(finding.faults)} faults. The first: {finding.faults[0].splitlines()[0][:200]}"


def write_page() -> None:
    """Write the page from the stored results."""
    PAGE.write_text(render_page(EXPERIMENTS, read_results()), "utf-8")


def main() -> int:
    """Run what was asked for. Return 1 if an experiment found a fault."""
    options = parse(sys.argv[1:])
    end_cleanly_when_told()
    failed = False
    for experiment in () if options.page else EXPERIMENTS:
        if options.only and experiment.name not in options.only:
            continue
        try:
            result = run(experiment, options.scale)
        except NotPossible as reason:
            sys.stderr.write(f"{experiment.name}: skipped. {reason}\n")
            failed = True
            continue
        store_result(experiment.name, result, options.results)
        failed |= bool(result.faults)
        line = f"{experiment.name}: {result.sentence} ({result.seconds:,.0f} s)"
        sys.stdout.write(
            f"{msgspec.json.encode({experiment.name: result}).decode()}\n"
            if options.json
            else "\n".join([line, *(f"  fault: {each}" for each in result.faults)]) + "\n"
        )
        sys.stdout.flush()
    if options.results == RESULTS:
        write_page()
    if forker.cache_info().currsize:
        forker().close()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
