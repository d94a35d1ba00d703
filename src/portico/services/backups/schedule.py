"""Scheduled backups: when the next one is due, making it in another process, and what to tell.

Another process makes the backup, because compressing would hold up requests. It inherits the lock
of the folder, so the lock lasts as long as the backup, even if this server is killed.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portico.domain.records import Clock
from portico.storage.backups.folder import (
    BackupFailure,
    LastBackup,
    clear_failure,
    delete_old_backups,
    delete_partial_backups,
    last_backup,
    locked_folder,
    record_failure,
    scheduled_name,
)

OTHER_SERVER = 3
"""The exit status of the process when another server makes a backup of the database."""

RETRY_SECONDS = 15 * 60
"""Time between a failed backup and the next attempt."""

LONGEST_SECONDS = 12 * 60 * 60
"""A backup that takes longer is stopped."""

_REASON_BYTES = 2_000

logger = logging.getLogger("portico")

Command = Callable[[Path], tuple[Sequence[str], Mapping[str, str]]]
"""Return the command that writes a backup to a path, and its environment."""


@dataclass(frozen=True, kw_only=True)
class BackupSchedule:
    """Where scheduled backups go, how often, in seconds, and how many to keep."""

    folder: Path
    every: int
    keep: int

    def last(self) -> LastBackup:
        """Return the state of the folder. A folder that cannot be read is a failure."""
        try:
            return last_backup(self.folder)
        except OSError as error:
            return LastBackup(failure=BackupFailure(time=0, reason=_told(error)))


class ScheduledBackups:
    """Makes the backups of a schedule, one attempt at a time."""

    def __init__(self, schedule: BackupSchedule, command: Command, clock: Clock) -> None:
        self._schedule = schedule
        self._command = command
        self._clock = clock
        self._failed: int | None = None

    def make_when_due(self) -> None:
        """Make a backup if one is due and no other server makes one. Blocks until it has ended.

        A failure is logged and recorded in the folder. It is repeated after a while.
        """
        if not self._is_due():
            return
        try:
            with locked_folder(self._schedule.folder) as lock:
                if lock is not None and self._is_due():
                    self._make(lock)
        except OSError as error:
            self._fail(_told(error))

    def _is_due(self) -> bool:
        now = int(self._clock())
        last = self._schedule.last()
        failed = [self._failed] if self._failed is not None else []
        if last.failure is not None:
            failed.append(last.failure.time)
        rests = any(0 <= now - each < min(RETRY_SECONDS, self._schedule.every) for each in failed)
        return not rests and last.is_due(self._schedule.every, now)

    def _make(self, lock: int) -> None:
        folder = self._schedule.folder
        delete_partial_backups(folder)
        path = folder / scheduled_name(int(self._clock()))
        command, environment = self._command(path)
        try:
            ended = subprocess.run(
                command,
                env=dict(environment),
                pass_fds=[lock],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LONGEST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            delete_partial_backups(folder)
            self._fail(f"The backup was stopped after {LONGEST_SECONDS // 3600} hours.")
            return
        if ended.returncode == OTHER_SERVER:
            return
        if ended.returncode:
            delete_partial_backups(folder)
            self._fail(_reason(ended))
            return
        self._failed = None
        clear_failure(folder)
        old = delete_old_backups(folder, self._schedule.keep, path)
        size = path.stat().st_size
        logger.info(
            "Made the scheduled backup %s.",
            path,
            extra={"event": "backup.made", "path": str(path), "bytes": size, "deleted": len(old)},
        )

    def _fail(self, reason: str) -> None:
        now = int(self._clock())
        self._failed = now
        logger.error("The scheduled backup failed: %s", reason, extra={"event": "backup.failed"})
        with suppress(OSError):  # a full disk has no room for the record either
            record_failure(self._schedule.folder, BackupFailure(time=now, reason=reason))


def _reason(ended: subprocess.CompletedProcess[bytes]) -> str:
    """Return the sentence that a process ended with."""
    lines = ended.stderr[-_REASON_BYTES:].decode(errors="replace").strip().splitlines()
    if not lines:
        return f"The process that makes the backup ended with status {ended.returncode}."
    return lines[-1].removeprefix("portico: ")


def _told(error: OSError) -> str:
    return f"{error.filename or 'The folder of backups'}: {error.strerror or error}."
