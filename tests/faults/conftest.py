"""A second server process on the database that the first one serves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import Caller, Server, served


@pytest.fixture(scope="session")
def other_server(
    server: Server, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Another `portico serve` on the same database."""
    with served(database_url, tmp_path_factory.mktemp("other") / "server.log") as running:
        yield running


@pytest.fixture
def elsewhere(other_server: Server, admin: Caller) -> Caller:
    """The administrator of the test's tenant, signed in at the other process."""
    return Caller(other_server, admin.customer_id, admin.credentials)
