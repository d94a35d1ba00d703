"""How a command gets a person's password: asked for, read from standard input, or made up."""

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
    """A password, and whether the command made it up and has to tell it."""

    password: str
    is_new: bool


def password_options(command: Command) -> Command:
    """`--password-stdin` and `--generate`; the command receives both as flags."""
    stdin = click.option(
        "--password-stdin", is_flag=True, help="Read the password from standard input."
    )
    generate = click.option(
        "--generate", is_flag=True, help="Make a password up and print it this once."
    )
    return stdin(generate(command))


def choose_password(*, password_stdin: bool, generate: bool) -> ChosenPassword:
    """The password that the flags ask for; without a flag it is asked for, hidden and twice.

    Raises InvalidField, or NoTerminal when it would have to ask and cannot.
    """
    if password_stdin and generate:
        raise InvalidField("--generate", "It cannot be used together with --password-stdin.")
    if generate:
        return ChosenPassword(new_password(), True)
    if password_stdin:
        line = sys.stdin.readline(LONGEST_PASSWORD + 2).rstrip("\r\n")
        return ChosenPassword(check_password(line), False)
    require_terminal(
        "There is no terminal to ask for the password. Add --generate to have one made up and "
        "printed, or --password-stdin to read it from a line of standard input, as in: "
        f"printf '%s\\n' \"$PASSWORD\" | {click.get_current_context().command_path} ... "
        "--password-stdin."
    )
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return ChosenPassword(check_password(asked), False)
