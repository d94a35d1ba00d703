"""`kill -9` in the middle of writes: what was acknowledged is there, and nothing is half there."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from portico.storage.engine.database import sqlite_path
from tests.harness import LINKS, Caller, Server, create_tenant, start_server, upgrade

BULK = 7
ROUNDS = 2


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that no other server has open, or one where servers may come and go."""
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    upgrade(url)
    return url


@dataclass
class Writer:
    """Writes until the server dies, and remembers what it was told."""

    caller: Caller
    number: int
    portals: list[str]
    created: dict[str, str] = field(default_factory=dict)  # id -> description last acknowledged
    uncertain: dict[str, str] = field(default_factory=dict)  # id -> description under way
    deleted: set[str] = field(default_factory=set)
    bulks: set[str] = field(default_factory=set)

    def run(self, stop: threading.Event) -> None:
        """Creates, bulk-creates, replaces and deletes, in turn."""
        try:
            step = 0
            while not stop.is_set():
                self.write(f"{self.number}-{time.monotonic_ns()}-{step}", step % 4)
                step += 1
        except httpx.TransportError:
            return

    def body(self, name: str, description: str) -> dict[str, Any]:
        """A link on every portal."""
        shown = [{"id": each} for each in self.portals]
        return {
            "name": name,
            "link": "x.example.com",
            "description": description,
            "userPortals": shown,
        }

    def write(self, name: str, kind: int) -> None:
        """One write; it is remembered only after its answer."""
        if kind == 0:
            made = self.caller.create(LINKS, self.body(name, "created"))
            self.created[made["id"]] = "created"
        elif kind == 1:
            entries = [self.body(f"bulk {name} {each}", "bulk") for each in range(BULK)]
            self.caller.create(f"{LINKS}/bulk", {"userPortalLinks": entries})
            self.bulks.add(f"bulk {name}")
        elif kind == 2:
            target = next(reversed(self.created))
            self.uncertain[target] = name
            answer = self.caller.put(f"{LINKS}/{target}", self.body(name, name))
            assert answer.status_code == 204, answer.text
            self.created[target] = self.uncertain.pop(target)
        elif len(self.created) > 5:
            target = next(iter(self.created))
            del self.created[target]
            assert self.caller.delete(f"{LINKS}/{target}").status_code == 204
            self.deleted.add(target)


def everything(caller: Caller) -> dict[str, dict[str, Any]]:
    """Every link by its id, from all pages."""
    found: dict[str, dict[str, Any]] = {}
    first = caller.get(LINKS, pagesize=500).json()
    for page in range(1, int(first["totalPages"]) + 1):
        items = caller.get(LINKS, pagesize=500, page=page).json()["list"]
        found |= {each["id"]: each for each in items}
    assert len(found) == int(first["totalCount"])
    return found


def check(writers: list[Writer], stored: dict[str, dict[str, Any]]) -> None:
    """What was acknowledged is stored, and what is stored is whole."""
    names = [each["name"] for each in stored.values()]
    for link in stored.values():
        assert len(link["userPortals"]) == 3, link
    for writer in writers:
        for link_id, description in writer.created.items():
            allowed = {description, writer.uncertain.get(link_id, description)}
            assert stored[link_id]["description"] in allowed
        assert writer.deleted.isdisjoint(stored)
        for bulk in writer.bulks:
            assert sum(name.startswith(f"{bulk} ") for name in names) == BULK
    unfinished = [name.rpartition(" ")[0] for name in names if name.startswith("bulk ")]
    assert {unfinished.count(each) for each in set(unfinished)} <= {BULK}


def kill_while_writing(server: Server, writers: list[Writer]) -> None:
    """Lets the writers write for a moment, then kills the server under them."""
    stop = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stop,)) for each in writers]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    while not all(each.created for each in writers) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()
    server.http.close()


def test_kill_loses_nothing_that_was_acknowledged(own_database: str, tmp_path: Path) -> None:
    server = start_server(own_database, tmp_path / "server.log")
    tenant = create_tenant(server)
    credentials = tenant.credentials()
    past: list[Writer] = []

    for turn in range(ROUNDS):
        # Portals of its own for each writer: a portal holds at most 500 links.
        admin = Caller(server, tenant.customer_id, credentials)
        writers = [
            Writer(
                Caller(server, tenant.customer_id, credentials),
                number,
                [admin.create_portal(f"Portal {turn}-{number}-{each}") for each in range(3)],
            )
            for number in range(6)
        ]
        kill_while_writing(server, writers)
        past += writers
        server = start_server(own_database, tmp_path / "server.log")
        stored = everything(Caller(server, tenant.customer_id, credentials))

        assert all(writer.created for writer in writers)
        check(past, stored)

    assert server.stop() == 0
    file = sqlite_path(own_database)
    if file is not None:
        with sqlite3.connect(file) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
