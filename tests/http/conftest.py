"""A tenant that the tests of a module share, for those that leave it as they found it."""

from __future__ import annotations

import pytest

from tests.harness import Caller, Server, create_tenant


@pytest.fixture(scope="module")
def resident(server: Server) -> Caller:
    """The administrator of a tenant that lives as long as the module."""
    return create_tenant(server).caller()
