"""Which operations are closest to a request that met no route, and what the difference is."""

from __future__ import annotations

import pytest

from portico.emulator.journal.near_misses import near_misses
from tests.emulator.asgi_calls import CUSTOMER, LINKS, operations


@pytest.mark.parametrize(
    ("method", "path", "operation", "difference"),
    [
        ("PATCH", f"{LINKS}/42", "get_link", "the method is GET, not PATCH"),
        (
            "GET",
            f"{CUSTOMER}/userPortalLinks",
            "list_links",
            "userPortalLink is expected, not userPortalLinks",
        ),
        ("GET", f"{CUSTOMER}/userportallink", "list_links", "not userportallink"),
        ("DELETE", f"{LINKS}/wiki", "delete_link", "wiki is not an id"),
        ("PUT", f"/zpa{LINKS}/42/enable", "update_link", "enable is not expected"),
        ("POST", "/mgmtconfig/v1/customers/7/userPortalLink", "create_link", "admin is missing"),
    ],
)
def test_the_closest_operation_is_named(
    method: str, path: str, operation: str, difference: str
) -> None:
    closest = near_misses(method, path, operations())

    assert len(closest) == 3
    found = next(each for each in closest if each.operation == operation)
    assert found.distance == closest[0].distance
    assert difference in "; ".join(found.differences)


def test_a_huge_path_is_compared_quickly_enough_to_be_cut() -> None:
    closest = near_misses("GET", "/" + "/".join(["x" * 10_000] * 1_000), operations())

    assert len(closest) == 3
