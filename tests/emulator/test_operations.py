"""Which operation a request calls, and which members of its body are read."""

from __future__ import annotations

from functools import cache

import pytest

from portico.app import api_operations
from portico.emulator.operations import Operations

CUSTOMER = "/mgmtconfig/v1/admin/customers/7"
SECOND = "/mgmtconfig/v2/admin/customers/7"


@cache
def operations() -> Operations:
    """The operations of the API."""
    return api_operations()


@pytest.mark.parametrize(
    ("method", "path", "operation", "customer_id"),
    [
        ("GET", f"{CUSTOMER}/userPortalLink", "list_links", "7"),
        ("GET", f"/zpa{CUSTOMER}/userPortalLink/", "list_links", "7"),
        ("PUT", f"{CUSTOMER}/userPortalLink/42", "update_link", "7"),
        ("POST", f"/zpa{SECOND}/userPortalLink/bulk", "create_links", "7"),
        ("POST", f"{CUSTOMER}/userPortalLink/bulk", "create_links", "7"),
        ("GET", f"{SECOND}/clientlessCertificate/issued", "list_certificates", "7"),
        ("GET", "/mgmtconfig/v1/admin/me", "get_me", None),
        ("POST", "/signin", "sign_in", None),
        ("POST", "/oauth2/v1/token", "issue_token", None),
    ],
)
def test_a_request_calls_an_operation(
    method: str, path: str, operation: str, customer_id: str | None
) -> None:
    found = operations().match(method, path)

    assert found is not None
    assert (found.operation.id, found.customer_id) == (operation, customer_id)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"{CUSTOMER}/userPortalLink/42"),
        ("GET", f"{CUSTOMER}/userPortalLinks"),
        ("GET", f"{CUSTOMER}//"),
        ("GET", "/"),
        ("GET", "/zpa"),
    ],
)
def test_another_request_calls_none(method: str, path: str) -> None:
    assert operations().match(method, path) is None


def test_ids_are_those_of_the_openapi_document() -> None:
    assert {"list_links", "create_links", "sign_out"} <= set(operations().ids)
    assert operations().problem_of("list_links") == ""
    assert "Did you mean list_links?" in operations().problem_of("list_link")


def test_an_operation_knows_the_members_of_its_body() -> None:
    create = next(each for each in operations() if each.id == "create_link")

    assert create.fields is not None
    assert {"name", "link", "userPortals"} <= set(create.fields)
    assert create.fields["name"] is None
    assert create.fields["userPortals"] == {"id": None}
    assert {"microtenantId", "include"} <= create.query
