"""The `portico` command: the server, and the operator's commands on an installation."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

import click

from portico.domain.errors import PorticoError, Unavailable
from portico.settings import InvalidSetting

# The module of each command, and its line in `portico --help`.
_COMMANDS = {
    "admin": ("administrators", "Manage administrators, who sign in to the console."),
    "application": (
        "applications",
        "Manage application segments, which the applicationId of a link names.",
    ),
    "backup": ("backups", "Create, verify and restore backups of the server or of one tenant."),
    "ca": ("stand_in.ca", "Manage the certificate authority that clients of the stand-in trust."),
    "client": ("clients", "Manage API clients, the programs that call the API."),
    "db": ("database", "Manage the schema of the database."),
    "doctor": (
        "doctor",
        "Check an installation, and say what to type against each fault. Changes nothing.",
    ),
    "domain": ("domains", "Manage the domains that each tenant can use for its portals."),
    "emulate": (
        "stand_in.emulate",
        "Run a stand-in for the vendor's cloud, for tests of Terraform, Ansible, Go and Python.",
    ),
    "env": (
        "stand_in.environment",
        "Print the variables that lead the vendor's clients to a running stand-in.",
    ),
    "keys": (
        "keys",
        "Manage signing keys and the key that encrypts secrets in the database.",
    ),
    "mutate": (
        "stand_in.mutate",
        "Change, disable or delete LINK, an id or a name, as another administrator.",
    ),
    "provider": ("providers", "Manage the OpenID providers through which people sign in."),
    "record": (
        "stand_in.recordings",
        "Record what a command calls at the vendor, for `portico verify`.",
    ),
    "seed": (
        "stand_in.seeds",
        "Check and export seeds, the files that `portico emulate --seed` reads.",
    ),
    "run": (
        "stand_in.run",
        "Run a command with a stand-in for the vendor's cloud that ends with it.",
    ),
    "serve": ("serve", "Serve the API, the console and the portal pages."),
    "tenant": ("tenants", "Manage tenants, the customers of this installation."),
    "verify": (
        "stand_in.recordings",
        "Compare Portico with recorded exchanges of the vendor's API.",
    ),
    "user": ("users", "Manage portal users, who open links."),
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
        name, _ = _COMMANDS[cmd_name]
        # Nothing that an import makes is garbage, and looking for it takes 8 % of the time.
        gc.disable()
        try:
            module = import_module(f"portico.cli.{name}")
        finally:
            gc.enable()
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in sorted(_COMMANDS)])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=lambda context, _, asked: _print_version(context) if asked else None,
    help="Print the version, the database schema and the commit.",
)
def portico() -> None:
    """Self-hosted user portals and portal links."""


def _print_version(context: click.Context) -> None:
    from portico.build import read_build  # imports SQLAlchemy

    click.echo(f"portico {read_build()}")
    context.exit()


def main() -> None:
    """Run the command line. An expected error prints one sentence and exits with status 1."""
    try:
        portico(standalone_mode=True)
    except InvalidSetting as error:
        sys.exit(f"portico: {error}")
    except PorticoError as error:
        sys.exit(f"portico: {_sentence(error)}")


def _sentence(error: PorticoError) -> str:
    """Return the reason of an error, with the database's own message if the database failed."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    message = str(cause).partition("\n")[0].rstrip(".")
    if not isinstance(error, Unavailable) or not message or message in error.reason:
        return error.reason
    return f"{error.reason} Its message is: {message}."
