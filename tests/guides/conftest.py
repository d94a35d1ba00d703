"""The environment of a reader of the guides."""

from __future__ import annotations

import pytest

from tests.guides.guides import reader_environment


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A reader with folders of its own."""
    root = tmp_path_factory.mktemp("reader")
    return reader_environment(
        {"XDG_CACHE_HOME": str(root / "cache"), "XDG_DATA_HOME": str(root / "data")}
    )
