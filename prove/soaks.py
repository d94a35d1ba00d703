"""A long mixed load, with a look at the memory and the open files of the worker."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from bench.postgres import running_postgres
from bench.soak import CLIENTS, soak

from prove.findings import Finding

SECONDS = 3_600.0
MORE_MEMORY = 1.05
MORE_FILES = 2
"""Growth that is still flat, from the middle of the load to its end."""


def prove_soak_on_sqlite(scale: float, folder: Path) -> Finding:
    """Load a server of a SQLite file."""
    return _prove_soak(f"sqlite:///{folder / 'portico.db'}", scale, folder)


def prove_soak_on_postgresql(scale: float, folder: Path) -> Finding:
    """Load a server of a PostgreSQL."""
    with ExitStack() as stack:
        postgres = stack.enter_context(running_postgres(folder))
        url = f"postgresql://{postgres.create_database('portico')}"
        return _prove_soak(url, scale, folder)


def _prove_soak(url: str, scale: float, folder: Path) -> Finding:
    samples, faults = soak(url, folder, max(10.0, SECONDS * scale))
    middle, last = samples[len(samples) // 2 - 1], samples[-1]
    if last.memory_mb > middle.memory_mb * MORE_MEMORY:
        faults.append(
            f"The worker's memory grew from {middle.memory_mb:.0f} to {last.memory_mb:.0f} MB."
        )
    if last.files > middle.files + MORE_FILES:
        faults.append(f"The worker's open files grew from {middle.files} to {last.files}.")
    return Finding(
        f"{last.answers:,} answers to {CLIENTS} clients in {last.seconds:,.0f} s, none failed. "
        f"From the middle to the end the worker's memory went from {middle.memory_mb:.0f} to "
        f"{last.memory_mb:.0f} MB, its open files and sockets from {middle.files} to {last.files}.",
        {
            "answers": last.answers,
            "memory at each tenth, MB": ", ".join(f"{each.memory_mb:.0f}" for each in samples),
            "open files and sockets at each tenth": ", ".join(str(each.files) for each in samples),
        },
        faults,
    )
