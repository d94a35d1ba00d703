"""Workers that are started, replaced and killed, forked or spawned, and what the log says of it."""

from __future__ import annotations

import _thread
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import httpx
import pytest

from portico import __version__
from portico.server import WakingEvent
from portico.storage.schema.compatibility import newest_revision
from tests.faults.trouble import children_of, held_lock, is_running, started_by
from tests.harness import LINKS, READY_SECONDS, Server, create_tenant, served, upgrade

METHODS = ("fork", "spawn")


@pytest.fixture(params=METHODS)
def two_workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server with two workers that the method of the parameter starts."""
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    program = started_by(request.param)
    with served(url, tmp_path / "server.log", "--workers", "2", program=program) as server:
        wait_for(lambda: len(events(server, "worker.started")) == 2)
        yield server


def events(server: Server, name: str) -> list[dict[str, object]]:
    """The events of a name in the log so far."""
    return [line for line in server.log_lines() if line.get("event") == name]


def wait_for(happened: Callable[[], bool], pause: float = 0.05) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + READY_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(pause)


def is_free(port: int) -> bool:
    """Whether a new server could listen on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def test_workers_end_with_the_main_process_one_that_was_replaced_too(two_workers: Server) -> None:
    os.kill(children_of(two_workers.process.pid)[-1], signal.SIGKILL)
    wait_for(lambda: len(events(two_workers, "worker.started")) == 3)
    tenant = create_tenant(two_workers)
    admin = tenant.caller()
    workers = children_of(two_workers.process.pid)
    port = httpx.URL(two_workers.url).port
    assert port is not None
    body = {"name": "Wiki", "link": "wiki.example.com"}

    with ThreadPoolExecutor(1) as thread, held_lock(two_workers.database, tenant.customer_id):
        waiting: Future[httpx.Response] = thread.submit(admin.post, LINKS, body)
        time.sleep(0.3)
        two_workers.process.kill()
        two_workers.process.wait(READY_SECONDS)
        wait_for(lambda: not any(map(is_running, workers)))
        wait_for(lambda: is_free(port))
        with pytest.raises(httpx.TransportError):
            waiting.result(READY_SECONDS)
    two_workers.http.close()


def test_worker_whose_parent_has_ended_already_ends_at_once() -> None:
    script = "from portico.worker import end_with_parent; end_with_parent(1_000_000); print('here')"

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)

    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == b""


def test_process_that_watches_its_parent_ends_with_it() -> None:
    """What workers do where the kernel cannot end them."""
    script = """
import os, time
from portico.worker import watch_parent
parent = os.getpid()
child = os.fork()
if not child:
    watch_parent(parent)
print(child, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        watching = is_running(child)
        parent.kill()

    assert watching
    wait_for(lambda: not is_running(child))


def pids(found: list[dict[str, object]]) -> set[object]:
    """The process ids of events."""
    return {each["pid"] for each in found}


def test_start_reload_death_and_stop_are_events(two_workers: Server) -> None:
    main = two_workers.process.pid
    first = events(two_workers, "worker.started")

    (started,) = events(two_workers, "server.started")
    assert started["version"] == __version__
    assert started["address"] == two_workers.url.removeprefix("http://")
    assert started["schema"] == newest_revision()
    assert (started["database"], started["workers"], started["pid"]) == ("sqlite", 2, main)
    assert {each["worker"] for each in first} == {1, 2}
    assert pids(first) <= set(children_of(main)) - {main}

    two_workers.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(events(two_workers, "worker.stopped")) == 2)

    assert len(events(two_workers, "server.reloading")) == 1
    second = events(two_workers, "worker.started")[2:]
    assert len(pids(second) - pids(first)) == 2
    assert pids(events(two_workers, "worker.stopped")) == pids(first)
    assert events(two_workers, "worker.died") == []
    assert two_workers.http.get("/readyz").status_code == 200

    victim = next(each for each in second if each["worker"] == 2)
    os.kill(int(str(victim["pid"])), signal.SIGKILL)
    wait_for(lambda: len(events(two_workers, "worker.started")) == 5)

    (death,) = events(two_workers, "worker.died")
    assert death["level"] == "error"
    assert (death["worker"], death["workerPid"]) == (2, victim["pid"])
    assert death["exitCode"] == -signal.SIGKILL
    assert two_workers.http.get("/readyz").status_code == 200

    assert two_workers.stop() == 0
    assert len(events(two_workers, "worker.stopped")) == 4
    assert len(events(two_workers, "server.stopping")) == 1
    assert len(events(two_workers, "server.stopped")) == 1
    assert len(events(two_workers, "worker.died")) == 1
    for line in two_workers.log_lines():
        assert {"time", "logger"} <= set(line)


def test_password_of_the_database_stays_out_of_the_log(postgres_url: str, tmp_path: Path) -> None:
    upgrade(postgres_url)
    url = postgres_url.replace("postgres:@", "postgres:hidden-word@")
    assert "hidden-word" in url
    with served(url, tmp_path / "server.log") as server:
        started = events(server, "server.started")

    assert [each["database"] for each in started] == ["postgresql"]
    assert "hidden-word" not in server.log.read_text()


def test_a_signal_that_comes_just_before_the_wait_is_not_lost() -> None:
    """Like a signal in that moment, `interrupt_main` runs the handler without ending a wait."""
    event, handled = WakingEvent(), threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        handled.set()
        event.set()

    earlier = signal.signal(signal.SIGUSR1, handle)
    sender = threading.Timer(0.2, _thread.interrupt_main, (signal.SIGUSR1,))
    patience = threading.Timer(15, event.set)
    try:
        sender.start()
        patience.start()
        began = time.monotonic()
        event.wait()
        waited = time.monotonic() - began
    finally:
        patience.cancel()
        signal.signal(signal.SIGUSR1, earlier)
    assert handled.is_set()
    assert waited < 10
