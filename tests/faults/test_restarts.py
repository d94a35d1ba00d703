"""Reloads and restarts under load: no connection is refused, and no request is lost."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import httpx
import pytest
from granian._granian import SocketHolder
from granian.server.mp import MPServer

from portico.listener import BACKLOG
from portico.server import PorticoServer, wait_for_status
from tests.faults.test_workers import events, wait_for
from tests.faults.trouble import children_of, is_running
from tests.forked import PROGRAM
from tests.harness import (
    LINKS,
    Caller,
    Server,
    create_tenant,
    free_port,
    key_environment,
    served,
    upgrade,
)

pytestmark = pytest.mark.one_database

START_SECONDS = 60


def caller_without_connections(server: Server) -> Caller:
    """An API client of a new tenant, whose connections do not stay open beside those of a load."""
    server.http.headers["Connection"] = "close"
    return create_tenant(server).caller()


@dataclass
class Load:
    """Clients that send requests without a pause, and never send one a second time.

    Some open a connection for each request, the others keep theirs. `created` are the names of
    the links whose creation was acknowledged.
    """

    port: int
    caller: Caller
    created: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    closed: int = 0
    answers: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def read(self, *, keep: bool) -> None:
        """Read until the load ends."""
        self._repeat(lambda connection: self._send(connection, "GET", "?pagesize=1"), keep=keep)

    def create(self, number: int, *, keep: bool) -> None:
        """Create one link after another."""

        def create_one(connection: http.client.HTTPConnection) -> None:
            name = f"Link {number}-{time.monotonic_ns()}"
            body = json.dumps({"name": name, "link": "wiki.example.com"})
            self._send(connection, "POST", "", body)
            self.created.append(name)

        self._repeat(create_one, keep=keep)

    def _repeat(self, step: Callable[[http.client.HTTPConnection], None], *, keep: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self._stop.is_set():
            try:
                step(connection)
                self.answers += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failures.append(repr(error))
            if not keep:
                connection.close()
            time.sleep(0.005 if keep else 0.1)
        connection.close()

    def _send(
        self, connection: http.client.HTTPConnection, method: str, query: str, body: str = ""
    ) -> None:
        headers = {
            "Authorization": f"Bearer {self.caller.token}",
            "Content-Type": "application/json",
        }
        connection.request(method, self.caller.path(LINKS) + query, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status in (200, 201), content
        self.closed += answer.getheader("Connection") == "close"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send requests for the length of a block."""
        steps = [
            threading.Thread(target=step, args=arguments, kwargs={"keep": keep})
            for keep in (False, True)
            for step, arguments in ((self.read, ()), (self.read, ()), (self.create, (int(keep),)))
        ]
        for step in steps:
            step.start()
        try:
            yield
        finally:
            self._stop.set()
            for step in steps:
                step.join()


def assert_nothing_lost(load: Load) -> None:
    """Every request was answered, and every acknowledged link exists."""
    assert load.failures == []
    stored = load.caller.get(LINKS, pagesize=1).json()["totalPages"]
    assert int(stored) == len(load.created)


def test_reload_under_load_loses_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    with served(url, tmp_path / "server.log") as server:
        caller = caller_without_connections(server)
        port = httpx.URL(server.url).port
        assert port is not None
        load = Load(port, caller)
        with load.running():
            server.process.send_signal(signal.SIGHUP)
            wait_for(lambda: len(events(server, "worker.stopped")) == 1)
            before = load.answers
            wait_for(lambda: load.answers > before + 20)

        assert_nothing_lost(load)
        assert load.closed >= 3, "The old worker told each kept connection to close."


def start_passed(listener: socket.socket, database: str, log: Path) -> subprocess.Popen[bytes]:
    """Start Portico as systemd does: with the listener as its descriptor 3."""
    run = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid());"
        "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
    )
    descriptor = listener.fileno()
    with log.open("ab") as sink:
        return subprocess.Popen(
            [sys.executable, "-c", run, str(descriptor), *PROGRAM, "serve", "--database", database],
            stdout=sink,
            stderr=sink,
            pass_fds=[descriptor],
            env={**os.environ, **key_environment(database), "LISTEN_FDS": "1"},
            start_new_session=True,
        )


def test_restart_with_a_socket_of_systemd_loses_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    log = tmp_path / "server.log"
    upgrade(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = start_passed(listener, url, log)
        origin = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=origin, timeout=START_SECONDS) as client:
            server = Server(origin, url, log, process, client)
            assert client.get("/readyz").status_code == 200
            caller = caller_without_connections(server)
            load = Load(port, caller)
            with load.running():
                process.terminate()
                status = process.wait(START_SECONDS)
                process = start_passed(listener, url, log)
                before = load.answers
                wait_for(lambda: load.answers > before + 20)

            assert status == 0
            assert_nothing_lost(load)
        started = events(server, "server.started")
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS)
    assert [each["address"] for each in started] == [f"127.0.0.1:{port}"] * 2


def test_worker_that_cannot_start_is_dropped_and_the_old_one_serves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    with served(url, tmp_path / "server.log") as server:
        (old,) = children_of(server.process.pid)
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(children_of(server.process.pid)) == 2, pause=0.002)
        (new,) = set(children_of(server.process.pid)) - {old}
        os.kill(new, signal.SIGKILL)
        wait_for(lambda: bool(events(server, "worker.not_replaced")))

        (failure,) = events(server, "worker.not_replaced")
        assert failure["level"] == "error"
        assert "ended with status -9 before it was ready" in str(failure["message"])
        assert is_running(old)
        assert children_of(server.process.pid) == [old]
        assert events(server, "worker.died") == []
        assert server.http.get("/healthz").status_code == 200


def test_status_of_a_worker_is_waited_for_until_the_thread_that_learned_it_has_stored_it() -> None:
    process = get_context("fork").Process(target=os._exit, args=(3,))
    process.start()
    assert process.pid is not None
    os.waitpid(process.pid, 0)  # as Granian's thread does
    process.join()
    assert process.is_alive()  # so it seems
    popen = process._popen  # type: ignore[attr-defined]  # what that thread stores has no other name
    storing = threading.Timer(0.2, setattr, (popen, "returncode", 3))
    storing.start()

    wait_for_status(process, START_SECONDS)

    assert process.exitcode == 3
    storing.join()


def test_listener_is_handed_to_every_worker() -> None:
    """The hand-over replaces a private method of Granian, which a new version may rename."""
    assert callable(MPServer._init_shared_socket)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
        server = PorticoServer(listener, workers=2)
        server._init_shared_socket()

        shared = server.__dict__["_shd"]
        assert isinstance(shared, SocketHolder)
        assert shared.__getstate__() == (listener.fileno(), False, BACKLOG)
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
