"""The time of the newest scheduled backup, whose disk may hang.

A thread reads it, one at a time however many scrapes ask. Until it answers, the last time known
counts, so that a disk that hangs hides no metric and the alert on old backups fires.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread
from time import monotonic

from portico.storage.backups.folder import last_backup


class BackupTime:
    """Reads the time of the newest backup in a folder. None is no folder."""

    def __init__(self, folder: Path | None) -> None:
        self.known = 0
        """The last time known, in epoch seconds, 0 for no backup."""
        self._folder = folder
        self._is_reading = False
        self._changed = Condition()

    def start_reading(self) -> None:
        """Begin to read the time again, unless that is under way."""
        if self._folder is None:
            return
        with self._changed:
            if self._is_reading:
                return
            self._is_reading = True
        read = Thread(target=self._read, args=(self._folder,), name="portico-metrics", daemon=True)
        read.start()

    def wait_until(self, deadline: float) -> None:
        """Wait until the time is read, or until a moment of `monotonic`."""
        with self._changed:
            seconds = max(0.0, deadline - monotonic())
            self._changed.wait_for(lambda: not self._is_reading, timeout=seconds)

    def _read(self, folder: Path) -> None:
        made = None
        try:
            # Without a readable folder there are metrics all the same, and the alert fires.
            with suppress(OSError):
                made = last_backup(folder).time
        finally:
            with self._changed:
                self.known = made or 0
                self._is_reading = False
                self._changed.notify_all()
