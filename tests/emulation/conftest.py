"""Folders of these tests, so that a stand-in touches nothing of the user."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def user_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables for a cache folder and a data folder of this test process."""
    root = tmp_path_factory.mktemp("user")
    return {"XDG_CACHE_HOME": str(root / "cache"), "XDG_DATA_HOME": str(root / "data")}


@pytest.fixture
def private_folders(
    user_folders: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Lets the test and its processes use these folders. The system's temporary one, empty."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for name, value in {**user_folders, "TMPDIR": str(temporary)}.items():
        monkeypatch.setenv(name, value)
    for name in ("GITHUB_ENV", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    return temporary
