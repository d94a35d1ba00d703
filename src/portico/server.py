"""Runs the server: one listening socket, and one or more worker processes."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from math import ceil
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.server.mp import MPServer, WorkerProcess
from starlette.types import ASGIApp

from portico import __version__
from portico.app import usual_statuses
from portico.build import read_build
from portico.domain.addresses import parse_host_port
from portico.listener import BACKLOG, listening_address
from portico.observability.logs import configure_logging
from portico.retirement import DRAIN_SECONDS, HAND_OVER, LAST_REQUEST_SECONDS, STOPS
from portico.services.people.first_steps import CommandLine
from portico.settings import InvalidSetting, Settings
from portico.storage.engine.database import sqlite_path
from portico.storage.schema.compatibility import newest_revision
from portico.worker import Start, load_worker

SHUTDOWN_SECONDS = 20
END_SECONDS = ceil(DRAIN_SECONDS + LAST_REQUEST_SECONDS) + SHUTDOWN_SECONDS
"""How long a worker may take to end before it is killed."""

READY_SECONDS = 60.0
"""How long a new worker may take to start before a reload gives up."""

_CHECK_SECONDS = 0.1

SIGNAL_SECONDS = 1.0
"""How long a signal can wait that came just before the main process began to wait for one."""

if TYPE_CHECKING:
    from portico.observability.serving import ServedMetrics

logger = logging.getLogger("portico")


def open_metrics(settings: Settings) -> ServedMetrics | None:
    """Return the metrics of the workers, if the settings want them served.

    Raises InvalidSetting if their address cannot be used, or their library is not installed.
    """
    if not settings.metrics_listen and not settings.metrics_on_main:
        return None
    # Only a server with metrics loads their library.
    try:
        from portico.observability.serving import ServedMetrics, initial_metrics
    except ModuleNotFoundError as error:
        if error.name != "prometheus_client":
            raise
        raise InvalidSetting(
            "The library for metrics is not installed; run: pip install 'portico-server[metrics]'."
        ) from None
    address = parse_host_port(settings.metrics_listen)
    try:
        return ServedMetrics(
            settings.workers,
            read_build(),
            address,
            lambda: initial_metrics(usual_statuses()),
            Path(settings.backup_dir) if settings.backup_dir else None,
        )
    except OSError as error:
        raise InvalidSetting(
            f"--metrics-listen: cannot listen on {settings.metrics_listen}: {error.strerror}. "
            "Choose another address or port."
        ) from None


def run_server(
    settings: Settings,
    command_line: CommandLine,
    listener: socket.socket,
    metrics: ServedMetrics | None = None,
) -> None:
    """Serve until the process must stop, then finish the requests in progress."""
    configure_logging(settings.log_level, settings.log_format)
    make_new_workers_stoppable()
    server = PorticoServer(listener, settings.workers, metrics)
    server.on_startup(partial(_log_start, settings, listener))
    server.on_reload(_log_reload)
    server.serve(target_loader=partial(load_worker, settings, command_line), wrap_loader=False)


class WakingEvent(threading.Event):
    """An event whose wait looks up now and then, so that Python runs the handlers of signals.

    A signal that comes a moment before a wait for a lock does not interrupt it. Without this, the
    handler would run only when another signal comes, so that a reload or a stop would be lost.
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the event is set, or for some seconds."""
        if timeout is not None:
            return super().wait(timeout)
        while not super().wait(SIGNAL_SECONDS):
            pass
        return True


class PorticoServer(MPServer):
    """Granian's main process with a listener of ours, log events, and reloads that lose nothing.

    It overrides private methods, so `pyproject.toml` allows only tested versions of Granian.
    """

    def __init__(
        self, listener: socket.socket, workers: int, metrics: ServedMetrics | None = None
    ) -> None:
        host, port = listening_address(listener)
        super().__init__(
            "portico",
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            workers=workers,
            websockets=False,
            backlog=BACKLOG,
            log_enabled=False,
            respawn_failed_workers=True,
            workers_kill_timeout=END_SECONDS,
        )
        self.main_loop_interrupt = WakingEvent()
        self._listener = listener
        self._served_metrics = metrics
        self._ready: dict[WorkerProcess, Connection] = {}

    def _init_shared_socket(self) -> None:
        """Take the listener for all workers, instead of a socket of its own for each.

        With its own socket, a worker takes the connections that wait in its queue with it.
        """
        self._listener.listen(BACKLOG)
        holder = SocketHolder(self._listener.fileno(), False, BACKLOG)  # type: ignore[call-arg]  # its stub lacks the third
        self._shd, self._sso = holder, self._listener  # type: ignore[assignment]  # None in the class

    def _spawn_worker(  # type: ignore[override]  # Granian's own signatures differ too
        self, idx: int, target: Callable[..., None], callback_loader: Callable[[Start], ASGIApp]
    ) -> WorkerProcess:
        ready, report = Pipe(duplex=False)
        pipe = None if self._served_metrics is None else self._served_metrics.open_pipe(idx + 1)
        start = Start(
            os.getpid(),
            self._listener.fileno(),
            self.bind_port,
            idx + 1,
            report,
            None if pipe is None else pipe.of_worker,
        )
        worker: WorkerProcess = super()._spawn_worker(idx, target, partial(callback_loader, start))
        if self._served_metrics is not None and pipe is not None:
            worker.start = partial(self._served_metrics.start_worker, pipe, worker.start)  # type: ignore[method-assign]  # Granian has no hook
        self._ready[worker] = ready  # the worker's report would fail if nobody held this end
        return worker

    def _spawn_workers(
        self, spawn_target: Callable[..., None], target_loader: Callable[[Start], ASGIApp]
    ) -> None:
        super()._spawn_workers(spawn_target, target_loader)  # type: ignore[no-untyped-call]  # it has no types
        if self._served_metrics is not None:
            self._served_metrics.start()

    def _respawn_workers(
        self,
        workers: list[int],
        spawn_target: Callable[..., None],
        target_loader: Callable[[Start], ASGIApp],
        delay: float = 0,
    ) -> None:
        """Replace workers that have died."""
        self._log_deaths(workers)
        super()._respawn_workers(workers, spawn_target, target_loader, delay)
        self._forget_pipes()

    def _reload(
        self, spawn_target: Callable[..., None], target_loader: Callable[[Start], ASGIApp]
    ) -> None:
        """Replace the workers one after the other, each as soon as its successor can serve."""
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        if self.interrupt_signal or self.interrupt_children:  # it came before the line above
            self.main_loop_interrupt.set()
        self._call_hooks(self.hooks_reload)  # type: ignore[no-untyped-call]  # it has no types
        for idx in range(self.workers):
            if not self._replace_worker(idx, spawn_target, target_loader):
                break
        self._forget_pipes()

    def _replace_worker(
        self, idx: int, target: Callable[..., None], target_loader: Callable[[Start], ASGIApp]
    ) -> bool:
        """Return whether a new worker has taken the place of an old one."""
        new = self._spawn_worker(idx, target, target_loader)
        new.interrupt_by_parent = True  # until it serves, its death is no reason for another worker
        new.start()
        if not self._wait_until_ready(new):
            if not self.interrupt_signal:
                self._log_failure(new)
            new.kill()
            new.join()
            return False
        if idx in self.interrupt_children:
            self._log_deaths([idx])
            self.interrupt_children.remove(idx)
        old, self.wrks[idx] = self.wrks[idx], new
        new.interrupt_by_parent = False
        if not new.is_alive() and idx not in self.interrupt_children:
            self.interrupt_children.append(idx)
            self.main_loop_interrupt.set()
        self._retire_worker(old)
        return True

    def _wait_until_ready(self, worker: WorkerProcess) -> bool:
        ready = self._ready[worker]
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and not self.interrupt_signal:
            if ready.poll(_CHECK_SECONDS):
                try:
                    return bool(ready.recv())
                except EOFError:
                    # A process closes its pipes a moment before it ends.
                    wait_for_status(worker.inner, END_SECONDS)
                    return False
            if not worker.is_alive():
                return False
        return False

    def _retire_worker(self, worker: WorkerProcess) -> None:
        """End a worker that has a successor. A stop of the server does not wait for that."""
        worker.interrupt_by_parent = True
        if worker.is_alive():
            os.kill(worker.inner.pid, HAND_OVER)
        deadline = time.monotonic() + END_SECONDS
        while worker.is_alive() and time.monotonic() < deadline:
            if self.interrupt_signal:
                self.wrks.append(worker)  # the shutdown waits for it
                return
            worker.join(_CHECK_SECONDS)
        if worker.is_alive():
            worker.kill()
            worker.join()

    def _forget_pipes(self) -> None:
        self._ready = {worker: self._ready[worker] for worker in self.wrks}

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop the workers, then end the process."""
        self._log_deaths(self.interrupt_children)
        logger.info("Portico is stopping.", extra={"event": "server.stopping"})
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call]  # it has no types
        finally:
            logger.info("Portico has stopped.", extra={"event": "server.stopped"})

    def _log_failure(self, worker: WorkerProcess) -> None:
        number, process = worker.idx + 1, worker.inner
        how = (
            f"was not ready within {READY_SECONDS:.0f} seconds"
            if process.is_alive()
            else f"ended with status {process.exitcode} before it was ready"
        )
        logger.error(
            "The new worker %d %s. The reload stops, and the old workers keep serving.",
            number,
            how,
            extra={
                "event": "worker.not_replaced",
                "worker": number,
                "workerPid": process.pid,
                "exitCode": process.exitcode,
            },
        )

    def _log_deaths(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            process = self.wrks[number].inner
            if not process.is_alive():
                if self._served_metrics is not None:
                    self._served_metrics.note_death()
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


def wait_for_status(process: BaseProcess, seconds: float) -> None:
    """Wait until it is known with which status a process ended, or for some seconds.

    `join` can return too early. Granian waits for every worker in a thread, and the kernel tells
    only one thread that a process has ended. Until that one has stored the status, the process
    seems to run.
    """
    deadline = time.monotonic() + seconds
    while process.exitcode is None and time.monotonic() < deadline:
        time.sleep(_CHECK_SECONDS)


def _log_start(settings: Settings, listener: socket.socket) -> None:
    host, port = listening_address(listener)
    where = f"[{host}]" if ":" in host else host
    logger.info(
        "Portico %s is starting.",
        __version__,
        extra={
            "event": "server.started",
            "version": __version__,
            "address": f"{where}:{port}",
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
