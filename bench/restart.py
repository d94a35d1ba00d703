"""Counts the requests that reloads and restarts under load refuse or lose.

Clients with fresh and with kept connections read and create links, directly or through nginx, and
never send a request twice. Meanwhile the server reloads (SIGHUP), or stops and starts again on a
listener that this program holds as systemd does. The workers take seconds to start.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.http_client import Connection
from bench.processes import end_cleanly_when_told, free_port
from bench.report import plain_table
from bench.sites import Credentials, Site, open_site

BOOT_SECONDS = 6.0
WAIT_SECONDS = 90.0
SETTLE_SECONDS = 2.0
FRESH, KEPT, CREATING = 6, 20, 4
ROOT = Path(__file__).parents[1]
NGINX_FILE = ROOT / "contrib" / "nginx" / "portico.conf"
EXECUTE = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid());"
    "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
)
SERVE = "from bench.slow_boot import main; main()"


@dataclass
class Load:
    """Clients of one server. `failures` describes each request that was refused or lost."""

    site: Site
    port: int
    answers: int = 0
    longest: float = 0.0
    created: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send requests for the length of a block."""
        kinds = [(self._read, False)] * FRESH + [(self._read, True)] * KEPT
        kinds += [(self._create, True)] * (CREATING // 2) + [(self._create, False)] * (
            CREATING // 2
        )
        threads = [
            threading.Thread(target=self._repeat, args=(step, keep), daemon=True)
            for step, keep in kinds
        ]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            self._stop.set()
            for each in threads:
                each.join()

    def _repeat(self, step: Callable[[http.client.HTTPConnection], None], keep: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                step(connection)
                self.answers += 1
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failures.append(f"{step.__name__} {'kept' if keep else 'fresh'} {error!r}")
                connection.close()
            self.longest = max(self.longest, time.monotonic() - began)
            if not keep:
                connection.close()
            time.sleep(0.02)
        connection.close()

    def _read(self, connection: http.client.HTTPConnection) -> None:
        self._send(connection, "GET", f"{self.site.links_path}?pagesize=1", None, 200)

    def _create(self, connection: http.client.HTTPConnection) -> None:
        name = f"Link {threading.get_ident()}-{time.monotonic_ns()}"
        body = json.dumps({"name": name, "link": "wiki.example.com"})
        self._send(connection, "POST", self.site.links_path, body, 201)
        self.created.append(name)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: str | None,
        status: int,
    ) -> None:
        token = {"Authorization": f"Bearer {self.site.token}", "Content-Type": "application/json"}
        connection.request(method, path, body, token)
        answer = connection.getresponse()
        answer.read()
        if answer.status != status:
            raise ValueError(f"status {answer.status}")


class PassedListener:
    """Starts servers on one listener, which stays open in this process as it does in systemd."""

    def __init__(self, python: str, folder: Path, workers: int, method: str) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = int(self.socket.getsockname()[1])
        self.database = f"sqlite:///{folder / 'portico.db'}"
        self.log = folder / "server.log"
        self._python, self._workers = python, workers
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "BENCH_BOOT_SECONDS": str(BOOT_SECONDS),
            "BENCH_START_METHOD": method,
            "PORTICO_ACCESS_LOG": "false",
            "LISTEN_FDS": "1",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start a server, which is ready when the kernel lets it answer."""
        arguments = ["serve", "--database", self.database, "--workers", str(self._workers)]
        descriptor = self.socket.fileno()
        with self.log.open("ab") as sink:
            self.process = subprocess.Popen(
                [self._python, "-c", EXECUTE, str(descriptor), "-c", SERVE, *arguments],
                stdout=sink,
                stderr=sink,
                pass_fds=[descriptor],
                env=self._environment,
                start_new_session=True,
            )

    def portico(self, *arguments: str) -> str:
        """Run a command on the database, and return its output."""
        command = [self._python, "-m", "portico", *arguments, "--database", self.database]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def events(self, name: str) -> int:
        """Return how many events of a name the log has."""
        return self.log.read_text().count(f'"event": "{name}"')

    def await_events(self, name: str, count: int) -> None:
        """Wait until the log has that many events of a name."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self.events(name) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"No event {name} in time: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server, and wait until it has ended."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(WAIT_SECONDS)

    def worker_seconds(self) -> list[float]:
        """Return the CPU time of each worker in seconds."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        times = []
        for child in children:
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            if "resource_tracker" not in Path(f"/proc/{child}/cmdline").read_text():
                ticks = int(fields[11]) + int(fields[12])
                times.append(ticks / os.sysconf("SC_CLK_TCK"))
        return times


@contextmanager
def running_nginx(folder: Path, upstream: int) -> Iterator[int]:
    """Run nginx with the server block of contrib/nginx without TLS; give its port for a block."""
    port = free_port()
    shipped = NGINX_FILE.read_text()
    location = shipped[shipped.index("    client_max_body_size") :]
    pool = shipped[shipped.index("upstream") : shipped.index("server {\n    listen 80")]
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {folder}/nginx.pid; worker_processes 1;\n"
        f"error_log {folder}/nginx-error.log;\nevents {{ worker_connections 1024; }}\n"
        f"http {{ access_log off;\n{temporary}"
        f"{pool.replace('127.0.0.1:8080', f'127.0.0.1:{upstream}')}"
        f"server {{\n    listen 127.0.0.1:{port};\n{location}}}\n"
    )
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    process = subprocess.Popen([program, "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while socket.socket().connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


@dataclass(frozen=True)
class Case:
    """One row: an interpreter, how workers start, their number, what happens, and the way."""

    python: str
    version: str
    method: str
    workers: int
    action: str
    through: str


def measure(case: Case) -> tuple[str, ...]:
    """Run one case, and return its line of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = PassedListener(case.python, folder, case.workers, case.method)
        server.portico("db", "upgrade", "--create")
        tenant = json.loads(server.portico("tenant", "create", "Benchmark", "--json"))
        customer = str(tenant.get("customerId") or tenant["id"])
        made = json.loads(server.portico("client", "create", "--customer", customer, "--json"))
        server.start()
        try:
            return _measure(case, server, folder, made)
        finally:
            server.stop()
            server.socket.close()


