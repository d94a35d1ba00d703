"""What administrators are told about scheduled backups."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from portico.domain.records import Clock
from portico.services.backups.looks import Looks
from portico.services.backups.schedule import BackupSchedule
from portico.storage.backups.folder import LastBackup

PATIENCE_SECONDS = 1.0


class Trouble(StrEnum):
    """What is wrong with scheduled backups."""

    FAILED = "failed"
    OVERDUE = "overdue"
    NONE_YET = "none yet"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class BackupNotice:
    """Trouble with scheduled backups, and the time of the last good one in epoch seconds."""

    trouble: Trouble
    last: int | None = None


def trouble_with(last: LastBackup, every: int, now: int) -> BackupNotice | None:
    """Return what an administrator must know about backups that should be made so often."""
    if last.failure is not None:
        return BackupNotice(Trouble.FAILED, last.time)
    if last.time is None:
        return BackupNotice(Trouble.NONE_YET)
    return BackupNotice(Trouble.OVERDUE, last.time) if last.is_overdue(every, now) else None


class BackupWatch:
    """Looks at the folder of a schedule for a page, which waits only a moment for its disk."""

    def __init__(self, schedule: BackupSchedule, clock: Clock) -> None:
        self._schedule = schedule
        self._clock = clock
        self._looks = Looks(schedule.last)

    async def notice(self) -> BackupNotice | None:
        """Return what is wrong, or None. Takes at most a second."""
        look = asyncio.wrap_future(self._looks.start())
        done, _ = await asyncio.wait([look], timeout=PATIENCE_SECONDS)
        if not done:
            return BackupNotice(Trouble.UNREADABLE)
        return trouble_with(look.result(), self._schedule.every, int(self._clock()))
