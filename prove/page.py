"""Renders docs/explanation/reliability.md from results, so that each figure was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prove.findings import Experiment
from prove.results import ROOT, Result

PAGE = ROOT / "docs" / "explanation" / "reliability.md"
HEAD = """\
# Reliability

<!-- scripts/prove writes this page. Change prove/page.py instead. -->

This page shows what Portico survives: kills, crashes of the database, full disks, damaged files,
wrong clocks, random requests, slow clients, long load. Each experiment runs real servers on real
databases, and compares what clients were told with what is stored. `scripts/prove` runs them and
writes this page.

    scripts/prove                               every experiment in full, about seven hours
    scripts/prove --only kills-sqlite           one of them
    scripts/prove --scale 0.01                  all of them, at a hundredth of their size

A run replaces only the rows of its experiments, so each row has its own date, size and machine.

`kill -9` and a crash of PostgreSQL end processes, not the machine. They show that Portico
acknowledges a change only after its commit, and that every start recovers. Whether a commit
survives a power cut also depends on the disk: Portico asks the database to sync each commit, and
relies on a disk that does.
"""


def render_page(experiments: Sequence[Experiment], results: Mapping[str, Result]) -> str:
    """Return the page."""
    machines: list[dict[str, str]] = []
    for each in experiments:
        if each.name in results and results[each.name].machine not in machines:
            machines.append(results[each.name].machine)
    parts = [HEAD, "## Results\n", _table(experiments, results, machines)]
    parts += ["## Figures\n"]
    parts += [_figures(each, results[each.name]) for each in experiments if each.name in results]
    missing = [each for each in experiments if not _is_whole(results.get(each.name))]
    if missing:
        parts.append(_missing(missing, results))
    parts += ["## Machines\n"]
    parts += [_machine(number, each) for number, each in enumerate(machines, 1)]
    return "\n".join(parts)


def _is_whole(result: Result | None) -> bool:
    return result is not None and result.scale >= 1


def _table(
    experiments: Sequence[Experiment],
    results: Mapping[str, Result],
    machines: Sequence[Mapping[str, str]],
) -> str:
    lines = ["| experiment | result | size | date | machine |", "|---|---|---|---|---|"]
    for each in experiments:
        result = results.get(each.name)
        if result is None:
            lines.append(f"| {each.title} | not run yet | | | |")
            continue
        verdict = "**Failed.** " if result.faults else ""
        number = machines.index(result.machine) + 1
        lines.append(
            f"| {each.title} | {verdict}{result.sentence} | {_size(result.scale, each.full)} "
            f"| {result.date[:10]} | {number} |"
        )
    return "\n".join(lines) + "\n"


def _size(scale: float, full: str) -> str:
    return f"full: {full}" if scale >= 1 else f"{scale:.2%} of {full}"


def _figures(experiment: Experiment, result: Result) -> str:
    lines = [f"### {experiment.title}\n"]
    lines += [
        f"- {name}: {value if isinstance(value, str) else f'{value:,}'}"
        for name, value in result.figures.items()
    ]
    lines += [f"- fault: {each}" for each in result.faults]
    lines.append(
        f"- run of {result.seconds:,.0f} seconds, {result.date}, Portico {result.version}\n"
    )
    return "\n".join(lines)


def _missing(missing: Sequence[Experiment], results: Mapping[str, Result]) -> str:
    lines = [
        "## Not run in full yet\n",
        "| experiment | full size | size of the last run | command | takes about |",
        "|---|---|---|---|---|",
    ]
    for each in missing:
        result = results.get(each.name)
        last = "none" if result is None else f"{result.scale:.2%}"
        command = f"`scripts/prove --only {each.name}`"
        lines.append(f"| {each.title} | {each.full} | {last} | {command} | {each.duration} |")
    return "\n".join(lines) + "\n"


def _machine(number: int, facts: Mapping[str, str]) -> str:
    lines = [f"### Machine {number}\n"]
    return "\n".join([*lines, *(f"- {name}: {value}" for name, value in facts.items())]) + "\n"
