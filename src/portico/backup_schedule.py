"""Scheduled backups of `portico serve`, which a thread of the first worker starts."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from portico.domain.durations import duration_seconds
from portico.services.backups.schedule import BackupSchedule, Command, ScheduledBackups
from portico.settings import PREFIX, Settings

FIRST_SECONDS = 1.0
LOOK_SECONDS = 60.0

logger = logging.getLogger("portico")


def backup_schedule(settings: Settings) -> BackupSchedule | None:
    """Return the schedule that the operator set, or None without a folder for backups."""
    if not settings.backup_dir:
        return None
    every = duration_seconds(settings.backup_every)
    assert every is not None  # the settings refuse other texts
    return BackupSchedule(
        folder=Path(settings.backup_dir).absolute(), every=every, keep=settings.backup_keep
    )


def backup_command(settings: Settings) -> Command:
    """Return what runs `portico backup create` on the database of the settings."""

    def command(path: Path) -> tuple[Sequence[str], Mapping[str, str]]:
        line = [sys.executable, "-m", "portico", "backup", "create", str(path), "--scheduled"]
        # A URL can contain a password, which other accounts see on a command line.
        own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return line, own | {f"{PREFIX}DATABASE": settings.database}

    return command


def start_backups(settings: Settings) -> None:
    """Start the thread that makes backups when they are due, if the operator wants any."""
    schedule = backup_schedule(settings)
    if schedule is None:
        return

    backups = ScheduledBackups(schedule, backup_command(settings), time.time)

    def run() -> None:
        time.sleep(FIRST_SECONDS)
        while True:
            try:
                backups.make_when_due()
            except Exception:  # a defect must not end the schedule
                logger.exception("The scheduled backup failed.", extra={"event": "backup.failed"})
            time.sleep(LOOK_SECONDS)

    threading.Thread(target=run, name="backups", daemon=True).start()
