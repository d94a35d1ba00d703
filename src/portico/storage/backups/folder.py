"""The folder of scheduled backups: their names, the last result, the lock, and which to delete.

The folder itself is the record. So a backup that somebody deleted or moved away counts as missing,
and servers that share a folder share its backups.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from portico.storage.engine.files import create_private_folder, locked_file, replace_private_file

PARTIAL = ".partial"
"""The end of the name of a backup that is still being written."""

_NAME = re.compile(r"portico-(\d{8}T\d{6}Z)\.zip")
_PARTIAL_NAME = re.compile(r"portico-\d{8}T\d{6}Z\.zip\..*\.partial")
_TIME = "%Y%m%dT%H%M%SZ"
_FAILURE = "last-failure.json"
_LOCK = ".lock"
_LONGEST_FAILURE = 64 * 1024


@dataclass(frozen=True)
class BackupFailure:
    """A scheduled backup that failed: when, in epoch seconds, and why, for the operator."""

    time: int
    reason: str


@dataclass(frozen=True)
class LastBackup:
    """The newest scheduled backup, and the failure since then, if there was one.

    `time` is the moment that the backup shows, in epoch seconds, or None without any backup.
    """

    path: Path | None = None
    time: int | None = None
    failure: BackupFailure | None = None

    def is_due(self, every: int, now: int) -> bool:
        """Whether it is time for the next backup, `every` so many seconds.

        A backup from the future is no reason to wait: the clock was wrong when it was made.
        """
        return self.time is None or not 0 <= now - self.time < every

    def is_overdue(self, every: int, now: int) -> bool:
        """Whether a whole interval has passed since the next backup was due."""
        return self.time is not None and now - self.time >= 2 * every


def last_backup(folder: Path) -> LastBackup:
    """Return the state of a folder of scheduled backups, from its names and one small file.

    It does not open the backups: each was read back before it got its name. Raises OSError if the
    folder cannot be read. A folder that does not exist has no backups.
    """
    dated = _dated_backups(folder)
    made, path = dated[-1] if dated else (None, None)
    failure = _read_failure(folder)
    if failure is not None and made is not None and failure.time < made:
        failure = None
    return LastBackup(path=path, time=made, failure=failure)


def scheduled_name(now: int) -> str:
    """Return the file name of a backup that begins at a moment in epoch seconds."""
    return f"portico-{datetime.fromtimestamp(now, UTC).strftime(_TIME)}.zip"


def record_failure(folder: Path, failure: BackupFailure) -> None:
    """Record that a scheduled backup failed. Raises OSError, for example on a full disk."""
    content = json.dumps({"time": failure.time, "reason": failure.reason})
    replace_private_file(folder / _FAILURE, content.encode())


def clear_failure(folder: Path) -> None:
    """Forget the last failure, after a backup that succeeded. Raises OSError."""
    (folder / _FAILURE).unlink(missing_ok=True)


def delete_old_backups(folder: Path, keep: int, newest: Path) -> list[Path]:
    """Delete all scheduled backups but the last `keep`, and return the deleted files.

    `newest` has just been made and stays, whatever the clock said for others. Files with other
    names are left alone. Raises OSError.
    """
    others = [path for _, path in _dated_backups(folder) if path != newest]
    old = others[: max(0, len(others) - (keep - 1))]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def delete_partial_backups(folder: Path) -> None:
    """Delete what interrupted backups left. Call it only with the folder's lock. Raises OSError."""
    for path in list(folder.iterdir()):
        if _PARTIAL_NAME.fullmatch(path.name):
            path.unlink(missing_ok=True)


@contextmanager
def locked_folder(folder: Path) -> Iterator[int | None]:
    """Hold the folder's lock for a block, as `locked_file` does. Creates a missing folder."""
    create_private_folder(folder)
    with locked_file(folder / _LOCK) as descriptor:
        yield descriptor


def _dated_backups(folder: Path) -> list[tuple[int, Path]]:
    """Return the scheduled backups with the moments in their names, oldest first."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    dated = []
    for name in names:
        if match := _NAME.fullmatch(name):
            with suppress(ValueError):  # a name of this form that is no date
                moment = datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
                dated.append((int(moment.timestamp()), folder / name))
    return sorted(dated)


def _read_failure(folder: Path) -> BackupFailure | None:
    try:
        with (folder / _FAILURE).open("rb") as file:
            content = json.loads(file.read(_LONGEST_FAILURE))
        return BackupFailure(time=int(content["time"]), reason=str(content["reason"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return BackupFailure(time=0, reason=f"{folder / _FAILURE} cannot be read.")
