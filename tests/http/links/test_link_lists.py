"""Lists of links: the envelope, pages, order, and the list of one portal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import (
    AUPS,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Server,
    assert_error,
    create_tenant,
)
from tests.http.bodies import create_bulk, link, links, on, total

MANY = 1_003


@pytest.fixture(scope="module")
def library(server: Server) -> Caller:
    """The administrator of a tenant with links on more than two of the largest pages."""
    admin = create_tenant(server).caller()
    entries = links(MANY)
    for start in range(0, MANY, 500):
        create_bulk(admin, list(reversed(entries[start : start + 500])))
    return admin


def page(caller: Caller, path: str = LINKS, **parameters: str | int) -> dict[str, Any]:
    """A page of a list as it is answered."""
    answer = caller.get(path, **parameters)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("noun", [LINKS, PORTALS, AUPS])
def test_empty_list_has_totals_of_zero(resident: Caller, noun: str) -> None:
    assert page(resident, noun) == {"totalPages": "0", "totalCount": "0", "list": []}


def test_page_has_20_items_unless_asked(library: Caller) -> None:
    body = page(library)

    assert len(body["list"]) == 20
    assert body["totalPages"] == "51"
    assert body["totalCount"] == str(MANY)
    assert [each["name"] for each in body["list"]] == [f"Link {n:04}" for n in range(20)]


@pytest.mark.parametrize(
    ("size", "pages", "first"),
    [
        ("1", "1003", 1),
        ("500", "3", 500),
        ("501", "3", 500),
        ("100000", "3", 500),
        ("99999999999999999999", "3", 500),
        ("1003", "3", 500),
        ("007", "144", 7),
    ],
)
def test_page_size_is_clamped(library: Caller, size: str, pages: str, first: int) -> None:
    body = page(library, pagesize=size)

    assert body["totalPages"] == pages
    assert body["totalCount"] == str(MANY)
    assert len(body["list"]) == first


@pytest.mark.parametrize("size", ["0", "-1"])
def test_page_size_below_one_is_still_a_page(library: Caller, size: str) -> None:
    body = page(library, pagesize=size)

    assert int(body["totalPages"]) >= 1
    assert body["list"]


@pytest.mark.parametrize("number", ["0", "-1", "-99999999999999999999", "1", "01"])
def test_page_below_one_is_the_first(library: Caller, number: str) -> None:
    assert page(library, page=number) == page(library)


def test_pages_hold_every_item_once(library: Caller) -> None:
    seen = []
    for number in range(1, 4):
        body = page(library, page=number, pagesize=500)
        assert body["totalPages"] == "3"
        assert body["totalCount"] == str(MANY)
        seen += [each["name"] for each in body["list"]]

    assert seen == [f"Link {number:04}" for number in range(MANY)]


@pytest.mark.parametrize("number", ["52", "1000", "2147483647", "99999999999999999999"])
def test_page_past_the_end_is_empty(library: Caller, number: str) -> None:
    expected = {"totalPages": "51", "totalCount": str(MANY), "list": []}

    assert page(library, page=number) == expected


@pytest.mark.parametrize("name", ["page", "pagesize"])
@pytest.mark.parametrize(
    "value", ["x", "", "1.5", "1e2", "0x10", "٣", "1 ", "--1", "null", "9" * 5_000]
)
def test_page_that_is_no_number_is_refused(resident: Caller, name: str, value: str) -> None:
    for path in (LINKS, PORTALS, AUPS, MICROTENANTS):
        answer = resident.get(path, **{name: value})

        assert name in assert_error(answer, 400, "invalid.resource.argument", name)


def test_order_is_by_name_without_case(admin: Caller) -> None:
    for name in (
        "banana",
        "Apple",
        "cherry",
        "apple 2",
        "Éclair",
        "eclair",
        "zoo",
        "Zebra",
        "10",
        "9",
    ):
        admin.create_link(name)

    expected = [
        "10",
        "9",
        "Apple",
        "apple 2",
        "banana",
        "cherry",
        "eclair",
        "Zebra",
        "zoo",
        "Éclair",
    ]
    assert admin.names() == expected
    assert admin.names(sortOrder="DESC") == expected[::-1]
    assert admin.names(sortBy="name", sortOrder="ASC") == expected


def test_order_by_other_fields_and_then_by_id(admin: Caller) -> None:
    off, on_first, on_second = (
        admin.create_link(name, enabled=enabled)
        for name, enabled in (("C", False), ("B", True), ("A", True))
    )

    def ids(**parameters: str) -> list[str]:
        return [each["id"] for each in page(admin, **parameters)["list"]]

    assert ids(sortBy="id") == [off, on_first, on_second]
    assert ids(sortBy="id", sortOrder="DESC") == [on_second, on_first, off]
    assert ids(sortBy="id", sortOrder="DSC") == [on_second, on_first, off]
    assert ids(sortBy="enabled") == [off, on_first, on_second]
    assert ids(sortBy="enabled", sortOrder="DESC") == [on_second, on_first, off]
    for field in ("creationTime", "modifiedTime"):
        times = [each[field] for each in page(admin, sortBy=field, sortOrder="DESC")["list"]]
        assert times == sorted(times, reverse=True)


def test_order_that_is_unknown_is_refused(resident: Caller) -> None:
    for name, value in (("sortBy", "link"), ("sortBy", "x"), ("sortOrder", "UP")):
        reason = assert_error(
            resident.get(LINKS, **{name: value}), 400, "invalid.resource.argument", name
        )

        assert name in reason


def test_unknown_parameters_are_ignored(library: Caller) -> None:
    assert page(library, uiConfig="x", sortdir="y", customerId="z") == page(library)


def test_list_of_portal_is_paged_ordered_and_searched(admin: Caller) -> None:
    portal_id, other = admin.create_portal("A"), admin.create_portal("B")
    create_bulk(admin, links(30), portal_id)
    create_bulk(admin, links(3, "Elsewhere"), other)
    path = f"{LINKS}/userPortal/{portal_id}"
    body = page(admin, path)

    assert len(body["list"]) == 20
    assert body["totalPages"] == "2"
    assert body["totalCount"] == "30"
    assert admin.names(path, page=2) == [f"Link {number:04}" for number in range(20, 30)]
    assert admin.names(path, pagesize=2, sortOrder="DESC") == ["Link 0029", "Link 0028"]
    found = page(admin, path, search="name LIKE k 001", pagesize=3)
    assert [each["name"] for each in found["list"]] == ["Link 0010", "Link 0011", "Link 0012"]
    assert found["totalCount"] == "10"
    assert page(admin, path, page=9) == {"totalPages": "2", "totalCount": "30", "list": []}
    assert admin.names(path, search="Elsewhere") == []


def test_list_of_empty_portal_is_empty(admin: Caller) -> None:
    body = page(admin, f"{LINKS}/userPortal/{admin.create_portal()}")

    assert body == {"totalPages": "0", "totalCount": "0", "list": []}


def test_list_of_unknown_portal_is_not_found(admin: Caller) -> None:
    link_id = admin.create_link()
    for unknown in ("12345", link_id, "0", "-1"):
        answer = admin.get(f"{LINKS}/userPortal/{unknown}")

        assert_error(answer, 404, "resource.not.found", unknown)


def test_link_on_several_portals_is_in_each_list_once(admin: Caller) -> None:
    portals = [admin.create_portal(name) for name in "ABC"]
    admin.create_link("Everywhere", userPortals=on(*portals))

    for portal_id in portals:
        (item,) = page(admin, f"{LINKS}/userPortal/{portal_id}")["list"]
        assert sorted(each["id"] for each in item["userPortals"]) == sorted(portals)
    assert total(admin) == 1


def test_totals_follow_every_change(admin: Caller) -> None:
    assert total(admin) == 0
    first = admin.create_link("First")
    assert total(admin) == 1
    made = create_bulk(admin, links(5))
    assert total(admin) == 6
    admin.post(LINKS, link("First"))
    admin.put(f"{LINKS}/{first}", link("Changed"))
    admin.put(f"{LINKS}/12345", link("Nobody"))
    assert total(admin) == 6
    admin.delete(f"{LINKS}/{made[0]['id']}")
    admin.delete(f"{LINKS}/{made[0]['id']}")

    assert total(admin) == 5
    assert len(admin.names()) == 5
    assert total(admin, search="name LIKE link") == 4
