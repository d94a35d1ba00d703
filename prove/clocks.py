"""A system clock that jumps under a server: a preloaded library moves what its processes see."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.writers import everything
from tests.forked import PROGRAM
from tests.harness import LINKS, Caller, Server, create_tenant, served
from tests.web.visits import Visit, add_administrator

from prove.consistency import faults_of_database
from prove.findings import Finding, NotPossible, at_least_one, sqlite_database

JUMPS = 200
WRITES = 5
DAY = 86_400
STEPS = (-400 * DAY, -DAY, -7_200, -61, -1, 1, 61, 7_200, DAY, 400 * DAY)


class Clock:
    """The wall clock of servers, which read the offset from a mapped file at each call."""

    def __init__(self, folder: Path) -> None:
        self.library, self.file = folder / "clock.so", folder / "clock.offset"
        source = Path(__file__).with_name("clock.c")
        compiler = shutil.which("cc")
        if compiler is None:
            raise NotPossible("It needs a C compiler. Type: apt-get install gcc libc-dev")
        command = (compiler, "-shared", "-fPIC", "-O1", "-o", str(self.library), str(source))
        subprocess.run(command, check=True)
        self.file.write_bytes(bytes(8))
        self.offset = 0

    def set(self, offset: int) -> None:
        """Move the clock to so many seconds from the true time, at once for every reader."""
        self.offset = offset
        with self.file.open("r+b", buffering=0) as content:
            content.write(struct.pack("=q", offset))


@dataclass
class Told:
    """What the server acknowledged."""

    names: dict[str, str] = field(default_factory=dict)  # id -> name
    signed_in_again: int = 0
    faults: list[str] = field(default_factory=list)


def prove_clocks(scale: float, folder: Path) -> Finding:
    """Set the clock back and forth between writes, and restart the server at some of the times."""
    jumps = at_least_one(JUMPS, scale)
    told = Told()
    choices = random.Random(1)
    with sqlite_database(folder) as url:
        clock = Clock(folder)
        with _served(url, folder, clock) as server:
            tenant = create_tenant(server)
            caller = tenant.caller()
            administrator = add_administrator(tenant, "ada")
        done = 0
        while done < jumps:
            with _served(url, folder, clock) as server:
                caller = Caller(server, caller.customer_id, caller.credentials)
                for _ in range(min(20, jumps - done)):
                    done += 1
                    clock.set(_next_offset(clock.offset, choices))
                    caller = _write(caller, done, told)
                    _visit(server, administrator, told)
                if server.http.get("/readyz").status_code != 200:
                    told.faults.append(f"/readyz: {server.http.get('/readyz').text}")
                stored = everything(caller)
        faults = told.faults + faults_of_database(url)
    faults += [f"Lost: {name}" for key, name in told.names.items() if key not in stored]
    times = [int(each["creationTime"]) for each in stored.values()]
    span = (max(times) - min(times)) // DAY
    return Finding(
        f"{jumps:,} jumps of up to 400 days back and forth, with a restart after every 20: "
        f"{len(told.names):,} acknowledged links, each with its own id, none lost. Clients signed "
        f"in again {told.signed_in_again:,} times, because their token had expired.",
        {
            "jumps": jumps,
            "acknowledged links": len(told.names),
            "days between the earliest and the latest link, by the clock": span,
            "new tokens after a 401": told.signed_in_again,
        },
        faults,
    )


def _next_offset(offset: int, choices: random.Random) -> int:
    """Return another time, within 800 days of the true one."""
    moved = offset + choices.choice(STEPS)
    return moved if abs(moved) <= 800 * DAY else 0


@contextmanager
def _served(url: str, folder: Path, clock: Clock) -> Iterator[Server]:
    environment = {"LD_PRELOAD": str(clock.library), "CLOCK_OFFSET_FILE": str(clock.file)}
    # A forked server would have loaded its libraries already.
    with served(url, folder / "server.log", environment=environment, program=PROGRAM) as server:
        yield server


def _write(caller: Caller, turn: int, told: Told) -> Caller:
    """Create links, signing in again after a 401 as clients do. Return the caller to go on with."""
    for number in range(WRITES):
        name = f"Link {turn}-{number}"
        body = {"name": name, "link": "x.example.com"}
        answer = caller.post(LINKS, body)
        if answer.status_code == 401:
            told.signed_in_again += 1
            caller = Caller(caller.server, caller.customer_id, caller.credentials)
            answer = caller.post(LINKS, body)
        if answer.status_code != 201:
            told.faults.append(f"Jump {turn}: {answer.status_code} {answer.text[:200]}")
            continue
        made = answer.json()
        if made["id"] in told.names:
            told.faults.append(f"Two links have the id {made['id']}.")
        told.names[made["id"]] = name
    return caller


def _visit(server: Server, administrator: str, told: Told) -> None:
    """Sign in to the console at the time of the clock."""
    began = time.monotonic()
    answer = Visit(server.http).sign_in("/console/sign-in", administrator)
    if answer.status_code != 303:
        took = time.monotonic() - began
        told.faults.append(f"A sign-in answered {answer.status_code} after {took:.1f} s.")
