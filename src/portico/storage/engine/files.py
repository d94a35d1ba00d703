"""Files and folders that only their owner can read, whatever the umask is."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_OTHERS = 0o077


def create_private_file(path: Path, content: bytes = b"") -> None:
    """Create a file with mode 0600 that survives a power cut.

    Raises FileExistsError if the path exists, or another OSError.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, PRIVATE_FILE)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    sync_folder(path.parent)


def replace_private_file(path: Path, content: bytes) -> None:
    """Create a file with mode 0600, in one step in place of an older one. Raises OSError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    create_private_file(fresh, content)
    fresh.replace(path)
    sync_folder(path.parent)


def create_private_folder(path: Path) -> None:
    """Create a folder and its missing parents with mode 0700. Existing ones keep their mode.

    Raises OSError.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for each in reversed(missing):
        try:
            each.mkdir(PRIVATE_FOLDER)
        except FileExistsError:
            continue  # another process was faster
        each.chmod(PRIVATE_FOLDER)


@contextmanager
def locked_file(path: Path) -> Iterator[int | None]:
    """Hold the lock of a file for a block, or give None if another process holds it.

    Creates a missing file with mode 0600. The number is a file descriptor. A child process that
    inherits it holds the lock until it ends too, and the kernel releases the lock of a process that
    ends. Raises OSError.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)


def loose_modes(paths: Iterable[Path]) -> dict[Path, int]:
    """Return the mode of each file that group or others can access. Skip missing files.

    Raises OSError for a path that cannot be looked at.
    """
    modes = {path: path.stat().st_mode & 0o777 for path in paths if path.exists()}
    return {path: mode for path, mode in modes.items() if mode & _OTHERS}


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut. Raises OSError."""
    sync_file(path)


def sync_file(path: Path) -> None:
    """Make the content of a file or folder survive a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
