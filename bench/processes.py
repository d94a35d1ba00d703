"""Starts servers as processes on their cores, waits until they are ready, and ends them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.cores import pinned
from bench.http_client import Connection

START_SECONDS = 60


class ServerFailed(Exception):
    """A server did not start. The message contains the end of its log."""


def end_cleanly_when_told() -> None:
    """Make SIGTERM raise SystemExit, so that no server is left running."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One running server."""

    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.port = port
        self._process = process
        self._log = log

    def await_ready(self, path: str) -> None:
        """Wait until the path answers 2xx. Raises ServerFailed after a time limit."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if _answers(self.port, path):
                return
            time.sleep(0.1)
        raise ServerFailed(f"{self.name} did not answer {path}. {self.last_words()}")

    @property
    def ended(self) -> bool:
        """Return whether it ended by itself."""
        return self._process.returncode is None and self._process.poll() is not None

    @property
    def status(self) -> str:
        return f"exit status {self._process.returncode}"

    def worker(self) -> int:
        """Return the id of the worker process: the first child of the server's process."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return int(children.read_text().split()[0])

    def last_words(self) -> str:
        """Return the end of its log, for a message."""
        return f"The end of its log:\n{self._log.read_text(errors='replace')[-2000:]}"

    def stop(self) -> None:
        """End the process and every process that it started."""
        if self._process.returncode is not None:
            return
        for ending in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, ending)
                self._process.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self._process.wait()


def _answers(port: int, path: str) -> bool:
    connection = Connection(port, timeout=5)
    try:
        return 200 <= connection.send("GET", path).status < 300
    except OSError:
        return False
    finally:
        connection.close()


class Processes:
    """The servers of one run. Leaving the block ends them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._servers: list[Server] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_reason: object) -> None:
        self._stack.close()

    def autopsy(self) -> str:
        """Describe the servers that ended by themselves, with the ends of their logs."""
        dead = [server for server in self._servers if server.ended]
        return "\n".join(
            f"{server.name} has ended ({server.status}). {server.last_words()}" for server in dead
        )

    def start(
        self,
        name: str,
        command: Callable[[int], Sequence[str]],
        cores: tuple[int, ...],
        *,
        env: Mapping[str, str] | None = None,
        ready: str = "/readyz",
        directory: Path | None = None,
    ) -> Server:
        """Start the command on a free port and these cores, and wait until it answers."""
        port = free_port()
        log = self._folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                pinned(list(command(port)), cores),
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=directory,
                start_new_session=True,
            )
        server = Server(name, port, process, log)
        self._stack.callback(server.stop)
        self._servers.append(server)
        server.await_ready(ready)
        return server
