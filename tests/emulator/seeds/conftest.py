"""Fixtures of seeds: databases without tenants."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.emulator.seeds.planted import Databases, PlantedSeed, parsed


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Makes empty databases."""
    return Databases(tmp_path_factory.mktemp("seeds"))


@pytest.fixture
def planted(databases: Databases) -> Callable[[str], PlantedSeed]:
    """Plants the seed in a text into a database of its own."""
    return lambda text: PlantedSeed(databases.new(), parsed(text))
