"""`portico verify` and `portico record`: recorded exchanges as a gate against drift."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
DIFFERENT = 2
"""The exit status if an answer differs from the recording."""


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@click.option(
    "--accept",
    type=_FILE,
    help="YAML file with the differences to accept, each with operation, path and reason.",
)
def verify(files: tuple[Path, ...], accept: Path | None) -> None:
    """Compare Portico with recorded exchanges of the vendor's API.

    Each FILE is a cassette of vcrpy or a HAR file. It is replayed against a new tenant in a
    temporary database, and ids are bound as they appear. The exit status is 0 without differences,
    2 with differences, and 1 if nothing could be compared.
    """
    from portico.emulation.replaying import verify_recordings
    from portico.emulator.recordings.acceptance import Acceptance, read_acceptance
    from portico.emulator.recordings.reading import read_recording
    from portico.emulator.recordings.report import report_lines

    acceptance = read_acceptance(accept) if accept else Acceptance([])
    recordings = [read_recording(file) for file in files]
    result = asyncio.run(verify_recordings(recordings, acceptance))
    for line in report_lines(result, acceptance):
        click.echo(line)
    if result.findings:
        sys.exit(DIFFERENT)
    if not result.compared:
        sys.exit("portico: Nothing was compared, so the recordings prove nothing.")
