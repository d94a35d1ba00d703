"""One worker process: it serves the application and ends with the main process.

Granian forks workers up to Python 3.13 and spawns them from 3.14. Both start in `load_worker`.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from granian import _signals as server_signals
from starlette.types import ASGIApp

from portico.app import create_app
from portico.backup_schedule import start_backups
from portico.instruments import Instruments
from portico.observability.logs import configure_logging
from portico.observability.traces import open_tracing
from portico.retention_schedule import start_retention
from portico.retirement import STOPS, RetiringApp
from portico.services.people.first_steps import CommandLine
from portico.settings import Settings

PARENT_CHECK_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True)
class Start:
    """What the main process tells a worker. `parent` is the process id of the main process.

    `listener` is the file descriptor of the listener, `port` its port. `number` is the worker's
    number, from 1. On `ready` the worker reports that it can serve, and on `metrics` what it has
    counted, if the main process collects that.
    """

    parent: int
    listener: int
    port: int
    number: int
    ready: Connection
    metrics: Connection | None = None


def load_worker(settings: Settings, command_line: CommandLine, start: Start) -> ASGIApp:
    """Prepare this process to serve, and return its application."""
    end_with_parent(start.parent)
    # These apply until the server installs its handlers. A spawned worker has Python's own, which
    # print a traceback for SIGINT; a forked one has those of the main process.
    for stop in STOPS:
        signal.signal(stop, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that closes sends it to every process
    configure_logging(settings.log_level, settings.log_format, worker=start.number)
    instruments = _make_instruments(start)
    app = RetiringApp(
        create_app(settings, command_line=command_line, instruments=instruments),
        start.listener,
        start.port,
        start.ready,
    )
    server_signals.set_loop_signals = app.handle_stops
    if start.number == 1:
        start_retention(settings)
        start_backups(settings)
    # The objects that exist now live as long as the process. Freezing them speeds up the garbage
    # collection that a large body causes, which stops every thread.
    gc.collect()
    gc.freeze()
    return app


def _make_instruments(start: Start) -> Instruments:
    reporter = None
    if start.metrics is not None:
        # Only a server with metrics loads their library.
        from portico.observability.pipes import WorkerReporter

        reporter = WorkerReporter(start.metrics)
    return Instruments(reporter=reporter, tracing=open_tracing(os.environ))


def end_with_parent(parent: int) -> None:
    """Make this process end with its parent, whose process id is `parent`, even after `kill -9`.

    Call it on the main thread of a direct child: the kernel cancels the request when the calling
    thread ends, and in a forked child.
    """
    if not _ask_kernel():
        threading.Thread(target=watch_parent, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before the request to the kernel
        _end()


def watch_parent(parent: int) -> None:
    """End this process when it is no longer a child of `parent`. Never returns."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    _end()


def _ask_kernel() -> bool:
    if sys.platform != "linux":
        return False
    refused: int = ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    return refused == 0


def _end() -> None:
    # SIGKILL, because a worker that hangs must free the port too.
    os.kill(os.getpid(), signal.SIGKILL)
