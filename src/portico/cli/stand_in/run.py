"""`portico run`: a command with a private stand-in."""

from __future__ import annotations

import sys
from typing import Any

import click

from portico.cli.stand_in.environment import legacy_option
from portico.cli.stand_in.options import emulate_options, private_stand_in_options


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("command", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@legacy_option
@private_stand_in_options
def run(command: tuple[str, ...], legacy: bool, **options: Any) -> None:  # noqa: ANN401  # click's values
    """Run a command with a stand-in for the vendor's cloud that ends with it.

    COMMAND gets the variables that lead the vendor's clients to the stand-in. The exit status is
    that of COMMAND. For example: portico run -- python script.py
    """
    from portico.emulation.child_process import CommandError
    from portico.emulation.command import CommandOptions, configuration_files, run_command

    for file in configuration_files():
        click.echo(
            f"portico: The vendor's SDKs read {file} too. Move it away if the command reaches "
            "another cloud or does not sign in.",
            err=True,
        )
    chosen = emulate_options(options)
    try:
        sys.exit(run_command(CommandOptions(command=command, stand_in=chosen, legacy=legacy)))
    except CommandError as error:
        click.echo(f"portico: {error.reason}", err=True)
        sys.exit(error.status)
