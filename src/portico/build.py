"""What this build of Portico is: its version, its database schema, and its commit.

A wheel has the commit in a file, which `scripts/build_hook.py` adds; a checkout asks git.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from portico import __version__
from portico.storage.schema.compatibility import newest_revision

COMMIT_FILE = "COMMIT"
"""The file in the package's folder, in a wheel and in a source distribution."""

_PACKAGE = Path(__file__).parent
_GIT_SECONDS = 5.0


class Build(NamedTuple):
    """A build. `commit` is empty if it is not known."""

    version: str
    schema: str
    commit: str

    def __str__(self) -> str:
        """Return the build in one line."""
        commit = f", commit {self.commit[:12]}" if self.commit else ""
        return f"{self.version} (schema {self.schema}{commit})"


def read_build(package: Path = _PACKAGE) -> Build:
    """Return the build whose package is in that folder."""
    return Build(__version__, newest_revision(), _commit(package))


def _commit(package: Path) -> str:
    written = package / COMMIT_FILE
    if written.is_file():
        return written.read_text().strip()
    checkout = package.parents[1]
    if not (checkout / ".git").exists():
        return ""  # git would find the repository of any folder above
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
