"""The `portico` command: it serves, and manages an installation for its operator."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from portico import __version__
from portico.domain.errors import PorticoError, Unavailable
from portico.settings import InvalidSetting

# The module of each command, and its line in the help.
_COMMANDS = {
    "admin": ("administrators", "Administrators: the people who sign in to the console."),
    "application": (
        "applications",
        "Application segments: what the applicationId of a link names.",
    ),
    "client": ("clients", "API clients: the programs that sign in."),
    "db": ("database", "The schema of the database."),
    "domain": ("domains", "Domains: which tenant's portals may be reached at which domain."),
    "keys": (
        "keys",
        "The keys that sign access tokens, and the key that encrypts secrets in the database.",
    ),
    "provider": ("providers", "OpenID providers: who signs people in besides Portico."),
    "serve": ("serve", "Serve the API."),
    "tenant": ("tenants", "Tenants: the customers of this installation."),
    "user": ("users", "Portal users: the people who open links."),
}


class _LazyGroup(click.Group):
    """Imports the module of a command when the command runs.

    `portico --help` would otherwise load the database and every service.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of the help."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with a name, or None."""
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"portico.cli.{module}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in sorted(_COMMANDS)])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="portico")
def portico() -> None:
    """Self-hosted user portals and portal links."""


def main() -> None:
    """Run the command line. A known error prints one sentence and exits with status 1."""
    try:
        portico(standalone_mode=True)
    except InvalidSetting as error:
        sys.exit(f"portico: {error}")
    except PorticoError as error:
        sys.exit(f"portico: {_sentence(error)}")


def _sentence(error: PorticoError) -> str:
    """Return the reason of an error, with the words of a database that cannot serve."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    said = str(cause).partition("\n")[0].rstrip(".")
    if not isinstance(error, Unavailable) or not said or said in error.reason:
        return error.reason
    return f"{error.reason} It says: {said}."
