"""Measures the memory and open files of a worker under a long mixed load.

Clients read pages and searches, create, replace and delete links, and sign in, as fast as the
server answers. Each checks the status of every response.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from bench.cores import assign_cores
from bench.growth_rows import add_links, link_name
from bench.http_client import JSON, Connection, UnexpectedAnswer, expect
from bench.portico import Portico
from bench.postgres import running_postgres
from bench.processes import Processes, end_cleanly_when_told
from bench.report import DATABASES, plain_table
from bench.sites import Credentials, Site, open_site, sign_in
from portico.http.hot.cache import SESSIONS
from portico.storage.engine.database import open_database

LINKS = 10_000
CLIENTS = 8
SIGN_INS = SESSIONS // CLIENTS
"""How often each client signs in first: the cache of sessions is full when the load begins."""

SAMPLES = 10
SEARCHED = 1_000
"""How many names are searched for, so that their answers are soon in the cache."""


class Client(threading.Thread):
    """One client that runs until `stopping` is set. `failure` describes an error, if any."""

    def __init__(self, port: int, credentials: Credentials, number: int) -> None:
        super().__init__(daemon=True)
        self.site: Site = open_site(port, credentials)
        self.stopping = threading.Event()
        self.failure = ""
        self.answers = 0
        self._choices = random.Random(number)
        self._number = number
        self._made: list[str] = []

    def run(self) -> None:
        """Fill the cache of sessions, then send one request after another."""
        steps = [self._read] * 12 + [self._create] * 3 + [self._replace, self._remove, self._again]
        try:
            for _ in range(SIGN_INS):
                sign_in(self.site)
                self._send("GET", "?pagesize=20", 200)
            while not self.stopping.is_set():
                self._choices.choice(steps)()
                self.answers += 1
        except (UnexpectedAnswer, OSError) as error:
            self.failure = f"client {self._number}: {error}"

    def _send(self, method: str, path: str, status: int, body: object = None) -> str:
        sent = None if body is None else json.dumps(body)
        answer = self.site.connection.send(
            method,
            f"{self.site.links_path}{path}",
            token=self.site.token,
            body=sent,
            content_type=sent and JSON,
        )
        return expect(answer, status, path).body.decode()

    def _read(self) -> None:
        some = self._choices.randrange(LINKS)
        search = quote(f"name EQ {link_name(some % SEARCHED)}")
        paths = ("?pagesize=20", "?pagesize=500", f"?page={some % 100}", f"?search={search}")
        self._send("GET", self._choices.choice(paths), 200)

    def _create(self) -> None:
        name = f"Soak {self._number} {self._choices.getrandbits(60)}"
        made = self._send("POST", "", 201, {"name": name, "link": "soak.example.com"})
        self._made.append(json.loads(made)["id"])

    def _replace(self) -> None:
        if self._made:
            name = f"Soaked {self._number} {self._choices.getrandbits(60)}"
            body = {"name": name, "link": "soaked.example.com", "enabled": True}
            self._send("PUT", f"/{self._made[-1]}", 204, body)

    def _remove(self) -> None:
        while len(self._made) > 1:
            self._send("DELETE", f"/{self._made.pop()}", 204)

    def _again(self) -> None:
        """Use a new connection and a new token, like each command of a client."""
        self.site.connection.close()
        self.site.connection = Connection(self.site.port)
        sign_in(self.site)


def held_by(process_id: int) -> tuple[float, int]:
    """Return the resident memory of a process in MB, and its number of open files and sockets."""
    status = Path(f"/proc/{process_id}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024, len(list(Path(f"/proc/{process_id}/fd").iterdir()))


class Sample(NamedTuple):
    """What the worker held after some seconds, and how many answers the clients had."""

    seconds: float
    answers: int
    memory_mb: float
    files: int


def soak(url: str, folder: Path, seconds: float) -> tuple[list[Sample], list[str]]:
    """Run the load on an empty database. Return ten samples of the worker, and the failures."""
    portico = Portico(url)
    credentials = portico.prepare()
    fill(url, int(credentials.customer_id))
    samples: list[Sample] = []
    with Processes(folder) as processes:
        server = portico.serve(processes, "portico", assign_cores().apart.server)
        worker = server.worker()
        clients = [Client(server.port, credentials, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for number in range(1, SAMPLES + 1):
            time.sleep(seconds / SAMPLES)
            answers = sum(client.answers for client in clients)
            samples.append(Sample(seconds * number / SAMPLES, answers, *held_by(worker)))
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(60)
    return samples, [client.failure for client in clients if client.failure]


def run(options: argparse.Namespace, folder: Path, url: str) -> int:
    """Run the load and print the samples. Return 1 if a client failed."""
    samples, failures = soak(url, folder, options.seconds)
    rows: list[tuple[str, ...]] = [
        (f"{each.seconds:.0f} s", f"{each.answers:,}", f"{each.memory_mb:.0f}", str(each.files))
        for each in samples
    ]
    table = plain_table(("after", "answers", "memory MB", "files and sockets"), rows)
    sys.stdout.write(f"{DATABASES[options.database]}, one worker, {CLIENTS} clients\n\n{table}\n")
    sys.stdout.write("".join(f"{failure}\n" for failure in failures))
    return int(bool(failures))


def fill(url: str, customer_id: int) -> None:
    """Add the links of the tenant."""

    async def work() -> None:
        database = open_database(url)
        try:
            await add_links(database, customer_id, 0, LINKS)
        finally:
            await database.close()

    asyncio.run(work())


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench soak", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--seconds", type=float, default=600.0, help="length of the load")
    options = parser.parse_args()
    end_cleanly_when_told()
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="portico-soak-", dir="/var/tmp")
        folder = Path(stack.enter_context(temporary))
        url = f"sqlite:///{folder / 'portico.db'}"
        if options.database == "postgresql":
            postgres = stack.enter_context(running_postgres(folder))
            url = f"postgresql://{postgres.create_database('portico')}"
        return run(options, folder, url)


if __name__ == "__main__":
    sys.exit(main())
