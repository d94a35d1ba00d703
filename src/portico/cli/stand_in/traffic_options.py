"""The options of a stand-in about requests: rate limits, faults and the report."""

from __future__ import annotations

from pathlib import Path

import click

CHAOS = ("flaky", "slow", "hostile")
"""The profiles of faults. Their module is not imported for the help."""

TRAFFIC_OPTIONS = (
    click.option(
        "--limits",
        type=click.Choice(["vendor", "none"]),
        default="none",
        show_default=True,
        help="Rate limits: those of the vendor, or none.",
    ),
    click.option(
        "--chaos",
        type=click.Choice(CHAOS),
        help="A profile of faults that strike requests.",
    ),
    click.option(
        "--seed-number",
        type=int,
        default=0,
        show_default=True,
        help="Number that decides which requests --chaos strikes.",
    ),
    click.option(
        "--report",
        metavar="FILE",
        multiple=True,
        type=click.Path(path_type=Path, dir_okay=False),
        help="File for a report about the requests: .txt, .md, .xml (JUnit) or .har. Can be "
        "repeated.",
    ),
)
