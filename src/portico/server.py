"""Runs the server: one listening socket, and one or more worker processes."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable
from functools import partial

from granian.constants import Interfaces
from granian.server.mp import MPServer, WorkerProcess
from litestar.types import ASGIApp

from portico import __version__
from portico.observability import configure_logging
from portico.services.people.first_steps import CommandLine
from portico.settings import InvalidSetting, Settings
from portico.storage.engine.database import sqlite_path
from portico.storage.schema.migrate import newest_revision
from portico.worker import STOPS, load_worker

SHUTDOWN_SECONDS = 20

logger = logging.getLogger("portico")


def require_free_port(settings: Settings) -> None:
    """Raise InvalidSetting, with the reason, if Portico cannot listen on the address."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            if error.errno == errno.EADDRINUSE:
                raise InvalidSetting(
                    f"Another program listens on {where}. Choose another port with --port."
                ) from None
            raise InvalidSetting(f"--host: cannot listen on {where}: {error.strerror}.") from None


def run_server(settings: Settings, command_line: CommandLine) -> None:
    """Serve until the process must stop, then finish the requests in progress."""
    configure_logging(settings.log_level)
    make_new_workers_stoppable()
    server = PorticoServer(
        "portico",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=SHUTDOWN_SECONDS,
    )
    server.on_startup(partial(_log_start, settings))
    server.on_reload(_log_reload)
    server.serve(
        target_loader=partial(load_worker, settings, command_line, os.getpid()), wrap_loader=False
    )


class PorticoServer(MPServer):
    """Granian's main process, with log events for its workers.

    It overrides private methods, so `pyproject.toml` allows only tested versions of Granian.
    """

    def _spawn_worker(  # type: ignore[override]  # Granian's own signatures differ too
        self, idx: int, target: Callable[..., None], callback_loader: Callable[[int], ASGIApp]
    ) -> WorkerProcess:
        worker: WorkerProcess = super()._spawn_worker(
            idx, target, partial(callback_loader, idx + 1)
        )
        return worker

    def _respawn_workers(
        self,
        workers: list[int],
        spawn_target: Callable[..., None],
        target_loader: Callable[[int], ASGIApp],
        delay: float = 0,
    ) -> None:
        self._log_deaths(workers)
        super()._respawn_workers(workers, spawn_target, target_loader, delay)

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop the workers, then end the process."""
        self._log_deaths(self.interrupt_children)
        logger.info("Portico is stopping.", extra={"event": "server.stopping"})
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call]  # it has no types
        finally:
            logger.info("Portico has stopped.", extra={"event": "server.stopped"})

    def _log_deaths(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            process = self.wrks[number].inner
            if not process.is_alive():
                logger.error(
                    "Worker %d ended unexpectedly with status %s.",
                    number + 1,
                    process.exitcode,
                    extra={
                        "event": "worker.died",
                        "worker": number + 1,
                        "workerPid": process.pid,
                        "exitCode": process.exitcode,
                    },
                )


def _log_start(settings: Settings) -> None:
    where = f"[{settings.host}]" if ":" in settings.host else settings.host
    logger.info(
        "Portico %s is starting.",
        __version__,
        extra={
            "event": "server.started",
            "version": __version__,
            "address": f"{where}:{settings.port}",
            "workers": settings.workers,
            "database": "postgresql" if sqlite_path(settings.database) is None else "sqlite",
            "schema": newest_revision(),
        },
    )


def _log_reload() -> None:
    logger.info("SIGHUP: new workers replace the old ones.", extra={"event": "server.reloading"})


def make_new_workers_stoppable() -> None:
    """Make a stop signal end a forked worker until the server installs its handlers there.

    A forked worker inherits the handlers of its parent, which only stop the parent's own object. A
    spawned worker starts without handlers. The interpreter loses a signal that reaches a child
    before its first step, so signals are blocked until the child is ready.
    """

    def accept_in_child() -> None:
        for stop in STOPS:
            signal.signal(stop, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)

    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, STOPS),
        after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, STOPS),
        after_in_child=accept_in_child,
    )
