"""PostgreSQL that crashes and starts again under load."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.faults.own_postgres import OwnPostgres
from tests.faults.writers import everything
from tests.harness import LINKS, Caller, create_tenant, served

from prove.consistency import faults_of_database
from prove.findings import Finding, at_least_one, own_postgres

CRASHES = 100
WRITERS = 4
AWAY_SECONDS = 0.5
LONGEST_PAUSE = 1.0
LONGEST_RECOVERY = 60.0


@dataclass
class Writers:
    """Clients that create links without a pause, and go on after a refusal."""

    caller: Caller
    acknowledged: list[str] = field(default_factory=list)
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def write(self, number: int) -> None:
        """Create links until the end of the experiment."""
        caller, step = self.caller, 0
        while not self.stopping.is_set():
            step += 1
            name = f"Link {number}-{step}"
            try:
                answer = caller.post(LINKS, {"name": name, "link": "x.example.com"})
            except httpx.TransportError as error:
                self.faults.append(f"A connection broke: {error!r}")
                continue
            if answer.status_code == 201:
                self.acknowledged.append(name)
            elif answer.status_code == 503 and answer.headers.get("retry-after"):
                self.refused += 1
                time.sleep(0.01)
            else:
                self.faults.append(f"{answer.status_code}: {answer.text[:200]}")


def prove_outages(scale: float, folder: Path) -> Finding:
    """Crash PostgreSQL under writers, start it, and wait for the next acknowledged write."""
    crashes = at_least_one(CRASHES, scale)
    recoveries: list[float] = []
    moments = random.Random(1)
    with own_postgres() as postgres:
        with served(postgres.url, folder / "server.log") as server:
            caller = create_tenant(server).caller()
            writers = Writers(caller)
            threads = [
                threading.Thread(target=writers.write, args=(number,)) for number in range(WRITERS)
            ]
            for thread in threads:
                thread.start()
            try:
                for _ in range(crashes):
                    _await_write(writers)
                    time.sleep(moments.uniform(0, LONGEST_PAUSE))
                    recoveries.append(_crash(postgres, writers))
                server.wait_until(ready=True)
            finally:
                writers.stopping.set()
                for thread in threads:
                    thread.join()
            stored = {each["name"] for each in everything(caller).values()}
        faults = writers.faults + faults_of_database(postgres.url)
    lost = set(writers.acknowledged) - stored
    faults += [f"Lost: {name}" for name in sorted(lost)]
    sentence = (
        f"{crashes:,} crashes of PostgreSQL while {WRITERS} clients wrote: "
        f"{len(writers.acknowledged):,} acknowledged links, none lost. The next write "
        f"succeeded at most {max(recoveries):.1f} s after PostgreSQL was back, without a restart."
    )
    return Finding(
        sentence,
        {
            "crashes": crashes,
            "acknowledged links": len(writers.acknowledged),
            "requests refused with 503 meanwhile": writers.refused,
            "longest time to the next write, seconds": round(max(recoveries), 2),
            "median time to the next write, seconds": round(
                sorted(recoveries)[len(recoveries) // 2], 2
            ),
        },
        faults,
    )


def _crash(postgres: OwnPostgres, writers: Writers) -> float:
    """Return the seconds from the start of PostgreSQL to the next acknowledged write."""
    postgres.crash()
    time.sleep(AWAY_SECONDS)
    postgres.start()
    began = time.monotonic()
    _await_write(writers)
    return time.monotonic() - began


def _await_write(writers: Writers) -> None:
    before = len(writers.acknowledged)
    deadline = time.monotonic() + LONGEST_RECOVERY
    while len(writers.acknowledged) < before + WRITERS:
        if time.monotonic() > deadline:
            raise TimeoutError(f"No write succeeded within {LONGEST_RECOVERY:.0f} s.")
        time.sleep(0.01)
