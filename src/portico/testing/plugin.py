"""Fixtures of pytest for tests against a stand-in. None is used unless a test asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from portico.testing.server import Server
    from portico.testing.tenants import Clock, Journal, Tenant


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of the configuration file."""
    parser.addini(
        "portico_arguments",
        "Arguments of `portico emulate` for the stand-in of the tests, such as --limits vendor.",
        type="args",
        default=[],
    )


@pytest.fixture(scope="session")
def portico_server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """A stand-in for the vendor's cloud, one for each process of pytest-xdist."""
    from portico.testing.server import stand_in

    with stand_in(*pytestconfig.getini("portico_arguments")) as server:
        yield server


@pytest.fixture
def portico_tenant(portico_server: Server) -> Iterator[Tenant]:
    """A tenant of this test alone, with an API client that can change everything in it."""
    with portico_server.tenant() as tenant:
        yield tenant


@pytest.fixture
def portico_legacy_client(portico_tenant: Tenant) -> Iterator[Any]:
    """The vendor's SDK, signed in to the test's tenant by the legacy API."""
    from portico.testing.vendor_sdk import legacy_client, vendor_sdk_at

    with vendor_sdk_at(portico_tenant.url):
        yield legacy_client(portico_tenant)


@pytest.fixture
def portico_oneapi_client(portico_tenant: Tenant) -> Iterator[Any]:
    """The vendor's SDK, signed in to the test's tenant by OneAPI."""
    from portico.testing.vendor_sdk import oneapi_client, vendor_sdk_at

    with vendor_sdk_at(portico_tenant.url):
        yield oneapi_client(portico_tenant)


@pytest.fixture
def portico_faults(
    portico_tenant: Tenant,
) -> Callable[..., AbstractContextManager[Sequence[str]]]:
    """A context manager that puts fault rules in force, and fails if one strikes no request."""
    return portico_tenant.faults


@pytest.fixture
def portico_clock(portico_tenant: Tenant) -> Clock:
    """The clock of the test's tenant."""
    return portico_tenant.clock


@pytest.fixture
def portico_journal(portico_tenant: Tenant) -> Journal:
    """The requests to the test's tenant."""
    return portico_tenant.journal
