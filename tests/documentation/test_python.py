"""The guides for Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documentation.pages import GUIDES, follow, read_guide


@pytest.mark.parametrize("name", ["python-sdk.md", "pytest.md"])
def test_guide_works_as_printed(name: str, tmp_path: Path, reader: dict[str, str]) -> None:
    guide = read_guide(name)
    assert guide.commands

    follow(guide, tmp_path, reader)


def test_every_guide_is_listed() -> None:
    listed = (GUIDES / "index.md").read_text()

    for guide in GUIDES.glob("*.md"):
        assert guide.name == "index.md" or f"({guide.name})" in listed
