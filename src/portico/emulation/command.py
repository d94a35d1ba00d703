"""Runs a command with a stand-in of its own, which ends with the command.

The stand-in is in this process, not in one more: nothing can stay behind when this process ends,
and one process starts sooner than two. The command keeps the terminal and the process group.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portico.emulation.child_process import Stopped, find_program, passing_signals_on
from portico.emulation.environment import (
    client_environment,
    hosts_without_proxy,
    stray_variables,
)
from portico.emulation.running import EmulateOptions, running_stand_in
from portico.observability.logs import configure_logging

CONFIGURATION_FILES = ("./zscaler.yaml", "~/.zscaler/zscaler.yaml")
KEPT_VARIABLES = ("ZSCALER_CLIENT_CACHE_ENABLED", "CHECKPOINT_DISABLE")
"""Variables that keep the value which the user gave them."""


@dataclass(frozen=True, kw_only=True)
class CommandOptions:
    """What to run: a command with its arguments, and the stand-in for it.

    With `legacy`, the command signs in by the legacy API alone.
    """

    command: Sequence[str]
    stand_in: EmulateOptions
    legacy: bool = False


def run_command(options: CommandOptions) -> int:
    """Run a command and return its exit status, or 128 and the number of the signal that ended it.

    Raises CommandError, and PorticoError if the stand-in cannot start or a report is not written.
    """
    configure_logging("error")
    program = find_program(options.command[0])
    try:
        return asyncio.run(_run(options, program))
    except Stopped as stopped:
        return stopped.status


def configuration_files() -> list[str]:
    """Return the configuration files of the vendor's SDKs that are here."""
    return [name for name in CONFIGURATION_FILES if Path(name).expanduser().is_file()]


async def _run(options: CommandOptions, program: str) -> int:
    async with passing_signals_on() as child, running_stand_in(options.stand_in) as access:
        # Objects that live as long as the process; collecting them would stop every request.
        gc.freeze()
        variables = client_environment(
            access,
            legacy=options.legacy,
            no_proxy=hosts_without_proxy(os.environ, access.cloud),
        )
        environment = _environment(os.environ, variables)
        return await child.run(program, options.command, environment)


def _environment(present: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the command."""
    removed = stray_variables(present, variables)
    kept = {name: value for name, value in present.items() if name not in removed}
    chosen = {name: kept[name] for name in KEPT_VARIABLES if name in kept}
    return {**kept, **variables, **chosen}
