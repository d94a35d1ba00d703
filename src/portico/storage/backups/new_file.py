"""New files that get their final name only when they are complete and on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portico.storage.backups.folder import PARTIAL
from portico.storage.backups.manifest import BackupError
from portico.storage.engine.files import PRIVATE_FILE, create_private_file, sync_folder


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give an empty file (0600) beside `path` for a block, which gets that name at its end.

    The block must sync what it writes. If it raises, the file is deleted. Never replaces a file.
    Raises BackupError if `path` exists or the folder takes no file, and for any OSError of the
    block, for example on a full disk.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}{PARTIAL}")
    try:
        _refuse_existing(path)
        create_private_file(partial)
        try:
            yield partial
            _publish(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror or error}.") from None


def _publish(partial: Path, path: Path) -> None:
    partial.chmod(PRIVATE_FILE)
    try:
        path.hardlink_to(partial)  # unlike a rename, it never replaces another file
    except FileExistsError:
        _refuse_existing(path)
    except OSError:  # a file system without hard links
        _refuse_existing(path)
        partial.rename(path)
    sync_folder(path.parent)


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise BackupError(f"{path} exists already, and is not replaced. Choose another name.")
