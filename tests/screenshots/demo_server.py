"""A demo server on a database of its own, whose clock begins at the same moment every time.

So the pictures tell the same day, the same "8 min" and the same month of openings whenever they are
taken, and a change in one of them is a change of the program.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

# A Tuesday morning, when people open the page.
MOMENT = datetime(2026, 5, 12, 8, 52, tzinfo=UTC)
START_SECONDS = 60
# Before anything of Portico is imported; the workers are forked from this process.
_SERVE = """
import sys, time
real, shift = time.time, float(sys.argv.pop(1)) - time.time()
time.time = lambda: real() + shift
from portico.cli import main
main()
"""


class ServerFailed(Exception):
    """The server did not come up; the message holds the end of its log."""


@dataclass(frozen=True)
class DemoServer:
    """A running demo; `passwords` are by the name that people sign in with."""

    url: str
    passwords: dict[str, str]


@contextmanager
def running_demo(folder: Path) -> Iterator[DemoServer]:
    """A demo server with its database in a folder; it ends with the block. Raises ServerFailed."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = (
        "serve",
        "--demo",
        "--port",
        str(port),
        "--database",
        f"sqlite:///{folder}/demo.db",
    )
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(MOMENT.timestamp()), *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={key: value for key, value in os.environ.items() if not _is_setting(key)},
        )
    try:
        _await_ready(process, url, log)
        people = json.loads((folder / "demo.demo.json").read_text())["people"]
        yield DemoServer(url, {each["name"]: each["password"] for each in people})
    finally:
        process.terminate()
        process.wait(30)


def _is_setting(variable: str) -> bool:
    return variable.startswith("PORTICO_")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise ServerFailed(f"The server did not start:\n{log.read_text(errors='replace')[-2000:]}")
