"""Options about the requests of a stand-in: faults and limits at its start, a report at its end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from portico.emulation.state_folder import StandInError
from portico.emulator.faults.profiles import profile
from portico.emulator.faults.rules import read_rules
from portico.emulator.report.files import form_of, make_report
from portico.emulator.stand_in import StandIn

VENDOR = "vendor"


@dataclass(frozen=True, kw_only=True)
class TrafficOptions:
    """The options about requests. `limits` is `vendor` or `none`, and `chaos` a fault profile.

    `seed_number` decides which requests the profile strikes. `report` is the file for the report.
    """

    limits: str = "none"
    chaos: str | None = None
    seed_number: int = 0
    report: Path | None = None


@asynccontextmanager
async def watched_traffic(stand_in: StandIn, options: TrafficOptions) -> AsyncIterator[None]:
    """Arm faults and limits for the length of a block, and write the report after it.

    The application must have been made. Raises InvalidRule, UnknownReport or StandInError.
    """
    if options.report is not None:
        form_of(options.report.name)
    if options.chaos is not None:
        rules = read_rules(profile(options.chaos), stand_in.operations)
        stand_in.faults.start_with(rules, seed=options.seed_number)
    stand_in.limits.start_with(on=options.limits == VENDOR)
    try:
        yield
    finally:
        if options.report is not None:
            await asyncio.to_thread(_write, stand_in, options.report)


def _write(stand_in: StandIn, file: Path) -> None:
    """Write the report, and its Markdown form to the summary of a job on GitHub Actions."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    try:
        file.write_bytes(_report(stand_in, form_of(file.name)))
        if summary:
            with Path(summary).open("ab") as page:
                page.write(_report(stand_in, "markdown"))
    except OSError as error:
        raise StandInError(
            f"The report {error.filename} cannot be written: {error.strerror}. Name another file "
            "with --report."
        ) from None


def _report(stand_in: StandIn, form: str) -> bytes:
    journal = stand_in.journal
    return make_report(form, journal.whole_run(), stand_in.operations, dropped=journal.dropped)
