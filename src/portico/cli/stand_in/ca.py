"""`portico ca`: the certificate authority that clients of the stand-in trust."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from portico.emulator.listeners.authority import Authority

Command = Callable[..., Any]


def _authority_options(command: Command) -> Command:
    folder = click.option(
        "--ca-dir",
        "ca_folder",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the certificate authority. Default: portico/ca in the XDG data folder.",
    )
    cloud = click.option(
        "--cloud",
        "clouds",
        multiple=True,
        metavar="NAME",
        help="Name of a further cloud of the vendor. Can be repeated.",
    )
    return folder(cloud(command))


@click.group()
def ca() -> None:
    """Manage the certificate authority that clients of the stand-in trust.

    It can sign only for the vendor's host names and for this machine.
    """


@ca.command()
@_authority_options
def show(ca_folder: Path | None, clouds: tuple[str, ...]) -> None:
    """Print the certificate's file, fingerprint, validity and domains; create it if needed."""
    from portico.emulator.listeners.authority import open_authority

    folder, domains = _location(ca_folder), _domains(clouds)
    click.echo(_description(open_authority(folder, domains, datetime.now(UTC))))


@ca.command()
@_authority_options
def renew(ca_folder: Path | None, clouds: tuple[str, ...]) -> None:
    """Replace the authority and its key. Clients must then trust the new certificate."""
    from portico.emulator.listeners.authority import renew_authority

    folder, domains = _location(ca_folder), _domains(clouds)
    click.echo(_description(renew_authority(folder, domains, datetime.now(UTC))))
    click.echo("\nRestart running stand-ins: they still use the old key.")


def _location(ca_folder: Path | None) -> Path:
    """Return the folder of the authority: the given one, or the default."""
    from portico.emulator.listeners.authority import default_folder

    return ca_folder or default_folder(os.environ)


def _domains(clouds: tuple[str, ...]) -> tuple[str, ...]:
    from portico.emulator.listeners.vendor_hosts import VendorHosts

    return VendorHosts.with_clouds(clouds).domains()


def _description(authority: Authority) -> str:
    from cryptography.hazmat.primitives import hashes

    certificate = authority.certificate
    digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    lines = [
        f"Certificate: {authority.path}",
        f"Subject:     {certificate.subject.rfc4514_string()}",
        f"SHA-256:     {digest}",
        f"Valid until: {authority.expires:%Y-%m-%d %H:%M:%S} UTC",
        "Signs for 127.0.0.0/8, ::1, and these domains with everything below them:",
        *(f"  {domain}" for domain in sorted(authority.domains())),
    ]
    return "\n".join(lines)
