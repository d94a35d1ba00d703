"""Options about the requests of a stand-in: faults and limits at its start, a report at its end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
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

    `seed_number` decides which requests the profile strikes. `reports` are the files for reports.
    """

    limits: str = "none"
    chaos: str | None = None
    seed_number: int = 0
    reports: tuple[Path, ...] = ()


@asynccontextmanager
async def watched_traffic(stand_in: StandIn, options: TrafficOptions) -> AsyncIterator[None]:
    """Arm faults and limits for the length of a block, and write the report after it.

    The application must have been made. Raises InvalidRule, UnknownReport or StandInError.
    """
    for file in options.reports:
        _require_folder(file)
    if options.chaos is not None:
        rules = read_rules(profile(options.chaos), stand_in.operations)
        stand_in.faults.start_with(rules, seed=options.seed_number)
    stand_in.limits.start_with(on=options.limits == VENDOR)
    try:
        yield
    finally:
        if options.reports:
            await asyncio.to_thread(_write, stand_in, options.reports)


def _require_folder(file: Path) -> None:
    """Refuse a report that could not be written at the end. Raises like `watched_traffic`."""
    form_of(file.name)
    if not file.absolute().parent.is_dir():
        raise StandInError(f"The folder of the report {file} does not exist. Create it first.")


def _write(stand_in: StandIn, files: Sequence[Path]) -> None:
    """Write the reports, and the Markdown form to the summary of a job on GitHub Actions."""
    for file in files:
        with _writing(file):
            file.write_bytes(_report(stand_in, form_of(file.name)))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with _writing(Path(summary)), Path(summary).open("ab") as page:
            page.write(_report(stand_in, "markdown"))


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StandInError(
            f"The report {file} cannot be written: {error.strerror}. Name another file with "
            "--report."
        ) from None


def _report(stand_in: StandIn, form: str) -> bytes:
    journal = stand_in.journal
    return make_report(form, journal.whole_run(), stand_in.operations, dropped=journal.dropped)
