"""`scripts/bench peers`: how soon a stand-in answers, how long a reset takes, and what TLS costs.

Beside Portico it measures what people use to imitate an API today: moto's server, json-server,
Prism and Mockoon. They take turns. A tool without a reset or TLS has a hyphen.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.http_client import Connection, UnexpectedAnswer, expect
from bench.processes import end_cleanly_when_told, free_port
from bench.report import plain_table

LINKS = 1_000
CALLS = 50
READY_SECONDS = 60.0
BIN = Path(sys.executable).parent
MOTO = Path(".venv-bench/moto/bin")
NODE = Path(".venv-bench/node/node_modules/.bin")
HEADS = (
    "Stand-in",
    "Ready, ms",
    "First answer, ms",
    f"Reset of {LINKS:,} links, ms",
    "TLS, new connection, ms",
    "TLS, keep-alive, ms",
    "HTTP, new connection, ms",
)


@dataclass(frozen=True)
class Running:
    """A started tool: its port, and when it was started."""

    port: int
    folder: Path
    started: float


@dataclass(frozen=True)
class Tool:
    """A stand-in: its command, the path that tells that it is ready, and what else it can do.

    `measure` returns further figures in milliseconds, by their heading.
    """

    name: str
    command: Callable[[Path, int], Sequence[str]]
    ready: str
    first: Callable[[Running], None]
    measure: Callable[[Running], Mapping[str, float]] = lambda _: {}


@dataclass
class Figures:
    """The samples of one tool in milliseconds, by heading."""

    samples: dict[str, list[float]] = field(default_factory=dict)

    def add(self, heading: str, seconds: float) -> None:
        self.samples.setdefault(heading, []).append(seconds * 1000)

    def cell(self, heading: str) -> str:
        found = self.samples.get(heading)
        return f"{median(found):,.1f}" if found else "-"


@contextmanager
def started(tool: Tool, folder: Path) -> Iterator[Running]:
    """Start a tool, and end it with everything that it started."""
    port = free_port()
    began = time.perf_counter()
    with (folder / f"{tool.name}.log").open("wb") as log:
        process = subprocess.Popen(
            list(tool.command(folder, port)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await(process, port, tool.ready)
        yield Running(port, folder, began)
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = Connection(port, timeout=5)
        try:
            if connection.send("GET", path).status < 500:
                return
        except OSError:
            time.sleep(0.002)
        finally:
            connection.close()
    raise UnexpectedAnswer(f"{process.args!r} did not answer {path}.")


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long a function takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _get(port: int, path: str) -> None:
    connection = Connection(port)
    expect(connection.send("GET", path), 200, path)
    connection.close()


# Portico.


def _portico(folder: Path, port: int) -> Sequence[str]:
    return [
        *(str(BIN / "portico"), "emulate", "--port", str(port), "--ca-dir", str(folder / "ca")),
        *("--env-file", str(folder / "portico.env")),
    ]


def _variables(running: Running) -> dict[str, str]:
    """Return what the stand-in wrote for clients; it does so when it is ready."""
    text = (running.folder / "portico.env").read_text()
    pairs = (line.partition("=") for line in text.splitlines())
    return {name: value.strip("'\"") for name, _, value in pairs}


def _portico_first(running: Running) -> None:
    token, path = _signed_in(running)
    connection = Connection(running.port)
    expect(connection.send("GET", path, token=token), 200, "list")
    connection.close()


def _signed_in(running: Running) -> tuple[str, str]:
    """Return a token, and the path of the links."""
    known = _variables(running)
    connection = Connection(running.port)
    fields = {"client_id": known["ZPA_CLIENT_ID"], "client_secret": known["ZPA_CLIENT_SECRET"]}
    token = expect(connection.post_form("/signin", fields), 200, "sign-in").json()["access_token"]
    connection.close()
    base = f"/mgmtconfig/v2/admin/customers/{known['ZPA_CUSTOMER_ID']}"
    return str(token), f"{base.replace('v2', 'v1')}/userPortalLink"


def _portico_measure(running: Running) -> Mapping[str, float]:
    token, path = _signed_in(running)
    return {HEADS[3]: _portico_reset(running, token, path), **_portico_tls(running)}


def _portico_reset(running: Running, token: str, path: str) -> float:
    """Return the time of a reset that deletes 1,000 links, seen from the client."""
    connection = Connection(running.port)
    for part in range(LINKS // 500):
        links = [{"name": f"Link {part} {each}", "link": "x.example"} for each in range(500)]
        body = json.dumps({"userPortalLinks": links})
        sent = path.replace("v1", "v2") + "/bulk"
        answer = connection.send(
            "POST", sent, token=token, body=body, content_type="application/json"
        )
        expect(answer, 201, "bulk")
    took = seconds_of(lambda: expect(connection.send("POST", "/_portico/reset"), 204, "reset"))
    connection.close()
    return took


def _portico_tls(running: Running) -> dict[str, float]:
    known = _variables(running)
    address = known["PORTICO_EMULATOR_TLS_URL"]
    port = int(address.rpartition(":")[2].strip("/"))
    trust = ssl.create_default_context(cafile=known["SSL_CERT_FILE"])
    handler = urllib.request.HTTPSHandler(context=trust)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
    new = [seconds_of(lambda: opener.open(f"{address}/healthz").read()) for _ in range(CALLS)]
    kept = Connection(port)
    kept.use_tls(trust)
    again = [seconds_of(lambda: kept.send("GET", "/healthz")) for _ in range(CALLS)]
    kept.close()
    plain = [seconds_of(lambda: _get(running.port, "/healthz")) for _ in range(CALLS)]
    return {HEADS[4]: median(new), HEADS[5]: median(again), HEADS[6]: median(plain)}


# The others.


def _moto(folder: Path, port: int) -> Sequence[str]:
    return [str(MOTO / "moto_server"), "--host", "127.0.0.1", "--port", str(port)]


def _moto_measure(running: Running) -> Mapping[str, float]:
    connection = Connection(running.port)
    headers = {"Host": "s3.amazonaws.com", "Content-Length": "0"}
    for each in range(LINKS):
        expect(connection.send("PUT", f"/bucket-{each}", headers=headers), 200, "bucket")
    took = seconds_of(lambda: expect(connection.send("POST", "/moto-api/reset"), 200, "reset"))
    connection.close()
    return {HEADS[3]: took, HEADS[6]: _new_connections(running, "/moto-api/data.json")}


def _new_connections(running: Running, path: str) -> float:
    return median(seconds_of(lambda: _get(running.port, path)) for _ in range(CALLS))


def _json_server(folder: Path, port: int) -> Sequence[str]:
    links = [{"id": each, "name": f"Link {each}"} for each in range(LINKS)]
    (folder / "json-server.json").write_text(json.dumps({"userPortalLink": links}))
    return [
        *(str(NODE / "json-server"), "--quiet", "--host", "127.0.0.1", "--port", str(port)),
        str(folder / "json-server.json"),
    ]


def _prism(folder: Path, port: int) -> Sequence[str]:
    answer = {"200": {"description": "OK", "content": {"application/json": {"example": []}}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Links", "version": "1"},
        "paths": {"/userPortalLink": {"get": {"responses": answer}}},
    }
    (folder / "prism.json").write_text(json.dumps(document))
    return [
        *(str(NODE / "prism"), "mock", "--host", "127.0.0.1", "--port", str(port)),
        *("--verboseLevel", "silent", str(folder / "prism.json")),
    ]


def _mockoon(folder: Path, port: int) -> Sequence[str]:
    route = {
        "uuid": "r1",
        "type": "http",
        "method": "get",
        "endpoint": "userPortalLink",
        "responses": [{"uuid": "a1", "body": "[]", "statusCode": 200, "default": True}],
    }
    environment = {"uuid": "e1", "name": "Links", "port": port, "routes": [route]}
    (folder / "mockoon.json").write_text(json.dumps(environment))
    return [
        *(str(NODE / "mockoon-cli"), "start", "--data", str(folder / "mockoon.json")),
        *("--port", str(port), "--hostname", "127.0.0.1", "--repair", "--disable-log-to-file"),
    ]


def _first_list(running: Running) -> None:
    _get(running.port, "/userPortalLink")


def _measure_list(running: Running) -> Mapping[str, float]:
    return {HEADS[6]: _new_connections(running, "/userPortalLink")}


TOOLS = (
    Tool("Portico", _portico, "/_portico/health", _portico_first, _portico_measure),
    Tool(
        "moto",
        _moto,
        "/moto-api/data.json",
        lambda each: _get(each.port, "/moto-api/data.json"),
        _moto_measure,
    ),
    Tool("json-server", _json_server, "/userPortalLink/0", _first_list, _measure_list),
    Tool("Prism", _prism, "/userPortalLink", _first_list, _measure_list),
    Tool("Mockoon", _mockoon, "/userPortalLink", _first_list, _measure_list),
)


def measure(rounds: int, folder: Path) -> dict[str, Figures]:
    """Start every tool in each round, and return the figures by tool."""
    found = {tool.name: Figures() for tool in TOOLS}
    for tool in TOOLS:  # reads every file once, and creates what later starts reuse
        _start_once(tool, folder, Figures())
    for turn in range(rounds):
        for tool in TOOLS if turn % 2 else TOOLS[::-1]:
            _start_once(tool, folder, found[tool.name], tool.measure)
    return found


def _start_once(
    tool: Tool,
    folder: Path,
    figures: Figures,
    further: Callable[[Running], Mapping[str, float]] = lambda _: {},
) -> None:
    try:
        with started(tool, folder) as running:
            figures.add(HEADS[1], time.perf_counter() - running.started)
            tool.first(running)
            figures.add(HEADS[2], time.perf_counter() - running.started)
            for heading, seconds in further(running).items():
                figures.add(heading, seconds)
    except (OSError, UnexpectedAnswer) as error:
        log = (folder / f"{tool.name}.log").read_text(errors="replace").strip()[-500:]
        sys.stderr.write(f"{tool.name} was not measured: {error}\n{log}\n")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench peers", description="Compare stand-ins: start, reset, connections."
    )
    parser.add_argument("--rounds", type=int, default=5, help="starts of each tool (default: 5)")
    options = parser.parse_args()
    end_cleanly_when_told()
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as name:
        found = measure(options.rounds, Path(name))
    rows = [(name, *(each.cell(head) for head in HEADS[1:])) for name, each in found.items()]
    sys.stdout.write(plain_table(HEADS, rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
