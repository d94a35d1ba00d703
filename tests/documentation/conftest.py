"""The environment of a reader of the guides."""

from __future__ import annotations

import pytest

from tests.documentation.pages import reader_environment


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A reader with folders of its own."""
    root = tmp_path_factory.mktemp("reader")
    kinds = ("cache", "data", "state")
    return reader_environment({f"XDG_{kind.upper()}_HOME": str(root / kind) for kind in kinds})
