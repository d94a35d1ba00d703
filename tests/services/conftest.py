"""Fixtures of the service tests: a tenant of a test alone, on the storage tests' databases."""

from __future__ import annotations

import pytest

from tests.services.people.people import People
from tests.services.world import World
from tests.storage.conftest import empty_url, new_url, own_postgres, store, upgraded_postgres
from tests.storage.store import Store

__all__ = ["empty_url", "new_url", "own_postgres", "store", "upgraded_postgres"]


@pytest.fixture
def world(store: Store) -> World:
    """A tenant of this test alone."""
    return World(store)


@pytest.fixture
def people(world: World) -> People:
    """The people of a tenant of this test alone."""
    return People(world)
