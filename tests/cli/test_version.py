"""What a build says of itself, and the notices of what it contains."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from portico import __version__
from portico.build import COMMIT_FILE, read_build
from portico.storage.schema.compatibility import newest_revision
from tests.cli.commands import succeed

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "src" / "portico" / "web" / "static" / "vendor"


def test_version_names_schema_and_commit() -> None:
    printed = succeed("--version").strip()
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout[:12]
    assert printed == f"portico {__version__} (schema {newest_revision()}, commit {commit})"


def test_commit_of_a_wheel_is_in_its_file_and_an_unknown_one_is_left_out(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "portico"
    package.mkdir(parents=True)
    assert str(read_build(package)) == f"{__version__} (schema {newest_revision()})"
    (package / COMMIT_FILE).write_text("0123456789abcdef\n")
    assert str(read_build(package)).endswith(", commit 0123456789ab)")


def test_notices_name_every_vendored_folder_with_its_versions() -> None:
    notice = (ROOT / "NOTICE.md").read_text()
    for folder in (each for each in VENDOR.iterdir() if each.is_dir()):
        assert list(folder.glob("LICENSE*"))
        rows = [line for line in notice.splitlines() if f"`{folder.name}/`" in line]
        for version in re.findall(r"\d+\.\d+\.\d+", (folder / "VERSION").read_text()):
            assert any(version in row for row in rows), (folder.name, version)
