"""`portico keys`: signing keys for access tokens, and the key that encrypts secrets at rest."""

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
    """Manage signing keys and the key that encrypts secrets in the database."""


@keys.command()
@click.option(
    "--overlap",
    type=click.IntRange(min=0, max=LONGEST_OVERLAP),
    help="Seconds for which older keys still verify tokens. Defaults to the lifetime of a token.",
)
@settings_options("database", "token_lifetime")
def rotate(settings: Settings, overlap: int | None) -> None:
    """Create a new signing key. Tokens signed with older keys are valid until those expire."""
    seconds = key_overlap(settings.token_lifetime) if overlap is None else overlap
    key = run_as_operator(settings, lambda runtime: rotate_signing_keys(runtime, overlap=seconds))
    click.echo(f"Signing with key {key.id}. Older keys expire in {seconds} seconds.")


@keys.command("rotate-secret")
@settings_options("database")
def rotate_secret(settings: Settings) -> None:
    """Encrypt every secret in the database with the last key of the secret key file.

    First append the new key to the key file of every server, and keep the old one:

    \b
        openssl rand -base64 32 >> portico.key

    Servers can run meanwhile. If this command is interrupted, run it again.
    """
    rotation = run_as_operator(settings, rotate_secret_key)
    path = shlex.quote(str(make_cipher(settings).file.path))
    if not rotation.replaced:
        click.echo(
            f"Every secret is already encrypted with key {rotation.key_id}, the last key in {path}."
        )
        return
    click.echo(_rotation_text(rotation, path))


def _rotation_text(rotation: Rotation, path: str) -> str:
    """Return the result, how to remove the old keys, and which backups still need them."""
    backups = "\n".join(
        f"Backups made from {_moment(begun)} to {_moment(rotation.ended)} need key {key_id}."
        for key_id, begun in rotation.replaced.items()
    )
    return (
        f"Encrypted {rotation.rewritten} secrets with key {rotation.key_id}.\n"
        f"When every server has key {rotation.key_id} in its key file, remove the older keys: "
        f"`sed -i '$!d' {path}`.\n"
        f"{backups}\n"
        "Keep these keys for as long as you keep the backups."
    )


@keys.command("forget-secrets")
@click.option("--yes", is_flag=True, help="Clear without confirmation.")
@settings_options("database")
def forget(settings: Settings, yes: bool) -> None:
    """List the secrets that the key file cannot decrypt, and clear them.

    Use this if the key is lost. If there is no key file, first create a new one:

    \b
        umask 077; openssl rand -base64 32 > portico.key

    Signing keys that cannot be decrypted are deleted, so API clients and people must sign in again.
    Providers without a readable client secret are disabled until you run `portico provider
    set-secret`. Second factors that cannot be decrypted accept no answer: their administrators use
    a recovery code, or you run `portico admin reset-second-factor`.
    """
    lost = run_as_operator(settings, find_lost_secrets)
    if not lost:
        click.echo("Every secret can be decrypted. There is nothing to clear.")
        return
    for key_id in lost.keys:
        click.echo(f"Key {key_id} is not in the key file.")
    for signing_key in lost.signing_keys:
        click.echo(f"Cannot decrypt signing key {signing_key}.")
    for each in lost.providers:
        click.echo(
            f"Cannot decrypt the client secret of provider {each.name} ({each.id}) of tenant "
            f"{each.customer_id}."
        )
    for factor in lost.second_factors:
        click.echo(f"Cannot decrypt a second factor of administrator {factor.administrator}.")
    if not yes:
        click.confirm("Clear these secrets?", abort=True)
    run_as_operator(settings, lambda runtime: forget_secrets(runtime, lost))
    click.echo("Cleared.")


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
