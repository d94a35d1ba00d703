"""Runs a stand-in until a signal stops it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace

from portico.emulation.access import StandInAccess
from portico.emulation.running import EmulateOptions, running_stand_in
from portico.emulation.state_folder import StateFolder
from portico.observability.logs import configure_logging

_INPUT_BYTES = 65_536


def run_in_foreground(
    options: EmulateOptions,
    folder: StateFolder | None,
    ready: Callable[[StandInAccess], None],
    *,
    stop_on_eof: bool = False,
) -> None:
    """Run a stand-in, call `ready` when it answers, and return after SIGTERM or SIGINT.

    With a state folder, other commands can find it. With `stop_on_eof`, it also returns when
    standard input ends. Raises PorticoError.
    """
    configure_logging("warning")
    if folder is not None:
        options = replace(options, database_folder=folder.database_folder)

    async def run() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(stop, stopped.set)
        if stop_on_eof:
            _at_end_of_input(lambda: loop.call_soon_threadsafe(stopped.set))
        async with running_stand_in(options) as access:
            # Objects that live as long as the process; collecting them would stop every request.
            gc.freeze()
            ready(access)
            if folder is not None:
                folder.publish(access)
            await stopped.wait()

    with nullcontext() if folder is None else folder.held():
        asyncio.run(run())


def _at_end_of_input(stop: Callable[[], object]) -> None:
    """Call `stop` when standard input ends, from a thread that does not outlive the process."""

    def read() -> None:
        # Not by sys.stdin: its lock, held by a daemon thread, aborts the interpreter at its end.
        while os.read(0, _INPUT_BYTES):
            pass
        with suppress(RuntimeError):  # the stand-in has stopped meanwhile
            stop()

    threading.Thread(target=read, daemon=True).start()
