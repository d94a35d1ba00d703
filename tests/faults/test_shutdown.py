"""Being told to stop: requests under way are answered first, and the exit status is 0."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import httpx
import pytest

from portico.retirement import DRAIN_SECONDS, LAST_REQUEST_SECONDS
from portico.server import SHUTDOWN_SECONDS, make_new_workers_stoppable
from tests.faults.trouble import children_of, held_lock, started_by
from tests.forked import PROGRAM
from tests.harness import (
    LINKS,
    READY_SECONDS,
    Caller,
    Server,
    create_tenant,
    free_port,
    served,
    upgrade,
)


def terminate(main: int) -> None:
    """Stop a server as a supervisor does."""
    os.kill(main, signal.SIGTERM)


def interrupt(main: int) -> None:
    """Stop a server that runs in the background of a shell."""
    os.kill(main, signal.SIGINT)


def interrupt_group(main: int) -> None:
    """Press Ctrl-C in the terminal of a server: its workers get the signal too."""
    os.killpg(main, signal.SIGINT)


def interrupt_group_thrice(main: int) -> None:
    """Press Ctrl-C three times."""
    for _ in range(3):
        interrupt_group(main)
        time.sleep(0.1)


@pytest.mark.parametrize("stop", [terminate, interrupt, interrupt_group_thrice])
def test_request_under_way_is_answered(
    server: Server, tmp_path: Path, stop: Callable[[int], None]
) -> None:
    database_url = server.database
    with served(database_url, tmp_path / "server.log", program=PROGRAM) as stopping:
        tenant = create_tenant(stopping)
        admin = tenant.caller()
        body = {"name": "Wiki", "link": "wiki.example.com"}
        with ThreadPoolExecutor(1) as thread:
            with held_lock(database_url, tenant.customer_id):
                waiting: Future[httpx.Response] = thread.submit(admin.post, LINKS, body)
                time.sleep(0.5)
                stop(stopping.process.pid)
                time.sleep(0.5)
                unanswered = not waiting.done()
            answer = waiting.result(READY_SECONDS)
        status = stopping.process.wait(READY_SECONDS)
        stopping.http.close()

    assert unanswered
    assert answer.status_code == 201
    assert status == 0
    assert Caller(server, tenant.customer_id, admin.credentials).names() == ["Wiki"]


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("moment", [0.0, 0.01, 0.1, 0.3])
def test_stop_during_start_is_quick(tmp_path: Path, moment: float, method: str) -> None:
    """However far the workers have come, being told to stop is not lost on them."""
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    command = [sys.executable, *started_by(method), "serve", "--port", str(free_port())]
    process = subprocess.Popen(
        [*command, "--workers", "2", "--database", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + READY_SECONDS
    children = 2 + (method == "spawn")  # Python's resource tracker is the third
    while len(children_of(process.pid)) < children and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(moment)
    process.terminate()
    try:
        status = process.wait(8)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(READY_SECONDS)
        raise

    assert status == 0


@pytest.mark.parametrize("step", ["LifespanProtocol.startup", "ASGIWorker"])
def test_stop_is_heeded_while_the_event_loop_of_a_worker_is_between_runs(
    tmp_path: Path, step: str
) -> None:
    """A worker that loses the signal is killed in the end, and does not say that it stopped."""
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    log = tmp_path / "server.log"
    program = f"""
import os, signal, time
from granian.server import mp
step = mp.{step}
def stopped_before(*arguments):
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(0.5)
    return step(*arguments)
mp.{step} = stopped_before
from portico.cli import main
main()
"""
    with log.open("wb") as sink:
        ended = subprocess.run(
            [sys.executable, "-c", program, "serve", "--port", str(free_port()), "--database", url],
            stderr=sink,
            timeout=2 * READY_SECONDS + SHUTDOWN_SECONDS,
            check=False,
        )

    assert ended.returncode == 0
    assert '"worker.stopped"' in log.read_text()


def test_workers_stop_together(database_url: str, tmp_path: Path) -> None:
    with served(database_url, tmp_path / "server.log", "--workers", "2", program=PROGRAM) as server:
        time.sleep(1)
        group = os.getpgid(server.process.pid)
        status = server.stop()

    assert status == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("stop", "longest"),
    [(interrupt_group, 4.0), (terminate, DRAIN_SECONDS + LAST_REQUEST_SECONDS + 4.0)],
)
def test_idle_connections_delay_the_stop_only_while_clients_move(
    database_url: str, tmp_path: Path, stop: Callable[[int], None], longest: float
) -> None:
    with served(database_url, tmp_path / "server.log", program=PROGRAM) as server:
        with httpx.Client(base_url=server.url) as idle:
            assert idle.get("/healthz").status_code == 200
            started = time.monotonic()
            stop(server.process.pid)
            status = server.process.wait(READY_SECONDS)
            took = time.monotonic() - started
        server.http.close()

    assert status == 0
    assert took < longest


def test_worker_is_stopped_before_its_first_step() -> None:
    """A stop that comes right behind the fork ends the worker, as one that comes later does."""
    fresh = multiprocessing.get_context("spawn")
    answer: SimpleQueue[list[int]] = fresh.SimpleQueue()
    parent = fresh.Process(target=_fork_and_stop, args=(answer,))
    parent.start()
    statuses = answer.get()
    parent.join()

    assert statuses == [-signal.SIGTERM] * 20


def _fork_and_stop(answer: SimpleQueue[list[int]]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    make_new_workers_stoppable()
    statuses: list[int] = []
    for _ in range(20):
        child = os.fork()
        if not child:
            time.sleep(0.2)
            os._exit(0)
        os.kill(child, signal.SIGTERM)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    answer.put(statuses)
