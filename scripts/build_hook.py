"""Adds the commit, for `portico --version`, and compresses large texts of a wheel."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILE = "src/portico/COMMIT"
"""Where a source distribution has it; a wheel that is built from one finds it there."""

FOLDERS = ("src/portico/web/site", "src/portico/web/static/vendor/tabler")
"""What a wheel has compressed: a quarter of the size. pyproject.toml excludes it otherwise."""

COMPRESSED = {".css", ".html", ".js", ".json", ".svg"}


class PackageHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling does not export the configuration's type
    """Writes what is not in the repository. An editable installation needs none of it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to the build."""
        if version == "editable":
            return
        self._work = Path(self.directory) / "added"
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True)
        self._add_commit(build_data["force_include"])
        if self.target_name == "wheel":
            for folder in FOLDERS:
                self._add_compressed(folder, build_data["force_include"])

    def _add_commit(self, included: dict[str, str]) -> None:
        root = Path(self.root)
        if not (root / ".git").exists():
            return
        command = ["git", "-C", str(root), "rev-parse", "HEAD"]
        written = self._work / "COMMIT"
        written.write_text(
            subprocess.run(command, capture_output=True, text=True, check=True).stdout
        )
        included[str(written)] = FILE if self.target_name == "sdist" else FILE.removeprefix("src/")

    def _add_compressed(self, folder: str, included: dict[str, str]) -> None:
        """Add a folder, if it is there, with its texts as gzip."""
        root = Path(self.root)
        for path in sorted((root / folder).rglob("*")):
            if not path.is_file():
                continue
            copy = self._work / path.relative_to(root / "src")
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in COMPRESSED:
                copy = copy.with_name(f"{copy.name}.gz")
                copy.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
            else:
                shutil.copyfile(path, copy)
            included[str(copy)] = copy.relative_to(self._work).as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the files beside the artifact."""
        if version != "editable":
            shutil.rmtree(self._work)
