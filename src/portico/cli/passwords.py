"""Passwords of people for commands: prompted, read from standard input, or generated."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from portico.cli.terminal import require_terminal
from portico.domain.errors import InvalidField
from portico.domain.people.passwords import LONGEST_PASSWORD, check_password, new_password

Command = Callable[..., Any]


@dataclass(frozen=True)
class ChosenPassword:
    """A password, and whether the command generated it and so must print it."""

    password: str
    is_new: bool


def password_options(command: Command) -> Command:
    """Add `--password-stdin` and `--generate`. The command receives both as flags."""
    stdin = click.option(
        "--password-stdin", is_flag=True, help="Read the password from standard input."
    )
    generate = click.option(
        "--generate", is_flag=True, help="Generate a password and print it once."
    )
    return stdin(generate(command))


def choose_password(*, password_stdin: bool, generate: bool) -> ChosenPassword:
    """Return the password that the flags select. Without a flag, ask for it twice, hidden.

    Raises InvalidField for a password that is not allowed, NoTerminal if nobody can be asked.
    """
    if password_stdin and generate:
        raise InvalidField("--generate", "It cannot be combined with --password-stdin.")
    if generate:
        return ChosenPassword(new_password(), True)
    if password_stdin:
        line = sys.stdin.readline(LONGEST_PASSWORD + 2).rstrip("\r\n")
        return ChosenPassword(check_password(line), False)
    require_terminal(
        "There is no terminal to ask for the password. Add --generate to generate and print one, "
        "or --password-stdin to read it from a line of standard input, for example: "
        f"printf '%s\\n' \"$PASSWORD\" | {click.get_current_context().command_path} ... "
        "--password-stdin."
    )
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return ChosenPassword(check_password(asked), False)
