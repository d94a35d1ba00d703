"""`portico keys`: the keys that sign access tokens, and the key that encrypts secrets at rest."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

import click

from portico.cli.options import run_as_operator, settings_options
from portico.installation import key_overlap, make_cipher
from portico.services.people.secret_keys import (
    Rotation,
    find_lost_secrets,
    forget_secrets,
    rotate_secret_key,
)
from portico.services.tenancy.signing_keys import rotate_signing_keys
from portico.settings import Settings

LONGEST_OVERLAP = 365 * 24 * 60 * 60


@click.group()
def keys() -> None:
    """The keys that sign access tokens, and the key that encrypts secrets in the database."""


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
    key = run_as_operator(settings, lambda runtime: rotate_signing_keys(runtime, overlap=seconds))
    click.echo(f"Signing with key {key.id}. Older keys retire in {seconds} seconds.")


@keys.command("rotate-secret")
@settings_options("database")
def rotate_secret(settings: Settings) -> None:
    """Encrypt every secret in the database with the last key of the secret key file.

    First append the new key to the key file of every server, and keep the old one:

    \b
        openssl rand -base64 32 >> portico.key

    Servers go on serving meanwhile. If this command is interrupted, run it again.
    """
    done = run_as_operator(settings, rotate_secret_key)
    path = shlex.quote(str(make_cipher(settings).file.path))
    if not done.replaced:
        click.echo(
            f"Every secret is encrypted with key {done.key_id} already, the last one in {path}."
        )
        return
    click.echo(_rotation_text(done, path))


def _rotation_text(done: Rotation, path: str) -> str:
    """What was done, when the old keys may go, and which backups still need them."""
    backups = "\n".join(
        f"Backups made from {_moment(begun)} to {_moment(done.ended)} need key {key_id}."
        for key_id, begun in done.replaced.items()
    )
    return (
        f"Encrypted {done.rewritten} secrets with key {done.key_id}.\n"
        f"Once every server has key {done.key_id} in its key file, remove the older keys: "
        f"`sed -i '$!d' {path}`.\n"
        f"{backups}\n"
        "Keep those keys for as long as you keep the backups."
    )


@keys.command("forget-secrets")
@click.option("--yes", is_flag=True, help="Do not ask before clearing.")
@settings_options("database")
def forget(settings: Settings, yes: bool) -> None:
    """List the secrets that the key file cannot decrypt, and clear them.

    For when the key is lost. If the key file is gone, first create a new one:

    \b
        umask 077; openssl rand -base64 32 > portico.key

    Lost signing keys are deleted: API clients and people sign in again. Providers whose client
    secret is lost are disabled until `portico provider set-secret` gives them one.
    """
    lost = run_as_operator(settings, find_lost_secrets)
    if not lost:
        click.echo("Every secret can be decrypted; there is nothing to clear.")
        return
    for key_id in lost.keys:
        click.echo(f"Key {key_id} is lost.")
    for signing_key in lost.signing_keys:
        click.echo(f"Lost: the secret of signing key {signing_key}")
    for each in lost.providers:
        click.echo(
            f"Lost: the client secret of provider {each.name} ({each.id}) of tenant "
            f"{each.customer_id}"
        )
    if not yes:
        click.confirm("Clear what is lost?", abort=True)
    run_as_operator(settings, lambda runtime: forget_secrets(runtime, lost))
    click.echo("Cleared.")


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
