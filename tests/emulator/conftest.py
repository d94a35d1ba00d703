"""Stand-ins for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.stand_ins import Emulated, emulated


@pytest.fixture(scope="session")
def empty_databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of this test process."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def stand_in(empty_databases: Path) -> Iterator[Emulated]:
    """A stand-in with two tenants."""
    with emulated(empty_databases, tenants=2) as running:
        yield running
