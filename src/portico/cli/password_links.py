"""Links by which people set a password, printed once by commands."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import click

from portico.services.people.password_links import NewPasswordLink

CONSOLE = "/console"


def link_address(made: NewPasswordLink, path: str, public_url: str) -> str:
    """Return the address of a link at the console or a portal; without a public URL, its path."""
    return f"{public_url}{path}/set-password?link={quote(made.token, safe='')}"


def print_link(made: NewPasswordLink, path: str, public_url: str) -> None:
    """Print a link and when it ends. Portico cannot show it again."""
    ends = f"{datetime.fromtimestamp(made.expires, UTC):%Y-%m-%d %H:%M} UTC"
    click.echo(f"Link for {made.name}: {link_address(made, path, public_url)}")
    click.echo(f"It works once, until {ends}. Portico stores only a digest of it.")
    if not public_url:
        click.echo("Put the address of the server in front of it, or set --public-url.")
