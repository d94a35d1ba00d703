"""Writers that remember what a server acknowledged until it was killed under them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.harness import LINKS, Caller, Server

BULK = 7
PORTALS_OF_EACH = 3
"""Portals of each writer: a portal holds at most 500 links, so writers do not share them."""


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
        assert len(link["userPortals"]) == PORTALS_OF_EACH, link
    for writer in writers:
        for link_id, description in writer.created.items():
            allowed = {description, writer.uncertain.get(link_id, description)}
            assert stored[link_id]["description"] in allowed
        assert writer.deleted.isdisjoint(stored)
        for bulk in writer.bulks:
            assert sum(name.startswith(f"{bulk} ") for name in names) == BULK
    unfinished = [name.rpartition(" ")[0] for name in names if name.startswith("bulk ")]
    assert {unfinished.count(each) for each in set(unfinished)} <= {BULK}


def kill_while_writing(server: Server, writers: list[Writer], seconds: float = 0.5) -> None:
    """Lets every writer get an answer and write on for some seconds, then kills the server."""
    stop = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stop,)) for each in writers]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    while not all(each.created for each in writers) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(seconds)
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()
    server.http.close()


def new_writers(admin: Caller, count: int, name: str) -> list[Writer]:
    """Writers with portals of their own, which are named after `name`."""
    return [
        Writer(
            Caller(admin.server, admin.customer_id, admin.credentials),
            number,
            [
                admin.create_portal(f"Portal {name}-{number}-{each}")
                for each in range(PORTALS_OF_EACH)
            ],
        )
        for number in range(count)
    ]
