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


@pytest.fixture(scope="session")
def shared_stand_in(empty_databases: Path) -> Iterator[Emulated]:
    """A stand-in with two tenants, which the tests of this process share."""
    with emulated(empty_databases, tenants=2) as running:
        yield running


@pytest.fixture
def stand_in(shared_stand_in: Emulated) -> Iterator[Emulated]:
    """A stand-in that is as it was at its start."""
    yield shared_stand_in
    shared_stand_in.return_to_start()


@pytest.fixture
def own_stand_in(empty_databases: Path) -> Iterator[Emulated]:
    """A stand-in with two tenants for this test alone, which can change its seed."""
    with emulated(empty_databases, tenants=2) as running:
        yield running
