"""Adds the commit to a wheel and to a source distribution, for `portico --version`."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILE = "src/portico/COMMIT"
"""Where a source distribution has it; a wheel that is built from one finds it there."""


class CommitHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling does not export the configuration's type
    """Writes the commit of a checkout, if git knows it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file to the build. An editable installation asks git whenever it is needed."""
        root = Path(self.root)
        if version == "editable" or not (root / ".git").exists():
            return
        command = ["git", "-C", str(root), "rev-parse", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self._written = Path(self.directory) / "COMMIT"
        self._written.parent.mkdir(parents=True, exist_ok=True)
        self._written.write_text(commit)
        inside = FILE if self.target_name == "sdist" else FILE.removeprefix("src/")
        build_data["force_include"][str(self._written)] = inside

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the file beside the artifact."""
        written: Path | None = getattr(self, "_written", None)
        if written is not None:
            written.unlink(missing_ok=True)
