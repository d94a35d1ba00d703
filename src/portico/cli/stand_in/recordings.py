"""`portico verify` and `portico record`: recorded exchanges as a gate against drift."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_NEW_FILE = click.Path(path_type=Path, dir_okay=False)
DIFFERENT = 2
"""The exit status if an answer differs from the recording."""


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@click.option(
    "--accept",
    type=_FILE,
    help="YAML file with the differences to accept, each with operation, path and reason.",
)
@click.option(
    "--seed",
    type=_FILE,
    help="Seed with one tenant: the objects that existed before the recordings.",
)
@click.option(
    "--vendor-statuses/--no-vendor-statuses",
    default=True,
    help="Answer 400 for an unknown id, as the vendor documents, or 404. Default: 400.",
)
def verify(
    files: tuple[Path, ...], accept: Path | None, seed: Path | None, vendor_statuses: bool
) -> None:
    """Compare Portico with recorded exchanges of the vendor's API.

    Each FILE is a cassette of vcrpy or a HAR file. It is replayed against a new tenant in a
    temporary database, and ids are bound as they appear. The exit status is 0 without differences,
    2 with differences, and 1 if nothing could be compared.
    """
    from portico.emulation.replaying import verify_recordings
    from portico.emulator.recordings.acceptance import Acceptance, read_acceptance
    from portico.emulator.recordings.reading import read_recording
    from portico.emulator.recordings.report import report_lines
    from portico.emulator.seeds.reading import read_seed

    planted = read_seed(seed, plain_secrets=True) if seed else None
    acceptance = read_acceptance(accept) if accept else Acceptance([])
    recordings = [read_recording(file) for file in files]
    result = asyncio.run(
        verify_recordings(recordings, acceptance, planted, vendor_statuses=vendor_statuses)
    )
    for line in report_lines(result, acceptance):
        click.echo(line)
    if result.findings:
        sys.exit(DIFFERENT)
    if not result.compared:
        sys.exit("portico: Nothing was compared, so the recordings prove nothing.")


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("command", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--out", type=_NEW_FILE, required=True, help="Cassette to write, in YAML.")
@click.option(
    "--seed-out",
    type=_NEW_FILE,
    help="Seed to write, with the objects that existed before. YAML, or JSON if it ends in .json.",
)
@click.option("--to", default="", metavar="URL", help="Server that stands for the vendor's hosts.")
@click.option("--cloud", multiple=True, help="One more cloud of the vendor. Can be repeated.")
@click.option("--direct", multiple=True, help="Host that the command can reach. Can be repeated.")
@click.option("--pass-through", is_flag=True, help="Let the command reach every host.")
def record(
    command: tuple[str, ...],
    out: Path,
    seed_out: Path | None,
    to: str,
    cloud: tuple[str, ...],
    direct: tuple[str, ...],
    pass_through: bool,
) -> None:
    """Record what a command calls at the vendor, for `portico verify`.

    COMMAND runs with a proxy that passes its requests on to the real tenant. Secrets are removed
    and customer ids are replaced before anything is written. The exit status is that of COMMAND, or
    1 if the recording is not complete.
    """
    from portico.emulation.recording import Route, record_command
    from portico.emulator.recordings.saving import require_writable, save_recording

    for path in (out, seed_out):
        if path is not None:
            require_writable(path)
    route = Route(to=to, clouds=cloud, direct=direct, pass_through=pass_through)
    status, tape = asyncio.run(record_command(command, route))
    saved = save_recording(tape, out, seed_out)
    click.echo(f"portico: {saved.text}", err=True)
    sys.exit(status or (0 if saved.is_complete else 1))
