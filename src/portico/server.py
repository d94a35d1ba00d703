"""Running the application: one listening socket, one or several worker processes."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from granian.constants import Interfaces
from granian.server import Server

from portico.app import create_app
from portico.observability import configure_logging
from portico.services.first_steps import CommandLine
from portico.settings import InvalidSetting, Settings

SHUTDOWN_SECONDS = 20


def require_free_port(settings: Settings) -> None:
    """Raises InvalidSetting when the address cannot be listened on, saying why."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            if error.errno == errno.EADDRINUSE:
                raise InvalidSetting(
                    f"Another program listens on {where}; choose another one with --port."
                ) from None
            raise InvalidSetting(f"--host: cannot listen on {where}: {error.strerror}.") from None


def run_server(settings: Settings, command_line: CommandLine) -> None:
    """Serves until the process is told to stop; requests under way are answered first."""
    let_new_workers_be_stopped()
    Server(
        "portico",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=SHUTDOWN_SECONDS,
    ).serve(target_loader=partial(_load, settings, command_line), wrap_loader=False)


def _load(settings: Settings, command_line: CommandLine) -> Callable[..., Any]:
    """The application of one worker process."""
    configure_logging(settings.log_level)
    app = create_app(settings, command_line=command_line)
    # What startup made lives as long as the process. Frozen, it does not slow down the garbage
    # collection that a large body causes, which stops every thread.
    gc.collect()
    gc.freeze()
    return app


def let_new_workers_be_stopped() -> None:
    """Until the server installs its own handlers in a worker, a stop ends that worker.

    A worker is forked with its parent's handlers, which only tell the parent's own object to stop.
    And the interpreter forgets a signal that reaches a child before its first step, so signals
    wait until the child is ready to heed them.
    """
    stops = {signal.SIGTERM, signal.SIGINT}

    def heed_in_child() -> None:
        for stop in stops:
            signal.signal(stop, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stops)

    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, stops),
        after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, stops),
        after_in_child=heed_in_child,
    )
