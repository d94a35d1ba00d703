"""Checks of the machine: files, disk, limits and versions."""

from __future__ import annotations

import shlex
from datetime import UTC, date, datetime
from pathlib import Path

from portico.services.doctor.checks import Examined, Result, fail, good, listed, warn
from portico.storage.engine.files import loose_modes

MEBIBYTE = 1024 * 1024
LEAST_FREE_BYTES = 100 * MEBIBYTE
LEAST_OPEN_FILES = 1_024
OLDEST_SQLITE = (3, 35)
END_OF_PYTHON = {
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
}
"""The end of support of each Python, from devguide.python.org/versions."""


async def check_files(examined: Examined) -> Result:
    """Look for private files that other accounts can use, or that belong to another account."""
    loose = loose_modes(examined.private_files)
    if loose:
        paths = [str(path.absolute()) for path in loose]
        return warn(
            f"Other accounts can use {listed(paths)}.",
            "Together, the database and the key reveal every secret of the installation.",
            f"chmod 600 {shlex.join(paths)}",
        )
    present = [path for path in examined.private_files if path.exists()]
    foreign = [path for path in present if path.stat().st_uid != examined.machine.user_id]
    if foreign:
        return warn(
            f"{listed([str(path) for path in foreign])} belongs to another account than the one "
            "that runs doctor.",
            "The server must run as the owner, and doctor judges what its own account can do.",
            f"sudo -u {shlex.quote(_owner(foreign[0]))} {examined.line.write('doctor')}",
        )
    return good(f"{len(present)} private files can be used by their owner only.")


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return f"#{path.stat().st_uid}"


async def check_disk(examined: Examined) -> Result:
    """Compare the free space beside a SQLite file with its size, which an upgrade can need."""
    if examined.path is None:
        return good("PostgreSQL stores the data on its own machine.")
    folder = examined.path.absolute().parent
    free, size = examined.machine.free_bytes(folder), examined.path.stat().st_size
    found = (
        f"{folder} has {free // MEBIBYTE} MiB free, and the database has {size // MEBIBYTE} MiB."
    )
    look = f"df -h {shlex.quote(str(folder))}"
    if free < LEAST_FREE_BYTES:
        return fail(found, "On a full disk every write is refused.", look)
    if free < size:
        return warn(found, "An upgrade or a backup can need as much space again.", look)
    return good(found)


async def check_open_files(examined: Examined) -> Result:
    """Compare the limit of open files with what a server needs."""
    limit = examined.machine.open_files
    if 0 <= limit < LEAST_OPEN_FILES:  # -1 means no limit
        return warn(
            f"A process can open {limit} files here.",
            "Each connection is an open file. At the limit, the server accepts no more.",
            "ulimit -n 65536  # for a service: LimitNOFILE=65536 in its unit",
        )
    return good(f"A process can open {limit} files here. A systemd unit has a limit of its own.")


async def check_versions(examined: Examined) -> Result:
    """Look for versions of Python and SQLite that get no corrections or lack features."""
    today = datetime.fromtimestamp(examined.now, UTC).date()
    python = ".".join(map(str, examined.machine.python))
    end = END_OF_PYTHON.get(examined.machine.python)
    if end is not None and today > end:
        return warn(
            f"Python {python} has had no security corrections since {end:%Y-%m-%d}.",
            "Faults in Python that are found now stay open.",
            "python3 --version",
        )
    sqlite = ".".join(map(str, examined.machine.sqlite))
    if examined.path is not None and examined.machine.sqlite < OLDEST_SQLITE:
        return warn(
            f"This Python uses SQLite {sqlite}.",
            "Before 3.35, SQLite lacks features that Portico is tested with.",
            'python3 -c "import sqlite3; print(sqlite3.sqlite_version)"',
        )
    return good(f"Python {python} and SQLite {sqlite} are supported.")
