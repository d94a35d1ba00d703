"""The state folder of a stand-in in the background: its lock, process id, log and addresses.

The running stand-in holds the lock, which the kernel frees however the process ends. So a process
id that another program has got meanwhile is never mistaken for it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portico.domain.errors import PorticoError
from portico.emulation.access import StandInAccess
from portico.storage.engine.files import create_private_folder, replace_private_file

STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02
_LOCK_SECONDS = 0.2
"""How long a start tries to take the lock, which others hold for a moment to see if it is free."""


class StandInError(PorticoError):
    """A stand-in cannot be started, found or stopped. The reason says what to do."""

    code = "portico.emulator.state"


@dataclass(frozen=True)
class StateFolder:
    """The folder and its files. Only one stand-in can run in a folder."""

    path: Path

    @property
    def log(self) -> Path:
        """Return the file with the log of the stand-in in the background."""
        return self.path / "log"

    @property
    def database_folder(self) -> Path:
        """Return the folder of the temporary database."""
        return self.path / "database"

    @property
    def option(self) -> str:
        """Return the option that names the folder, for messages."""
        return f"--state-dir {self.path}"

    def pid(self) -> int | None:
        """Return the process id of the stand-in that runs or ran here last, or None."""
        text = _read(self._pid_file)
        return int(text) if text.strip().isdigit() else None

    def access(self) -> StandInAccess | None:
        """Return how to reach the stand-in, or None until it is ready."""
        text = _read(self._access_file)
        return StandInAccess.from_json(text) if text else None

    def is_running(self) -> bool:
        """Return whether a stand-in runs here, ready or not."""
        try:
            descriptor = os.open(self._lock_file, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder while this process runs the stand-in. Raises StandInError."""
        try:
            create_private_folder(self.path)
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unusable(error) from None
        try:
            self._lock(descriptor)
            self._remove_leftovers()
            if self.log.exists():
                os.truncate(self.log, 0)
            replace_private_file(self._pid_file, f"{os.getpid()}\n".encode())
            yield
            self._remove_leftovers()
        finally:
            os.close(descriptor)

    def publish(self, access: StandInAccess) -> None:
        """Write how to reach it, which tells those who wait that the stand-in is ready."""
        replace_private_file(self._access_file, access.to_json().encode())

    def prepare_log(self) -> None:
        """Create the log if there is none. The stand-in that takes the folder empties it.

        Raises StandInError.
        """
        try:
            create_private_folder(self.path)
            os.close(os.open(self.log, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError as error:
            raise self._unusable(error) from None

    def require_free(self) -> None:
        """Raise StandInError if a stand-in runs here."""
        if self.is_running():
            raise StandInError(self._taken())

    def require_running(self) -> int:
        """Return the process id of the running stand-in. Raises StandInError."""
        pid = self.pid()
        if self.is_running() and pid is not None:
            return pid
        if pid is None:
            raise StandInError(
                f"No stand-in runs in {self.path}. Start one with `portico emulate start`."
            )
        raise StandInError(
            f"The stand-in in {self.path} (process {pid}) has ended unexpectedly; {self.log} may "
            "say why. Start a new one with `portico emulate start`."
        )

    def wait_until_ready(
        self,
        seconds: float,
        still_expected: Callable[[], bool] = lambda: True,
        pid: int | None = None,
    ) -> StandInAccess:
        """Return how to reach the stand-in once it is ready. Raises StandInError.

        It gives up after so many seconds, or when `still_expected` returns False. With `pid` it
        waits for the stand-in of that process, not for one that started at the same moment.
        """
        deadline = time.monotonic() + seconds
        while True:
            expected = still_expected()
            running = self.is_running() and pid in (None, self.pid())
            access = self.access() if running else None
            if access is not None:
                return access
            if not expected or time.monotonic() > deadline:
                raise StandInError(self._not_ready(seconds, ended=not expected))
            time.sleep(_POLL_SECONDS)

    def stop(self) -> bool:
        """Stop the running stand-in, and return whether it ended by itself. Raises StandInError."""
        pid = self.require_running()
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self.is_running():
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                self._remove_leftovers()
                return False
            time.sleep(_POLL_SECONDS)
        return True

    @property
    def _pid_file(self) -> Path:
        return self.path / "pid"

    @property
    def _lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def _access_file(self) -> Path:
        return self.path / "access.json"

    def _lock(self, descriptor: int) -> None:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StandInError(self._taken()) from None
                time.sleep(_POLL_SECONDS)
            else:
                return

    def _unusable(self, error: OSError) -> StandInError:
        return StandInError(
            f"The state folder {self.path} cannot be used: {error.strerror}. Name another one with "
            "--state-dir."
        )

    def _taken(self) -> str:
        return (
            f"A stand-in already runs in {self.path} (process {self.pid()}). Stop it with "
            f"`portico emulate stop {self.option}`, or name another folder with --state-dir."
        )

    def _not_ready(self, seconds: float, *, ended: bool) -> str:
        last = _read(self.log).strip().splitlines()[-1:]
        hint = f" Its log ends with: {last[0]}" if last else ""
        if ended and self.is_running():
            return self._taken()
        if ended:
            return f"The stand-in ended before it was ready.{hint}"
        return f"The stand-in in {self.path} was not ready after {seconds:g} seconds.{hint}"

    def _remove_leftovers(self) -> None:
        """Remove what a stand-in leaves behind that was killed."""
        for each in (self._access_file, self._pid_file):
            each.unlink(missing_ok=True)
        shutil.rmtree(self.database_folder, ignore_errors=True)


def default_state_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's folder for the stand-in in the background."""
    named = environment.get("XDG_STATE_HOME", "")
    root = Path(named) if Path(named).is_absolute() else Path.home() / ".local/state"
    return root / "portico" / "emulate"


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
