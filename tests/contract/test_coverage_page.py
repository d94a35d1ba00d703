"""docs/reference/coverage.md: current, lists every route, right about what is missing."""

from __future__ import annotations

import pytest

from tests.contract.coverage_page import PAGE, render
from tests.contract.routes import OPERATIONS, plain
from tests.contract.vendor_operations import VendorOperation, declared
from tests.harness import Caller

pytestmark = pytest.mark.one_database

MISSING = [each for each in declared() if each.served_by is None]


def test_page_is_current() -> None:
    assert PAGE.read_text() == render(), "Run scripts/coverage-page."


def test_page_lists_every_route_once() -> None:
    listed = [f"{each.method} {each.path}" for each in declared() if each.served_by]

    assert sorted(listed) == sorted(str(route) for route in plain(OPERATIONS))


@pytest.mark.parametrize("operation", MISSING, ids=lambda each: f"{each.method} {each.path}")
def test_missing_operation_is_never_a_deleted_object(
    admin: Caller, operation: VendorOperation
) -> None:
    path = operation.path.format(customerId=admin.customer_id, id="1")

    answer = admin.http.request(
        operation.method, path, json={}, headers={"Authorization": f"Bearer {admin.token}"}
    )

    if answer.status_code == 405:
        assert operation.method not in answer.headers["allow"].split(", ")
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json()["id"] in {"portico.operation.unknown", "invalid.resource.argument"}