def _measure(
    case: Case, server: PassedListener, folder: Path, made: dict[str, str]
) -> tuple[str, ...]:
    server.await_events("worker.started", case.workers)
    credentials = Credentials(made["customerId"], made["clientId"], made["clientSecret"])
    site = open_site(server.port, credentials)
    site.connection.close()
    with running_nginx(folder, server.port) as proxy:
        load = Load(site, proxy if case.through == "nginx" else server.port)
        with load.running():
            before = server.worker_seconds()
            time.sleep(SETTLE_SECONDS)
            pairs = zip(before, server.worker_seconds(), strict=True)
            shares = _shares([after - earlier for earlier, after in pairs])
            act(case, server)
            time.sleep(SETTLE_SECONDS)
    stored = stored_links(site, server.port)
    lost = len(set(load.created) - stored)
    for failure in load.failures[:5]:
        sys.stderr.write(f"  {failure}\n")
    return (
        case.version,
        case.method,
        str(case.workers),
        case.action,
        case.through,
        str(load.answers + len(load.failures)),
        str(len(load.failures)),
        str(len(load.created)),
        str(lost),
        f"{load.longest:.1f} s",
        shares,
    )


def act(case: Case, server: PassedListener) -> None:
    """Reload or restart the server, and wait until it is over."""
    assert server.process is not None
    if case.action == "reload":
        server.process.send_signal(signal.SIGHUP)
        server.await_events("worker.stopped", case.workers)
        return
    server.stop()
    server.start()
    server.await_events("worker.started", 2 * case.workers)


def stored_links(site: Site, port: int) -> set[str]:
    """Return the names of all links."""
    connection, names, page = Connection(port), set[str](), 1
    while True:
        path = f"{site.links_path}?pagesize=500&page={page}"
        found = connection.send("GET", path, token=site.token).json()
        names |= {each["name"] for each in found.get("list") or []}
        if page >= int(found["totalPages"]):
            return names
        page += 1


def _shares(seconds: list[float]) -> str:
    total = sum(seconds) or 1.0
    return " ".join(f"{each / total:.0%}" for each in seconds)


def version_of(python: str) -> str:
    """Return the version of an interpreter that has Portico installed."""
    code = "import platform, portico; print(platform.python_version())"
    return subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout.strip()


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure every case, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="append", help="an interpreter with Portico installed")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--actions", nargs="+", default=["reload", "restart"])
    parser.add_argument("--through", nargs="+", default=["nothing", "nginx"])
    parser.add_argument("--methods", nargs="+", default=["fork", "spawn"])
    options = parser.parse_args()
    end_cleanly_when_told()
    heads = (
        "Python",
        "start",
        "workers",
        "action",
        "through",
        "requests",
        "refused or lost",
        "created",
        "creations lost",
        "longest wait",
        "CPU of the workers",
    )
    lines: list[tuple[str, ...]] = []
    for python in options.python or [sys.executable]:
        version = version_of(python)
        for method in options.methods:
            for workers in options.workers:
                for action in options.actions:
                    for through in options.through:
                        case = Case(python, version, method, workers, action, through)
                        lines.append(measure(case))
                        say("  ".join(lines[-1]))
    say(f"\n{platform.machine()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}.")
    say(f"Workers take {BOOT_SECONDS:.0f} s to start.\n\n{plain_table(heads, lines)}")
    if any(int(line[6]) or int(line[8]) for line in lines):
        sys.exit("Requests were refused or lost.")


if __name__ == "__main__":
    main()
