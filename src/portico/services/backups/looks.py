"""Looks at the folder of scheduled backups, whose disk may hang, as a network disk can."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread

from portico.storage.backups.folder import LastBackup


class Looks:
    """Looks at the folder on a thread, one at a time however many ask.

    A thread that hangs does not keep the process from ending. `look` reads the folder.
    """

    def __init__(self, look: Callable[[], LastBackup]) -> None:
        self._look = look
        self._lock = Lock()
        self._current: Future[LastBackup] | None = None

    def start(self) -> Future[LastBackup]:
        """Return the look that is under way, or begin one. It has the error of one that fails."""
        with self._lock:
            if self._current is None or self._current.done():
                self._current = Future()
                work = (self._current,)
                Thread(target=self._run, args=work, name="portico-backups", daemon=True).start()
            return self._current

    def _run(self, current: Future[LastBackup]) -> None:
        try:
            current.set_result(self._look())
        except Exception as error:  # it is raised where the result is read
            current.set_exception(error)
