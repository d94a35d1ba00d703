"""Runs a command in the foreground: passes signals on, and returns the status as a shell does."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from portico.domain.errors import InvalidInput

FORWARDED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
OF_THE_KEYBOARD = (signal.SIGINT, signal.SIGQUIT)
SIGNALLED = 128
NOT_FOUND = 127
NOT_EXECUTABLE = 126


class CommandError(InvalidInput):
    """A command cannot be started. `status` is the exit status that a shell would return."""

    code = "portico.emulator.command"

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status


class Stopped(Exception):
    """A signal came before the command started. `status` is the exit status that it asks for."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Stopped with status {status}.")
        self.status = status


def find_program(name: str) -> str:
    """Return the path of a program, as a shell finds it. Raises CommandError."""
    found = shutil.which(name)
    if found is not None:
        return found
    if "/" in name and Path(name).exists():
        raise CommandError(f"{name} is not an executable file.", NOT_EXECUTABLE)
    where = "" if "/" in name else " in the folders of PATH"
    raise CommandError(f"There is no command {name}{where}.", NOT_FOUND)


class ChildProcess:
    """Runs one command while it passes on the signals that this process gets."""

    def __init__(self, task: asyncio.Task[object]) -> None:
        self._task = task
        self._process: asyncio.subprocess.Process | None = None
        self._stopped_by = 0

    async def run(
        self, program: str, command: Sequence[str], environment: Mapping[str, str]
    ) -> int:
        """Run a program with the arguments of a command, and return its exit status.

        The status is 128 and the number of the signal if one ended it. Raises CommandError.
        """
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command, executable=program, env=environment
            )
        except OSError as error:
            raise CommandError(
                f"{program} cannot be run: {error.strerror}.", NOT_EXECUTABLE
            ) from None
        status = await self._process.wait()
        return status if status >= 0 else SIGNALLED - status

    def stopped(self) -> Stopped:
        """Return the exception for a signal that came before the command."""
        return Stopped(SIGNALLED + self._stopped_by)

    def handle(self, number: signal.Signals) -> None:
        """Pass a signal on. Before the command runs, the task ends instead."""
        if self._process is None:
            self._stopped_by = number
            self._task.cancel()
        elif self._process.returncode is None and not _came_from_keyboard(number):
            self._process.send_signal(number)


@asynccontextmanager
async def passing_signals_on() -> AsyncIterator[ChildProcess]:
    """Give a block that runs one command the signals of this process. Raises Stopped."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    child = ChildProcess(task)
    for number in FORWARDED:
        loop.add_signal_handler(number, child.handle, number)
    try:
        yield child
    except asyncio.CancelledError:
        raise child.stopped() from None
    finally:
        for number in FORWARDED:
            loop.remove_signal_handler(number)


def _came_from_keyboard(number: signal.Signals) -> bool:
    """Return whether the terminal has sent the signal to the command as well.

    Terraform and others end at once, without cleaning up, when they get a second Ctrl-C.
    """
    if number not in OF_THE_KEYBOARD:
        return False
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
