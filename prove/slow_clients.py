"""A thousand slow clients beside a normal one."""

from __future__ import annotations

import resource
import socket
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from tests.harness import LINKS, Caller, create_tenant, served

from prove.findings import Finding, NotPossible, sqlite_database

CLIENTS = 1_000
SECONDS = 120
LONGEST_ANSWER = 5.0
KINDS = ("slow headers", "slow bodies", "slow readers")
SPARE_FILES = 200
LINKS_STORED = 500


def prove_slow_clients(scale: float, folder: Path) -> Finding:
    """Hold connections of three kinds, and time the requests of a client that is not slow."""
    clients, seconds = max(len(KINDS), round(CLIENTS * scale)), max(5.0, SECONDS * scale)
    _allow_files(clients)
    faults: list[str] = []
    # This process and the server each hold every connection.
    with sqlite_database(folder) as url, served(url, folder / "server.log") as server:
        caller = create_tenant(server).caller()
        for start in range(0, LINKS_STORED, 100):
            names = [f"Link {number}" for number in range(start, start + 100)]
            entries = [{"name": each, "link": "x.example.com"} for each in names]
            caller.create(f"{LINKS}/bulk", {"userPortalLinks": entries})
        port = urlsplit(server.url).port
        with ExitStack() as stack:
            slow = [_open(port or 0, KINDS[each % 3], caller, stack) for each in range(clients)]
            stopping = threading.Event()
            trickle = threading.Thread(target=_trickle, args=(slow, stopping))
            trickle.start()
            try:
                waits = _serve_normally(caller, seconds, faults)
            finally:
                stopping.set()
                trickle.join()
            held = sum(_is_open(connection) for connection in slow)
        names = caller.names(pagesize=1)
    if not names:
        faults.append("The server did not list its links afterwards.")
    if held < clients / 2:
        faults.append(f"Only {held} of {clients} slow connections were open at the end.")
    waits.sort()
    return Finding(
        f"{clients:,} slow clients (a third each: headers, bodies, readers) for {seconds:.0f} s: "
        f"a normal client sent {len(waits):,} requests, and each succeeded. Median "
        f"{waits[len(waits) // 2] * 1000:.1f} ms, slowest {waits[-1] * 1000:.0f} ms.",
        {
            "slow clients": clients,
            "still connected at the end": held,
            "requests of the normal client": len(waits),
            "median, ms": round(waits[len(waits) // 2] * 1000, 1),
            "slowest, ms": round(waits[-1] * 1000),
        },
        faults,
    )


def _allow_files(clients: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = clients + SPARE_FILES
    if hard < wanted:
        raise NotPossible(f"It needs {wanted} open files, the limit is {hard}. Raise ulimit -n.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _open(port: int, kind: str, caller: Caller, stack: ExitStack) -> socket.socket:
    """Open a connection and send the beginning of a request, or a request whose answer is long."""
    connection = stack.enter_context(socket.socket())
    if kind == "slow readers":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", port))
    path = caller.path(LINKS)
    common = f"Host: localhost\r\nAuthorization: Bearer {caller.token}\r\n"
    if kind == "slow headers":
        connection.sendall(f"GET {path} HTTP/1.1\r\n{common}X-Slow: ".encode())
    elif kind == "slow bodies":
        size = "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
        connection.sendall(f"POST {path} HTTP/1.1\r\n{common}{size}".encode())
    else:
        connection.sendall(f"GET {path}?pagesize=500 HTTP/1.1\r\n{common}\r\n".encode())
    connection.setblocking(False)
    return connection


def _trickle(slow: list[socket.socket], stopping: threading.Event) -> None:
    """Send a byte of each header and body, and read a byte of each long answer, once a second."""
    while not stopping.wait(1):
        for number, connection in enumerate(slow):
            with suppress(OSError):
                if number % 3 == 2:
                    connection.recv(1)
                else:
                    connection.send(b"x")


def _is_open(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _serve_normally(caller: Caller, seconds: float, faults: list[str]) -> list[float]:
    """Return how long each request of a normal client took: reads, writes and health checks."""
    waits: list[float] = []
    end = time.monotonic() + seconds
    # Some requests open a connection, as those of a new visitor do.
    while time.monotonic() < end:
        began = time.monotonic()
        body = {"name": f"New {len(waits)}", "link": "x.example.com"}
        try:
            statuses = (
                caller.get(LINKS, pagesize=20).status_code,
                caller.post(LINKS, body).status_code,
                httpx.get(f"{caller.server.url}/readyz", timeout=30).status_code,
            )
        except httpx.TransportError as error:
            faults.append(f"A request of the normal client failed: {error!r}")
            continue
        took = time.monotonic() - began
        waits += [took / len(statuses)] * len(statuses)
        if statuses != (200, 201, 200):
            faults.append(f"The normal client got {statuses}.")
        if took > LONGEST_ANSWER:
            faults.append(f"Three requests of the normal client took {took:.1f} s.")
        time.sleep(0.01)
    return waits
