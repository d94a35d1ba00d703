"""Private files and folders: their modes under any umask, and how one replaces another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from portico.storage.engine.files import (
    create_private_file,
    create_private_folder,
    loose_modes,
    replace_private_file,
)


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=["open", "usual", "closed"], autouse=True)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test runs under three umasks."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """The permission bits of a path."""
    return path.stat().st_mode & 0o777


def test_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "key"

    create_private_file(path, b"content")

    assert (mode(path), path.read_bytes()) == (0o600, b"content")


def test_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    create_private_file(path, b"first")

    with pytest.raises(FileExistsError):
        create_private_file(path, b"second")

    assert path.read_bytes() == b"first"


def test_replaced_file_is_private_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(b"old")
    path.chmod(0o644)

    replace_private_file(path, b"new")

    assert (mode(path), path.read_bytes()) == (0o600, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_only_new_folders_become_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    create_private_folder(tmp_path / "a" / "b")
    create_private_folder(tmp_path / "a" / "b")

    assert [mode(each) for each in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")] == [
        0o755,
        0o700,
        0o700,
    ]


def test_loose_modes_are_found(tmp_path: Path) -> None:
    modes = {"tight": 0o600, "tighter": 0o400, "group": 0o640, "world": 0o604}
    for name, bits in modes.items():
        create_private_file(tmp_path / name)
        (tmp_path / name).chmod(bits)

    found = loose_modes([tmp_path / name for name in (*modes, "missing")])

    assert found == {tmp_path / "group": 0o640, tmp_path / "world": 0o604}
