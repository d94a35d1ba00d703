"""A database file that is damaged under a server: found, named, and repaired from a backup."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.faults.test_replaced_file import PAGE_BYTES
from tests.faults.writers import everything
from tests.harness import LINKS, Caller, cipher_of, create_tenant, served

from prove.findings import Finding, at_least_one, sqlite_database

ROUNDS = 40
LINKS_STORED = 300
TABLES = ("user_portal_link", "audit_entry", "portal_user", "customer", "user_portal")


def prove_damage(scale: float, folder: Path) -> Finding:
    """Overwrite a page of the file under a server, again and again, and restore the backup."""
    rounds = at_least_one(ROUNDS, scale)
    faults: list[str] = []
    choices = random.Random(1)
    reason = ""
    for turn in range(rounds):
        place = folder / f"round-{turn}"
        place.mkdir()
        reason = _damage_once(place, choices, faults) or reason
    refused = _refuses_damaged_header(folder / "header", faults)
    return Finding(
        f"{rounds:,} pages overwritten under a server: `/readyz` reported each, none led to a 500. "
        f"Each time the backup restored all {LINKS_STORED} links. A file without a valid header "
        "is refused at the start.",
        {"pages overwritten": rounds, "reason": reason, "refusal at the start": refused},
        faults,
    )


def _damage_once(place: Path, choices: random.Random, faults: list[str]) -> str:
    with sqlite_database(place) as url:
        backup = place / "backup.zip"
        with served(url, place / "server.log") as server:
            caller = create_tenant(server).caller()
            for start in range(0, LINKS_STORED, 100):
                names = [f"Link {number}" for number in range(start, start + 100)]
                entries = [{"name": name, "link": "x.example.com"} for name in names]
                caller.create(f"{LINKS}/bulk", {"userPortalLinks": entries})
            _portico("backup", "create", str(backup), "--database", url)
            table = choices.choice(TABLES)
            _overwrite(place / "portico.db", table, choices)
            answer = server.wait_until(ready=False)
            reason = str(answer.json().get("reason", ""))
            if "damaged" not in reason:
                faults.append(f"After damage to {table}, /readyz said {reason!r}.")
            statuses = {
                caller.get(LINKS, pagesize=500).status_code,
                caller.post(LINKS, {"name": "Late", "link": "x.example.com"}).status_code,
            }
            if not statuses <= {200, 201, 503}:
                faults.append(f"After damage to {table}, requests answered {statuses}.")
        repaired = f"sqlite:///{place / 'repaired.db'}"
        key = str(cipher_of(url).file.path)
        _portico("backup", "restore", str(backup), "--database", repaired, "--secret-key-file", key)
        again = {"PORTICO_SECRET_KEY_FILE": key}
        with served(repaired, place / "server.log", environment=again) as server:
            stored = everything(Caller(server, caller.customer_id, caller.credentials))
        if len(stored) != LINKS_STORED:
            faults.append(f"The backup restored {len(stored)} of {LINKS_STORED} links.")
    return reason


def _overwrite(file: Path, table: str, choices: random.Random) -> None:
    """Overwrite the first page of a table, which a checkpoint has brought into the file."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()[0]
    with file.open("r+b") as content:
        content.seek((page - 1) * PAGE_BYTES)
        content.write(choices.choice((b"\xff" * PAGE_BYTES, choices.randbytes(PAGE_BYTES))))


def _refuses_damaged_header(place: Path, faults: list[str]) -> str:
    place.mkdir()
    with sqlite_database(place) as url:
        with (place / "portico.db").open("r+b") as content:
            content.write(bytes(100))
        done = _portico("serve", "--port", "1", "--database", url, check=False)
    if done.returncode == 0 or "Traceback" in done.stderr or "portico.db" not in done.stderr:
        faults.append(f"A file without a header was answered with: {done.stderr[-300:]!r}")
    return done.stderr.strip().replace(f"{place}/", "")[:300]


def _portico(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command of Portico."""
    command = (sys.executable, "-m", "portico", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=check)
