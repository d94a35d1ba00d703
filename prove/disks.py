"""Full and read-only file systems under a server: real mounts, which only root can make."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.writers import everything
from tests.harness import LINKS, Caller, Server, create_tenant, served, start_server, upgrade

from prove.consistency import faults_of_database
from prove.findings import Finding, NotPossible, at_least_one

ROUNDS = 20
DISK_MIB = 64
"""Room for all rounds: the audit log keeps every icon, also those of deleted links."""
LARGE = {"link": "x.example.com", "iconText": "x" * 50_000}
SMALL = {"link": "x.example.com"}


def prove_full_disk(scale: float, folder: Path) -> Finding:
    """Fill a small tmpfs, look at what the server says, make room, and look again."""
    rounds = at_least_one(ROUNDS, scale)
    faults: list[str] = []
    acknowledged = 0
    recoveries: list[float] = []
    with _mounted(folder, "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "none") as disk:
        url = f"sqlite:///{disk / 'portico.db'}"
        upgrade(url)
        server = start_server(url, folder / "server.log")
        tenant = create_tenant(server)
        caller = tenant.caller()
        for turn in range(rounds):
            ballast = disk / "ballast"
            free = os.statvfs(disk)
            ballast.write_bytes(bytes(max(0, free.f_bavail * free.f_bsize - 1_500_000)))
            names = _fill(caller, turn, faults)
            _expect_not_ready(server, "disk", faults)
            if turn % 2:
                server.kill()
                server.http.close()
                ballast.unlink()
                server = start_server(url, folder / "server.log")
                caller = Caller(server, caller.customer_id, caller.credentials)
            else:
                ballast.unlink()
            began = time.monotonic()
            server.wait_until(ready=True)
            recoveries.append(time.monotonic() - began)
            stored = {each["name"]: each["id"] for each in everything(caller).values()}
            faults += [f"Lost: {name}" for name in names if name not in stored]
            acknowledged += len(names)
            for link_id in stored.values():
                if caller.delete(f"{LINKS}/{link_id}").status_code != 204:
                    faults.append("A link could not be deleted although there was room again.")
        server.stop()
        faults += faults_of_database(url)
    return Finding(
        f"{rounds:,} times full, every second time with a `kill -9` on the full disk: "
        f"{acknowledged:,} acknowledged links, none lost. Writes answered 503, reads "
        f"200, `/readyz` named the disk, and was ready again {max(recoveries):.1f} s after there "
        "was room at the latest.",
        {
            "times full": rounds,
            "acknowledged links": acknowledged,
            "longest time until ready, seconds": round(max(recoveries), 2),
        },
        faults,
    )


def prove_read_only_disk(_scale: float, folder: Path) -> Finding:
    """Let a file system become read-only under a server, as a broken disk does, and repair it."""
    image = folder / "disk.img"
    subprocess.run(("truncate", "-s", "64M", str(image)), check=True)
    subprocess.run(("mkfs.ext4", "-q", str(image)), check=True)
    faults: list[str] = []
    with _mounted(folder, "-o", "loop", str(image)) as disk:
        url = f"sqlite:///{disk / 'portico.db'}"
        upgrade(url)
        with served(url, folder / "server.log") as server:
            caller = create_tenant(server).caller()
            names = [f"Link {number}" for number in range(20)]
            for name in names:
                caller.create(LINKS, {"name": name, **SMALL})
            subprocess.run(("mount", "-o", "remount,abort", str(disk)), check=True)
            status = caller.post(LINKS, {"name": "Late", **SMALL}).status_code
            if status != 503:
                faults.append(f"A write to a read-only file system answered {status}.")
            reason = _expect_not_ready(server, "", faults)
            if caller.get(LINKS).status_code not in (200, 503):
                faults.append("A read answered neither 200 nor 503.")
    with _mounted(folder, "-o", "loop", str(image)) as disk:
        with served(url, folder / "server.log") as server:
            caller = Caller(server, caller.customer_id, caller.credentials)
            stored = {each["name"] for each in everything(caller).values()}
            if caller.post(LINKS, {"name": "Later", **SMALL}).status_code != 201:
                faults.append("No write succeeded after the repair.")
        faults += faults_of_database(url)
    faults += [f"Lost: {name}" for name in names if name not in stored]
    return Finding(
        "The file system became read-only under the server: writes answered 503, `/readyz` said "
        f'"{reason}". After a new mount, {len(names)} acknowledged links, none lost.',
        {"acknowledged links": len(names), "reason": reason},
        faults,
    )


@contextmanager
def _mounted(folder: Path, *arguments: str) -> Iterator[Path]:
    if os.getuid():
        raise NotPossible("Only root can mount file systems. Run it with sudo.")
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    done = subprocess.run(
        ("mount", *arguments, str(disk)), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotPossible(f"This machine cannot mount {' '.join(arguments)}: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(("umount", "--lazy", str(disk)), check=True)


def _fill(caller: Caller, turn: int, faults: list[str]) -> list[str]:
    """Create links until the server refuses. Return the names that it acknowledged."""
    names: list[str] = []
    for number in range(1_000):
        name = f"Link {turn}-{number}"
        answer = caller.post(LINKS, {"name": name, **LARGE})
        if answer.status_code != 201:
            if answer.status_code != 503 or not answer.headers.get("retry-after"):
                faults.append(f"A write to a full disk answered {answer.status_code}.")
            read = caller.get(LINKS).status_code
            if read != 200:
                faults.append(f"A read on a full disk answered {read}.")
            return names
        names.append(name)
    faults.append("The disk was never full.")
    return names


def _expect_not_ready(server: Server, word: str, faults: list[str]) -> str:
    """Return the reason of `/readyz`, which has to contain a word."""
    answer = server.wait_until(ready=False)
    reason = str(answer.json().get("reason", ""))
    if answer.status_code != 503 or word not in reason or not reason:
        faults.append(f"/readyz answered {answer.status_code}: {reason!r}")
    return reason
