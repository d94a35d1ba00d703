"""`portico.testing`: tenants of one test, faults that must strike, the clock and the journal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from portico.testing import (
    ControlError,
    FaultNeverStruck,
    Server,
    StartError,
    Tenant,
    stand_in,
)
from portico.testing.vendor_sdk import legacy_client, oneapi_client, vendor_sdk_at
from tests.contract.test_imports import RARE, loaded

SECONDS = 60
LINK = {"name": "Wiki", "link": "wiki.example.com"}
STARTS = """
import sys, time
from portico.testing import stand_in
with stand_in() as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server(user_folders: dict[str, str]) -> Iterator[Server]:
    """A stand-in of these tests."""
    with stand_in(environment={**os.environ, **user_folders}) as running:
        yield running


@pytest.fixture
def tenant(server: Server) -> Iterator[Tenant]:
    """A tenant of one test."""
    with server.tenant() as tenant:
        yield tenant


@pytest.fixture(params=[legacy_client, oneapi_client])
def links(request: pytest.FixtureRequest, tenant: Tenant) -> Iterator[Any]:
    """The vendor's SDK in either mode."""
    with vendor_sdk_at(tenant.url):
        yield request.param(tenant).zpa.user_portal_link


def test_clients_of_a_tenant_see_its_links_alone(server: Server, links: Any) -> None:  # noqa: ANN401  # untyped SDK
    _, _, error = links.add_portal_link(**LINK)
    assert error is None, error

    assert [each.name for each in links.list_portal_link()[0]] == ["Wiki"]
    with server.tenant() as other, vendor_sdk_at(other.url):
        assert list(legacy_client(other).zpa.user_portal_link.list_portal_link()[0]) == []


def test_fault_strikes_and_the_journal_names_it(tenant: Tenant, links: Any) -> None:  # noqa: ANN401  # untyped SDK
    fault = {"effect": "status", "status": 400, "operation": "list_links", "times": 1}

    with tenant.faults(fault) as (rule,):
        _, _, error = links.list_portal_link()
        assert error is not None
        assert links.list_portal_link()[2] is None

    struck, passed = tenant.journal.requests(operation="list_links")
    assert (struck.status, struck.fault) == (400, rule)
    assert (passed.status, passed.fault) == (200, None)
    assert tenant.journal.count(operation="list_links", status="200") == 1
    assert tenant.journal.wait_for(2, operation="list_links") == 2
    tenant.journal.clear()
    assert tenant.journal.requests() == []


def test_fault_that_never_struck_fails_the_test(tenant: Tenant) -> None:
    with (
        pytest.raises(FaultNeverStruck, match="status on delete_link"),
        tenant.faults({"effect": "status", "status": 503, "operation": "delete_link"}),
    ):
        pass


def test_error_in_the_block_is_not_hidden_by_a_fault(tenant: Tenant) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        tenant.faults({"effect": "status", "status": 503, "operation": "delete_link"}),
    ):
        raise ZeroDivisionError


def test_unknown_operation_is_refused(tenant: Tenant) -> None:
    with (
        pytest.raises(ControlError, match="remove_link"),
        tenant.faults({"effect": "status", "status": 503, "operation": "remove_link"}),
    ):
        pass


def test_clock_of_a_tenant_is_set_and_advanced(server: Server, tenant: Tenant) -> None:
    noon = datetime(2030, 1, 31, 12, tzinfo=UTC)

    tenant.clock.freeze(noon)
    tenant.clock.advance(timedelta(hours=1))

    assert tenant.clock.now() == noon + timedelta(hours=1)
    with server.tenant() as other:
        assert other.clock.now() < noon
    tenant.clock.unfreeze()
    tenant.clock.reset()
    assert tenant.clock.now() < noon
    with pytest.raises(ValueError, match="zone"):
        tenant.clock.set(datetime(2030, 1, 31))  # noqa: DTZ001  # what must be refused


def test_reset_returns_a_tenant_to_its_beginning(tenant: Tenant, links: Any) -> None:  # noqa: ANN401  # untyped SDK
    links.add_portal_link(**LINK)

    tenant.reset()

    assert list(links.list_portal_link()[0]) == []


def test_commands_get_the_environment_of_a_tenant(server: Server, tenant: Tenant) -> None:
    variables = server.environment(tenant)

    assert variables["ZPA_CUSTOMER_ID"] == tenant.customer_id
    assert variables["HTTPS_PROXY"] == server.access.proxy_url


def test_start_that_fails_says_why() -> None:
    with pytest.raises(StartError, match="no built-in seed"), stand_in("--seed", "nonsense"):
        pass


def test_stand_in_ends_with_the_process_that_started_it(user_folders: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **user_folders},
    ) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        process.send_signal(signal.SIGKILL)
    refused = False
    while not refused:
        connection = HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)
        try:
            connection.request("GET", "/_portico/health")
            connection.getresponse().read()
        except OSError:
            refused = True
        finally:
            connection.close()


def test_plugin_loads_nothing_heavy() -> None:
    modules = loaded("import portico.testing.plugin, portico.testing")

    assert "portico.testing.plugin" in modules
    heavy = {"starlette", "sqlalchemy", "msgspec", "cryptography", "click", "zscaler", *RARE}
    assert modules & heavy == set()
