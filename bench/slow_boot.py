"""`portico` whose workers take longer to start: they first sleep for `BENCH_BOOT_SECONDS`."""

from __future__ import annotations

import multiprocessing
import os
import time

from starlette.types import ASGIApp

from portico import server, worker
from portico.cli import main as portico
from portico.services.people.first_steps import CommandLine
from portico.settings import Settings


def load_slowly(settings: Settings, command_line: CommandLine, start: worker.Start) -> ASGIApp:
    """Sleep, then load the worker. The kernel ends it with its parent meanwhile too."""
    worker.end_with_parent(start.parent)
    time.sleep(float(os.environ["BENCH_BOOT_SECONDS"]))
    return worker.load_worker(settings, command_line, start)


def main() -> None:
    """Run `portico` with the arguments of the command line."""
    if method := os.environ.get("BENCH_START_METHOD"):
        multiprocessing.set_start_method(method)
    server.load_worker = load_slowly
    portico()
