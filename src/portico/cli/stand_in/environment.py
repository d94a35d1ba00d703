"""`portico env`: the environment of clients of a running stand-in, for a shell."""

from __future__ import annotations

import os
from pathlib import Path

import click

from portico.cli.stand_in.options import chosen_folder, state_folder_option
from portico.emulation.environment import (
    SHELLS,
    client_environment,
    read_environment_file,
    shell_text,
    stray_variables,
)
from portico.emulation.state_folder import StandInError

legacy_option = click.option(
    "--legacy", is_flag=True, help="Let clients sign in by the legacy API alone, not by OneAPI."
)


@click.command("env")
@click.option(
    "--shell",
    type=click.Choice(SHELLS),
    default="sh",
    show_default=True,
    help="The shell that reads the text. github is for the file in $GITHUB_ENV.",
)
@legacy_option
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Print the variables of this file, which `portico emulate --env-file` wrote.",
)
@state_folder_option
def env(shell: str, legacy: bool, env_file: Path | None, state_dir: Path | None) -> None:
    """Print the variables that lead the vendor's clients to a running stand-in.

    For example: eval "$(portico env)"
    """
    if env_file is not None:
        if legacy or state_dir is not None:
            raise click.UsageError("--env-file excludes --legacy and --state-dir.")
        variables = read_environment_file(env_file)
    else:
        folder = chosen_folder(state_dir)
        pid = folder.require_running()
        access = folder.access()
        if access is None:
            raise StandInError(
                f"The stand-in (process {pid}) is starting. Run `portico emulate wait` first."
            )
        variables = client_environment(access, legacy=legacy)
    removed = stray_variables(os.environ, variables)
    click.echo(shell_text(shell, variables, removed), nl=False)
