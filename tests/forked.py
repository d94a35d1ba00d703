"""Servers that are forked from one process which has imported Portico already.

Importing it is most of what a start costs. `python -m tests.forked` is that process: it reads
requests as lines of JSON and answers each with a line. A forked server differs from a started one
only in that its modules are there; `tests/cli/test_forked.py` compares the two.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import IO, Any, Protocol

from tests.secret_watch import secret_watch

PROGRAM = ("-m", "portico")
"""How Python runs the program, for a server that must not be forked."""

_PRELOADED = (
    "portico.app",
    "portico.cli.serve",
)
_POLL_SECONDS = 0.01


class ServerProcess(Protocol):
    """What tests need of the process of a server. A `subprocess.Popen` has it."""

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its session."""

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, once it has ended. Raises TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""

    def terminate(self) -> None:
        """Ask it to stop."""

    def kill(self) -> None:
        """End it at once."""


class ForkedProcess:
    """A server that another process forked for us."""

    def __init__(self, forker: Forker, pid: int) -> None:
        self._forker = forker
        self._status: int | None = None
        self.pid = pid

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        if self._status is None:
            self._status = self._forker.ask("poll", self.pid)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, once it has ended. Raises TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if timeout is not None and deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(["portico"], timeout)
            time.sleep(_POLL_SECONDS)
        return status

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Forker:
    """The process that forks servers."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
            start_new_session=True,
        )

    def start(
        self,
        arguments: Sequence[str],
        log: Path,
        environment: Mapping[str, str],
        errors: Path | None = None,
    ) -> ForkedProcess:
        """Run `portico` with arguments in a session of its own; `log` takes all that it prints.

        With `errors` it takes only the standard output, and `errors` the rest.
        """
        umask = os.umask(0)
        os.umask(umask)
        folder = Path.cwd()
        files = [str(folder / each) for each in (log, errors or log)]
        start = (list(arguments), files, dict(environment), str(folder), umask)
        return ForkedProcess(self, self.ask("start", *start))

    def ask(self, *request: object) -> Any:  # noqa: ANN401  # any JSON value
        """Return the answer to a request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, "The process that forks servers has ended."
        return json.loads(answer)

    def close(self) -> None:
        """End the process; the servers have been stopped."""
        with self._process:
            pass


@cache
def forker() -> Forker:
    """Return the forker of this test process, which starts with the first server."""
    return Forker()


def launch(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str], program: Sequence[str]
) -> ServerProcess:
    """Run `portico` in a session of its own: forked, or by a Python that `program` starts.

    The test fails if a secret is in its log.
    """
    process = _start(arguments, log, environment, program)
    has_banner = "--demo" in arguments or "emulate" in arguments
    secret_watch().follow(log, process, has_banner=has_banner)
    return process


def _start(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str], program: Sequence[str]
) -> ServerProcess:
    if not program:
        return forker().start(arguments, log, environment)
    with log.open("ab") as sink:
        return subprocess.Popen(
            [sys.executable, *program, *arguments],
            stdout=sink,
            stderr=sink,
            env=environment,
            start_new_session=True,
        )


def _run(
    arguments: list[str], files: list[str], environment: dict[str, str], folder: str, umask: int
) -> None:
    """Do in this process what `python -m portico` does."""
    os.setsid()
    os.chdir(folder)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for number, file in enumerate(files, 1):
        with Path(file).open("ab") as sink:
            os.dup2(sink.fileno(), number)
    os.umask(umask)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.path[0] = folder
    sys.argv = ["portico", *arguments]
    runpy.run_module("portico", run_name="__main__", alter_sys=True)
    sys.exit()


def _poll(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _answer(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until there are no more. A fork leaves it by the end of its server.

    When the tests are killed, the servers that still run end too.
    """
    running: set[int] = set()
    for line in requests:
        kind, *values = json.loads(line)
        if kind == "poll":
            answer: int | None = _poll(*values)
            if answer is not None:
                running.discard(*values)
        else:
            assert threading.active_count() == 1, "A fork would lose the other threads."
            answer = os.fork()
            if not answer:
                requests.close()
                answers.close()
                _run(*values)
            running.add(answer)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
    for process_id in running:
        with suppress(ProcessLookupError):
            os.killpg(process_id, signal.SIGKILL)


def main() -> None:
    """Import what every server imports, then fork servers.

    The pipes move away from the standard streams, whose objects a server finds unused.
    """
    for name in _PRELOADED:
        import_module(name)
    gc.collect()
    gc.freeze()
    with os.fdopen(os.dup(0), "rb", 0) as requests, os.fdopen(os.dup(1), "wb") as answers:
        _answer(requests, answers)


if __name__ == "__main__":
    main()
