"""`kill -9` of a server and its workers while clients write."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.writers import BULK, Writer, check, everything, kill_while_writing, new_writers
from tests.harness import Caller, Server, Tenant, create_tenant, start_server

from prove.consistency import faults_of_database
from prove.findings import Finding, at_least_one, postgres_database, sqlite_database

KILLS = 1_000
WRITERS = 4
KILLS_OF_A_TENANT = 20
"""How many kills one tenant goes through, so that reading it whole after each stays quick."""

LONGEST_SECONDS = 0.25
Opened = Callable[[Path], AbstractContextManager[str]]


@dataclass
class Losses:
    """What the writers of all kills remember, and what was wrong."""

    faults: list[str] = field(default_factory=list)
    acknowledged: int = 0
    under_way: int = 0
    slowest_start: float = 0.0

    def count(self, writers: list[Writer]) -> None:
        """Add what the server had acknowledged to these writers."""
        for each in writers:
            rows = len(each.created) + len(each.uncertain)
            self.acknowledged += rows + len(each.deleted) + BULK * len(each.bulks)
            self.under_way += len(each.uncertain)

    def compare(self, writers: list[Writer], caller: Caller) -> None:
        """Compare what is stored with what the writers remember."""
        try:
            check(writers, everything(caller))
        except (AssertionError, KeyError) as loss:
            self.faults.append(f"A tenant lost rows: {loss!r}"[:500])


def prove_kills_on_sqlite(scale: float, folder: Path) -> Finding:
    """Kill servers of a SQLite file."""
    return prove_kills(scale, folder, sqlite_database)


def prove_kills_on_postgresql(scale: float, folder: Path) -> Finding:
    """Kill servers of a PostgreSQL, which keeps running."""
    return prove_kills(scale, folder, postgres_database)


def prove_kills(scale: float, folder: Path, opened: Opened) -> Finding:
    """Start, write, kill and compare, again and again; then check the whole database."""
    kills = at_least_one(KILLS, scale)
    with opened(folder) as url:
        losses = _kill(url, folder / "server.log", kills)
        losses.faults += faults_of_database(url)
    if not losses.acknowledged:
        losses.faults.append("No write was acknowledged.")
    return Finding(
        f"{kills:,} kills while {WRITERS} clients wrote: {losses.acknowledged:,} acknowledged "
        "changes, none lost. The database is intact, and the audit log and the revisions agree "
        "with the rows.",
        {
            "kills": kills,
            "acknowledged changes": losses.acknowledged,
            "replacements under way when killed": losses.under_way,
            "slowest start after a kill, seconds": round(losses.slowest_start, 2),
        },
        losses.faults,
    )


def _kill(url: str, log: Path, kills: int) -> Losses:
    losses = Losses()
    moments = random.Random(1)
    tenant: Tenant | None = None
    past: list[Writer] = []
    server = start_server(url, log)
    caller: Caller | None = None
    for turn in range(kills):
        if caller is None or turn % KILLS_OF_A_TENANT == 0:
            tenant, past = create_tenant(server), []
            caller = tenant.caller()
        caller = Caller(server, caller.customer_id, caller.credentials)
        writers = new_writers(caller, WRITERS, str(turn))
        kill_while_writing(server, writers, moments.uniform(0, LONGEST_SECONDS))
        past += writers
        losses.count(writers)
        server = _start_again(url, log, losses)
        losses.compare(past, Caller(server, caller.customer_id, caller.credentials))
    server.stop()
    return losses


def _start_again(url: str, log: Path, losses: Losses) -> Server:
    began = time.monotonic()
    server = start_server(url, log)
    losses.slowest_start = max(losses.slowest_start, time.monotonic() - began)
    return server
