"""Fixtures of the tests of people."""

from __future__ import annotations

import pytest

from tests.services.people.guards import Guard, protect
from tests.services.people.people import People


@pytest.fixture
def guard(people: People) -> Guard:
    """An administrator with an authenticator app."""
    return protect(people, "ada")
