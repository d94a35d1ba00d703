"""Runs a stand-in until a signal stops it."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from portico.emulation.access import StandInAccess
from portico.emulation.running import EmulateOptions, running_stand_in
from portico.emulation.state_folder import StateFolder
from portico.observability import configure_logging


def run_in_foreground(
    options: EmulateOptions,
    folder: StateFolder | None,
    ready: Callable[[StandInAccess], None],
) -> None:
    """Run a stand-in, call `ready` when it answers, and return after SIGTERM or SIGINT.

    With a state folder, other commands can find it. Raises PorticoError.
    """
    configure_logging("warning")
    if folder is not None:
        options = replace(options, database_folder=folder.database_folder)

    async def run() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(stop, stopped.set)
        async with running_stand_in(options) as access:
            # Objects that live as long as the process; collecting them would stop every request.
            gc.freeze()
            ready(access)
            if folder is not None:
                folder.publish(access)
            await stopped.wait()

    with nullcontext() if folder is None else folder.held():
        asyncio.run(run())
