"""`portico keys`: the keys that sign access tokens."""

from __future__ import annotations

import click

from portico.app import key_overlap
from portico.cli.options import run_as_operator, settings_options
from portico.services.identity import rotate_signing_keys
from portico.settings import Settings

LONGEST_OVERLAP = 365 * 24 * 60 * 60


@click.group()
def keys() -> None:
    """The keys that sign access tokens."""


@keys.command()
@click.option(
    "--overlap",
    type=click.IntRange(min=0, max=LONGEST_OVERLAP),
    help="Seconds that older keys go on verifying. Left out: as long as a token may live.",
)
@settings_options("database", "token_lifetime")
def rotate(settings: Settings, overlap: int | None) -> None:
    """Make a new signing key; tokens signed by older ones stay good until those retire."""
    seconds = key_overlap(settings.token_lifetime) if overlap is None else overlap
    key = run_as_operator(settings, lambda operator: rotate_signing_keys(operator, overlap=seconds))
    click.echo(f"Signing with key {key.id}. Older keys retire in {seconds} seconds.")
