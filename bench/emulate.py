"""Measures the stand-in for tests: the time until it answers, and the time of a reset.

Each time has two numbers: wall time, and the processor time of the stand-in, which does not depend
on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.http_client import FORM, JSON, Connection, expect
from bench.report import plain_table

TENANTS, LINKS = 4, 250
STARTS, RESETS = 5, 30
READY_SECONDS = 60.0


class Times(NamedTuple):
    """Wall time and processor time in milliseconds."""

    wall: float
    processor: float


class StandIn:
    """A stand-in in a process of its own, and the time until it answered."""

    def __init__(self, process: subprocess.Popen[bytes], access: Path) -> None:
        began = time.perf_counter()
        while not (access / "access.json").exists():
            if process.poll() is not None or time.perf_counter() - began > READY_SECONDS:
                raise SystemExit("The stand-in did not start.")
            time.sleep(0.001)
        self.pid = process.pid
        self.access = json.loads((access / "access.json").read_text())
        self.http = Connection(int(self.access["url"].rsplit(":", 1)[1]))
        expect(self.http.send("GET", "/_portico/health"), 200, "health")

    def processor(self) -> float:
        """Return the processor time of the process so far, in milliseconds."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        used = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
        return used / 1e6


@contextmanager
def running(folder: Path, *options: str) -> Iterator[tuple[StandIn, Times]]:
    """Run a stand-in for the length of a block. Yield it and what the start took."""
    state = Path(tempfile.mkdtemp(dir=folder))
    command = [sys.executable, "-m", "portico", "emulate", "--state-dir", str(state), *options]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            stand_in = StandIn(process, state)
            took = time.perf_counter() - began
            yield stand_in, Times(took * 1_000, stand_in.processor())
        finally:
            process.terminate()


def seed(folder: Path) -> Path:
    """Write a seed of several tenants with 1,000 links together."""
    tenants = [
        {
            "name": f"Tenant {tenant}",
            "clients": [{"name": "Client", "id": str(900 + tenant), "secret": "s" * 43}],
            "links": [
                {
                    "name": f"Link {number}",
                    "description": f"Description of link {number} of the tenant",
                    "link": f"link-{number}.example.com",
                }
                for number in range(LINKS)
            ],
        }
        for tenant in range(TENANTS)
    ]
    path = folder / "seed.json"
    path.write_text(json.dumps({"set": "bench", "tenants": tenants}))
    return path


class Client:
    """A signed-in API client of one tenant of the seed."""

    def __init__(self, stand_in: StandIn, number: int) -> None:
        access = stand_in.access["tenants"][number]
        form = f"client_id={access['client_id']}&client_secret={access['client_secret']}"
        self.http = stand_in.http
        answer = self.http.send("POST", "/signin", body=form, content_type=FORM)
        self.token = answer.json()["access_token"]
        self.links = f"/mgmtconfig/v1/admin/customers/{access['customer_id']}/userPortalLink"
        listed = self.send("GET", f"{self.links}?pagesize=500", 200)
        self.ids = [each["id"] for each in listed["list"]]

    def send(self, method: str, path: str, status: int, body: object = None) -> dict[str, object]:
        """Send one request and return the decoded answer."""
        sent = None if body is None else json.dumps(body)
        answer = self.http.send(method, path, token=self.token, body=sent, content_type=JSON)
        expect(answer, status, f"{method} {path}")
        decoded: dict[str, object] = answer.json() if answer.body else {}
        return decoded

    def test(self) -> None:
        """Make the changes of a typical test: five links created, changed and deleted."""
        for number in range(5):
            self.send("POST", self.links, 201, {"name": f"New {number}", "link": "a.example.com"})
            path = f"{self.links}/{self.ids[number]}"
            self.send("PUT", path, 204, {"name": f"Other {number}", "link": "b.example.com"})
            self.send("DELETE", f"{self.links}/{self.ids[-number - 1]}", 204)

    def change_all(self) -> None:
        """Change every link of the tenant."""
        for link_id in self.ids:
            body = {"name": f"Changed {link_id}", "link": "c.example.com"}
            self.send("PUT", f"{self.links}/{link_id}", 204, body)


def reset_times(stand_in: StandIn, change: Callable[[], None], rounds: int) -> Times:
    """Return the median times of a reset of all tenants after a change."""
    found: list[Times] = []
    for _ in range(rounds):
        change()
        before, began = stand_in.processor(), time.perf_counter()
        expect(stand_in.http.send("POST", "/_portico/reset"), 204, "reset")
        wall = (time.perf_counter() - began) * 1_000
        found.append(Times(wall, stand_in.processor() - before))
    return _median(found)


def _median(found: list[Times]) -> Times:
    return Times(*(statistics.median(each) for each in zip(*found, strict=True)))


def _row(name: str, times: Times) -> tuple[str, str, str]:
    return name, f"{times.wall:.1f}", f"{times.processor:.1f}"


def measure(folder: Path) -> list[tuple[str, str, str]]:
    """Return a row for each thing measured: its name, wall time, processor time."""
    with running(folder):
        pass  # creates the empty database that the others copy, and the certificate authority
    starts = []
    for _ in range(STARTS):
        with running(folder) as (_, took):
            starts.append(took)
    rows = [_row("from the command to the first answer", _median(starts))]
    with running(folder, "--seed", str(seed(folder))) as (stand_in, _):
        clients = [Client(stand_in, number) for number in range(TENANTS)]
        for name, change, rounds in (
            ("reset, nothing changed", lambda: None, RESETS),
            ("reset, 15 changes in one tenant", clients[0].test, RESETS),
            ("reset, 250 of 1,000 links changed", clients[0].change_all, 5),
            ("reset, all 1,000 links changed", lambda: [c.change_all() for c in clients], 3),
        ):
            rows.append(_row(name, reset_times(stand_in, change, rounds)))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench emulate", description=__doc__)
    parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portico-emulate-") as folder:
        rows = measure(Path(folder))
    table = plain_table(("stand-in", "wall ms", "processor ms"), rows)
    sys.stdout.write(f"{TENANTS} tenants, {TENANTS * LINKS:,} links\n\n{table}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
