"""Whether the open SQLite file is still the database: neither replaced, deleted nor damaged.

SQLite itself continues to write to a file that was renamed or deleted, and notices a damaged page
only when it reads it.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic

from portico.domain.errors import Unavailable

VERIFY_SECONDS = 1.0
"""Longest time between two checks of the path, for reads."""

SCAN_SECONDS = 5.0
SCAN_LIMIT_SECONDS = 10.0
SCAN_SHARE = 100
"""A scan that took a second is repeated after a hundred: it may cost one percent of a core."""

_STEPS_BETWEEN_LOOKS = 10_000
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_ADVICE = dict.fromkeys(_DAMAGE, "Check the path, or restore a backup.") | {
    sqlite3.SQLITE_READONLY: "Let Portico's user write the file and its folder.",
}
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}

logger = logging.getLogger("portico")


class DatabaseReplaced(Unavailable):
    """The path no longer leads to the open file."""


class DatabaseDamaged(Unavailable):
    """SQLite found content that it did not write."""


class SqliteFile:
    """The file that the connections of one process have open, as its path shows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._verify_at = 0.0
        """Time of the next check by a reader, on the monotonic clock."""
        self._identity: tuple[int, int] | None = None
        self._opened = False
        self._has_content = False
        self._replaced = ""
        self._damage = ""
        self._failure = ""

    def verify(self) -> None:
        """Raise DatabaseReplaced unless the path still leads to the file of the first call.

        Raises Unavailable when the path cannot be looked at.
        The verdict is final: Portico's caches hold answers of the old file, so it must restart.
        Costs one `stat`, about 2 us. Safe to call on any thread.
        """
        if self._replaced:
            raise DatabaseReplaced(self._replaced)
        change = self._change()
        if change:
            raise self._replacement(change)
        self._verify_at = monotonic() + VERIFY_SECONDS

    def verify_when_due(self) -> None:
        """Call `verify` unless the last call was a moment ago. For readers."""
        if monotonic() >= self._verify_at:
            self.verify()

    def note_opened(self) -> None:
        """Record that the file opened as a database, so that damage found later is new."""
        self._opened = True

    def note_damage(self, finding: str) -> None:
        """Record damage that SQLite found. Only a restart clears it."""
        if not self._damage:
            self._damage = f"The database file is damaged: {finding}."
            logger.error(
                "The database file %s is damaged: %s. Stop Portico and restore a backup.",
                self.path,
                finding,
                extra={"event": "database.damaged", "path": str(self.path)},
            )

    def note_error(self, error: sqlite3.Error) -> None:
        """Record an error of SQLite if it means damage or a full disk."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGE and self._opened:
            self.note_damage(str(error))
        elif code in _NO_ROOM:
            self._failure = f"The disk refused a read or a write of the database: {error}."

    def describe(self, error: sqlite3.Error) -> str:
        """Return what to tell about an error: a caller, or whoever starts the server.

        Only the second one learns the path.
        """
        if self._opened:
            return f"The database cannot serve this request now: {error}."
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = _ADVICE.get(code, "Check the file and its folder.")
        return f"Portico cannot open the database {self.path}: {error}. {advice}"

    def require_sound(self) -> None:
        """Raise DatabaseReplaced or DatabaseDamaged when the file is known to be so.

        Raises Unavailable once after a write failed on the disk: a probe, which writes little,
        might still find room where that write found none.
        """
        self.verify()
        if self._damage:
            raise DatabaseDamaged(self._damage)
        if self._failure:
            failure, self._failure = self._failure, ""
            raise Unavailable(failure)

    def _change(self) -> str:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            # Before the first connection, the file may not exist yet.
            return "was deleted" if self._identity else ""
        except OSError as error:
            raise Unavailable(f"The database file cannot be examined: {error.strerror}.") from error
        identity = found.st_dev, found.st_ino
        self._identity = self._identity or identity
        if identity != self._identity:
            return "was replaced by another file"
        if self._has_content and not found.st_size:
            return "was emptied"
        self._has_content = found.st_size > 0
        return ""

    def _replacement(self, what: str) -> DatabaseReplaced:
        self._verify_at = 0.0
        self._replaced = (
            f"The database file {what} while Portico had it open. Portico must be restarted."
        )
        logger.error(
            "The database file %s %s while Portico had it open. Nothing is read or written until "
            "Portico is restarted.",
            self.path,
            what,
            extra={"event": "database.replaced", "path": str(self.path)},
        )
        return DatabaseReplaced(self._replaced)


class DamageScan:
    """Checks the whole file at intervals, on its own thread and connection."""

    def __init__(self, file: SqliteFile, connect: Callable[[], sqlite3.Connection]) -> None:
        self._file = file
        self._connect = connect
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="portico-scan")
        self._running: Future[None] | None = None
        self._due = 0.0
        self._closing = False

    def start_when_due(self) -> None:
        """Start a scan, unless one is running or the last one ended a short time ago."""
        if monotonic() >= self._due and (self._running is None or self._running.done()):
            self._running = self._thread.submit(self._scan)

    def close(self) -> None:
        """Stop a running scan."""
        self._closing = True
        self._thread.shutdown()

    def _scan(self) -> None:
        started = monotonic()
        try:
            self._look_through(until=started + SCAN_LIMIT_SECONDS)
        except sqlite3.Error as error:
            self._file.note_error(error)  # does nothing if the scan was stopped
        except Unavailable as error:
            logger.warning("The database file was not scanned for damage: %s", error.reason)
        took = monotonic() - started
        self._due = monotonic() + max(SCAN_SECONDS, SCAN_SHARE * took)

    def _look_through(self, until: float) -> None:
        connection = self._connect()
        try:
            connection.set_progress_handler(
                lambda: self._closing or monotonic() > until, _STEPS_BETWEEN_LOOKS
            )
            finding: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
        # Newer versions of SQLite report a check of a text index that was interrupted.
        if finding != "ok" and not finding.startswith("unable to validate"):
            self._file.note_damage(" ".join(finding.split()))
