"""What `/metrics` says of the database, on both databases: statements, their time, connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.trouble import held_lock
from tests.harness import LINKS, Caller, create_tenant, free_port, served
from tests.scrapes import Scrape

KINDS = ("read", "write", "commit", "revision")
POOL_SIZE = 3
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Measured:
    """The address of a server's metrics, and an administrator of a tenant there."""

    url: str
    admin: Caller

    @property
    def is_postgres(self) -> bool:
        """Whether the server has a pool of connections."""
        return not self.admin.server.database.startswith("sqlite")

    def scrape_until(self, is_so: Callable[[Scrape], bool]) -> Scrape:
        """Scrapes until something is so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so(scrape := Scrape(self.url)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return scrape


@pytest.fixture(scope="module")
def measured(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    """A server with one worker and few connections."""
    log = Path(tmp_path_factory.mktemp("measured") / "server.log")
    address = f"127.0.0.1:{free_port()}"
    options = ("--metrics-listen", address, "--pool-size", str(POOL_SIZE))
    with served(database_url, log, *options) as server:
        yield Measured(f"http://{address}/metrics", create_tenant(server).caller())


def test_statements_and_their_time_are_counted(measured: Measured) -> None:
    admin, before = measured.admin, Scrape(measured.url)
    admin.create_link("Counted")
    for _ in range(5):
        assert admin.get(LINKS).status_code == 200
    after = Scrape(measured.url)

    def more(name: str, kind: str) -> float:
        metric = f"portico_database_{name}_total"
        return after.total(metric, kind=kind) - before.total(metric, kind=kind)

    after.assert_not_below(before)
    assert all(more("statements", kind) > 0 for kind in KINDS)
    assert more("statements", "revision") >= 5
    timed = {kind for kind in KINDS if more("seconds", kind) > 0}
    assert timed == set(KINDS) if measured.is_postgres else set(KINDS) - {"revision"}
    assert sum(more("seconds", kind) for kind in KINDS) < PATIENCE_SECONDS


def test_connections_in_use_and_writers_that_wait_are_shown(measured: Measured) -> None:
    admin = measured.admin
    in_use = "portico_database_connections_in_use"
    waiting = "portico_database_writers_waiting"
    size = Scrape(measured.url).total("portico_database_connections")
    assert (size == POOL_SIZE) is measured.is_postgres

    def write(number: int) -> int:
        body = {"name": f"Waiting {number}", "link": "wiki.example.com"}
        return admin.post(LINKS, body).status_code

    with ThreadPoolExecutor(2) as threads:
        with held_lock(admin.server.database, admin.customer_id):
            writes = [threads.submit(write, number) for number in range(2)]
            # PostgreSQL lets both begin; on SQLite, the second one waits for its turn.
            name, count = (in_use, 2) if measured.is_postgres else (waiting, 1)
            measured.scrape_until(lambda now: now.total(name) >= count)
        assert [each.result() for each in writes] == [201, 201]
    measured.scrape_until(lambda now: now.total(in_use) == now.total(waiting) == 0)
