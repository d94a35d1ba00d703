"""The vendor's unmodified Python SDK, led to a served Portico."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.sdk import MODES, connect, lead_to
from tests.harness import Server, Tenant


@pytest.fixture
def vendor_hosts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every host name of the vendor leads to the server."""
    lead_to(server.url, monkeypatch)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """How the SDK signs in and which paths it uses."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def zpa(vendor_hosts: None, mode: str, tenant: Tenant) -> Any:  # noqa: ANN401  # untyped SDK
    """The SDK's ZPA interface, signed in as an administrator of the tenant."""
    return connect(mode, tenant.customer_id, tenant.credentials())
