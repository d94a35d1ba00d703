"""`portico emulate`: the stand-in for tests, in the foreground or in the background."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portico.cli.stand_in.options import (
    chosen_folder,
    emulate_options,
    first_tenants,
    stand_in_options,
    state_folder_option,
)
from portico.emulation.access import access_text
from portico.emulation.control_client import call_control
from portico.emulation.environment import client_environment, environment_file, shell_text
from portico.emulation.state_folder import StandInError, StateFolder
from portico.storage.engine.files import replace_private_file

if TYPE_CHECKING:
    from portico.emulation.access import StandInAccess

READY_SECONDS = 30.0
_FOLLOW_SECONDS = 0.2


@click.group(invoke_without_command=True)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="When it is ready, print how to reach it as one line of JSON.",
)
@click.option(
    "--stop-on-eof",
    is_flag=True,
    help="Stop when standard input ends, as it does when the program ends that started it.",
)
@stand_in_options
@click.pass_context
def emulate(context: click.Context, /, **options: Any) -> None:  # noqa: ANN401  # click's values
    """Run a stand-in for the vendor's cloud, for tests of Terraform, Ansible, Go and Python.

    It listens on this machine only and keeps its data in a temporary database. Ctrl-C stops it.
    """
    if context.invoked_subcommand is None:
        _run(options)
        return
    given = [
        name
        for name in options
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        flag = f"--{given[0].replace('_', '-')}"
        raise click.UsageError(f"Write {flag} after {context.invoked_subcommand}.")


@emulate.command()
@stand_in_options
def start(state_dir: Path | None, env_file: Path | None, **options: Any) -> None:  # noqa: ANN401  # click's values
    """Start a stand-in in the background, and return when it is ready.

    On GitHub Actions, later steps of the job get its variables.
    """
    folder = chosen_folder(state_dir)
    folder.require_free()
    first_tenants(options["seed"], options["tenants"])
    arguments = ["--state-dir", str(folder.path)]
    arguments += _arguments(options)
    access = _start(folder, arguments)
    try:
        _hand_over(access, env_file)
        _export_to_later_steps(access)
    except StandInError:
        folder.stop()
        raise
    click.echo(access_text(access))
    click.echo(f"\nStop it with `portico emulate stop{_option(state_dir)}`.")


@emulate.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@state_folder_option
def status(state_dir: Path | None, as_json: bool) -> None:
    """Show whether the stand-in in the background runs, and how to reach it."""
    folder = chosen_folder(state_dir)
    pid = folder.require_running()
    access = folder.access()
    if access is None:
        raise StandInError(f"The stand-in (process {pid}) is starting. `portico emulate wait`.")
    try:
        call_control(access.url, "GET", "health")
    except StandInError:
        raise StandInError(
            f"The stand-in (process {pid}) does not answer on {access.url}. Stop it with "
            f"`portico emulate stop{_option(state_dir)}`; {folder.log} may say why."
        ) from None
    click.echo(access.to_json() if as_json else f"{'Process':16}{pid}\n{access_text(access)}")


@emulate.command()
@click.option(
    "--timeout",
    type=click.FloatRange(0, 600),
    default=READY_SECONDS,
    show_default=True,
    help="Seconds to wait.",
)
@state_folder_option
def wait(state_dir: Path | None, timeout: float) -> None:
    """Wait until the stand-in in the background is ready."""
    click.echo(chosen_folder(state_dir).wait_until_ready(timeout).url)


@emulate.command()
@click.option("--follow", "-f", is_flag=True, help="Go on until the stand-in ends.")
@state_folder_option
def logs(state_dir: Path | None, follow: bool) -> None:
    """Print the log of the stand-in in the background."""
    folder = chosen_folder(state_dir)
    if not folder.log.exists():
        folder.require_running()
        raise StandInError(f"The stand-in in {folder.path} writes to a terminal, not to a log.")
    for text in _log_parts(folder, follow=follow):
        click.echo(text, nl=False)


@emulate.command()
@state_folder_option
def stop(state_dir: Path | None) -> None:
    """Stop the stand-in in the background and remove its temporary database."""
    folder = chosen_folder(state_dir)
    if folder.stop():
        click.echo("The stand-in has stopped.")
    else:
        click.echo("The stand-in did not stop by itself, so it was killed.")


def _run(options: dict[str, Any]) -> None:
    """Run a stand-in until a signal comes."""
    # Hardly anything that a start creates is garbage, and looking for it takes 7 % of its time.
    gc.disable()
    from portico.emulation.foreground import run_in_foreground

    state_dir: Path | None = options.pop("state_dir")
    env_file: Path | None = options.pop("env_file")
    as_json: bool = options.pop("as_json")
    stop_on_eof: bool = options.pop("stop_on_eof")
    folder = None if state_dir is None else StateFolder(state_dir)

    def ready(access: StandInAccess) -> None:
        gc.enable()
        _hand_over(access, env_file)
        if as_json:
            click.echo(_one_line(access))
        else:
            click.echo(f"{access_text(access)}\n\nThe stand-in is ready. Ctrl-C stops it.")

    try:
        run_in_foreground(emulate_options(options), folder, ready, stop_on_eof=stop_on_eof)
    finally:
        gc.enable()


def _one_line(access: StandInAccess) -> str:
    """Return how to reach a stand-in, and the environment of its clients, as JSON."""
    return json.dumps({**json.loads(access.to_json()), "environment": client_environment(access)})


def _arguments(options: Mapping[str, object]) -> list[str]:
    """Return the command line with the options that were given."""
    arguments = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            arguments.append(flag)
        elif isinstance(value, tuple):
            arguments += [part for each in value for part in (flag, str(each))]
        elif value is not None and value is not False:
            arguments += [flag, str(value)]
    return arguments


def _start(folder: StateFolder, arguments: list[str]) -> StandInAccess:
    """Start the process in the background, and return how to reach it once it is ready."""
    folder.prepare_log()
    with folder.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "portico", "emulate", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        return folder.wait_until_ready(
            READY_SECONDS, lambda: process.poll() is None, pid=process.pid
        )
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        # The process goes on by itself; nobody here waits for it.
        process.returncode = 0 if process.returncode is None else process.returncode


def _hand_over(access: StandInAccess, env_file: Path | None) -> None:
    """Write the variables for clients to the file of `--env-file`."""
    if env_file is None:
        return
    try:
        replace_private_file(env_file, environment_file(client_environment(access)).encode())
    except OSError as error:
        raise StandInError(
            f"The file {env_file} cannot be written: {error.strerror}. Name another one with "
            "--env-file."
        ) from None


def _export_to_later_steps(access: StandInAccess) -> None:
    """Give the variables to the later steps of a job on GitHub Actions."""
    file = os.environ.get("GITHUB_ENV")
    if not file:
        return
    try:
        with Path(file).open("a") as variables:
            variables.write(shell_text("github", client_environment(access)))
    except OSError as error:
        raise StandInError(
            f"The file {file} cannot be written: {error.strerror}. GITHUB_ENV names it; unset it "
            "outside GitHub Actions."
        ) from None


def _log_parts(folder: StateFolder, *, follow: bool) -> Iterator[str]:
    with folder.log.open() as log:
        while True:
            runs = folder.is_running()
            yield log.read()
            if not (follow and runs):
                return
            time.sleep(_FOLLOW_SECONDS)


def _option(state_dir: Path | None) -> str:
    return "" if state_dir is None else f" --state-dir {state_dir}"
