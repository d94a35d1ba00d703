"""The search operation of microtenants: the documented body, the Go client's, and what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import MICROTENANTS, Caller, Server, assert_error, create_tenant
from tests.http.bodies import JSON, Body

SEARCH = f"{MICROTENANTS}/search"


@pytest.fixture(scope="module")
def country(server: Server) -> Caller:
    """The administrator of a tenant with four microtenants beside Default."""
    admin = create_tenant(server).caller()
    for name, enabled in (("North", True), ("South", False), ("North East", True), ("Sea", False)):
        body = {"name": name, "enabled": enabled, "description": f"The {name}"}
        admin.create(MICROTENANTS, body)
    return admin


def found(caller: Caller, body: Body) -> list[str]:
    """The names that a search body finds, in order."""
    answer = caller.post(SEARCH, body)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["list"]]


def docs(name: str, operator: str, *values: str) -> dict[str, Any]:
    """One condition as the documentation writes it."""
    return {"filterName": name, "operator": operator, "values": list(values)}


def go(name: str, operator: str, value: str) -> dict[str, Any]:
    """One condition as the Go client writes it."""
    return {"filterName": name, "operator": operator, "value": value}


EVERYTHING = ["North", "South", "North East", "Sea", "Default"]
DOCUMENTED: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([], EVERYTHING),
    ([docs("name", "EQ", "north")], ["North"]),
    ([docs("name", "LIKE", "NORTH")], ["North", "North East"]),
    ([docs("name", "NQ", "Default")], EVERYTHING[:-1]),
    ([docs("name", "EQ", "North", "Sea")], ["North", "Sea"]),
    ([docs("name", "LIKE", "s"), docs("enabled", "EQ", "true")], ["North East"]),
    ([docs("enabled", "EQ", "false")], ["South", "Sea"]),
    ([docs("id", "EQ", "0")], ["Default"]),
    ([{"filterName": "name", "values": ["Sea"]}], ["Sea"]),
    ([docs("description", "LIKE", "the sea")], ["Sea"]),
]


@pytest.mark.parametrize(("filters", "names"), DOCUMENTED)
def test_documented_body_finds(
    country: Caller, filters: list[dict[str, Any]], names: list[str]
) -> None:
    assert found(country, {"filterBy": filters}) == names


def test_body_of_the_go_client_finds(country: Caller) -> None:
    north, on = go("name", "LIKE", "north"), go("enabled", "EQ", "true")
    sea = go("name", "EQ", "Sea")
    groups = {
        ("North", "North East"): [{"filters": [north, on], "operator": "AND"}],
        ("North", "North East", "Sea"): [{"filters": [north, sea], "operator": "OR"}],
        ("Sea",): [{"filters": [sea]}],
    }
    for names, group in groups.items():
        body = {"filterBy": {"filterGroups": group, "operator": "AND"}}
        assert found(country, body) == list(names)

    two = [{"filters": [north]}, {"filters": [sea]}]
    assert found(country, {"filterBy": {"filterGroups": two, "operator": "AND"}}) == []
    either = {"filterGroups": two, "operator": "OR"}
    assert found(country, {"filterBy": either}) == ["North", "North East", "Sea"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"filterBy": None, "pageBy": None, "sortBy": None},
        {"filterBy": {}},
        {"filterBy": {"filterGroups": None}},
        {"filterBy": {"filterGroups": [{"filters": None}]}},
        {"pageBy": {}, "other": 1},
    ],
)
def test_empty_search_finds_everything(country: Caller, body: Body) -> None:
    assert found(country, body) == EVERYTHING


def test_no_body_finds_everything(country: Caller) -> None:
    answer = country.call("POST", SEARCH, content=b"", headers=JSON)

    assert [each["name"] for each in answer.json()["list"]] == EVERYTHING


def test_search_is_paged(country: Caller) -> None:
    for one, size in ((1, 2), ("1", "2")):
        answer = country.post(SEARCH, {"pageBy": {"page": one, "pageSize": size}}).json()
        assert (answer["totalPages"], answer["totalCount"]) == ("3", "5")
        assert [each["name"] for each in answer["list"]] == EVERYTHING[:2]

    assert found(country, {"pageBy": {"page": 3, "pageSize": 2}}) == ["Default"]
    assert found(country, {"pageBy": {"page": 9, "pageSize": 2}}) == []
    assert found(country, {"pageBy": {"page": 0, "pageSize": 0}}) == EVERYTHING
    assert found(country, {"pageBy": {"page": -1, "pageSize": 100_000}}) == EVERYTHING


def test_search_is_ordered(country: Caller) -> None:
    by_name = ["Default", "North", "North East", "Sea", "South"]

    assert found(country, {"sortBy": {"sortName": "name"}}) == by_name
    for order in ("DESC", "DSC", "desc"):
        body = {"sortBy": {"sortName": "name", "sortOrder": order}}
        assert found(country, body) == by_name[::-1]
    assert found(country, {"sortBy": [{"sortName": "name", "sortOrder": "ASC"}]}) == by_name


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        ({"filterBy": [docs("colour", "EQ", "x")]}, "filtering.input.invalid.field", "colour"),
        ({"filterBy": [docs("name", "IS", "x")]}, "filtering.input.invalid.operand", "IS"),
        ({"filterBy": [docs("id", "LIKE", "1")]}, "filtering.input.invalid.operand", "LIKE"),
        ({"filterBy": [docs("enabled", "EQ", "y")]}, "filtering.input.invalid.field", "y"),
        ({"sortBy": {"sortName": "colour"}}, "invalid.resource.argument", "sortBy.sortName"),
        ({"pageBy": {"page": "x"}}, "invalid.resource.argument", "pageBy.page"),
        ({"pageBy": {"pageSize": "1.5"}}, "invalid.resource.argument", "pageBy.pageSize"),
        ({"pageBy": {"page": "9" * 5_000}}, "invalid.resource.argument", "pageBy.page"),
        ({"pageBy": {"page": 1.5}}, "invalid.resource.argument", "pageBy.page"),
        ({"filterBy": [docs("name", "EQ", "x")] * 17}, "invalid.resource.argument", "filterBy"),
        ({"filterBy": [docs("name", "EQ", *"x" * 17)]}, "invalid.resource.argument", "filterBy"),
        (
            {"filterBy": {"filterGroups": [{"filters": [go("name", "EQ", "x")]}] * 17}},
            "invalid.resource.argument",
            "filterBy",
        ),
        ({"filterBy": [docs("name", "EQ", "x" * 256)]}, "filtering.input.invalid.field", "name"),
        ({"filterBy": "name"}, "invalid.resource.argument", "filterBy"),
        ({"filterBy": [1]}, "invalid.resource.argument", "filterBy[0]"),
        ({"filterBy": [{}]}, "invalid.resource.argument", "filterBy[0]"),
        ({"pageBy": 1}, "invalid.resource.argument", "pageBy"),
    ],
)
def test_bad_search_is_named(country: Caller, body: Body, code: str, named: str) -> None:
    assert named in assert_error(country.post(SEARCH, body), 400, code, named)


def test_sort_order_that_is_unknown_is_refused(country: Caller) -> None:
    body = {"sortBy": {"sortName": "name", "sortOrder": "UP"}}

    answer = country.post(SEARCH, body)

    assert_error(answer, 400, "invalid.resource.argument", "sortBy.sortOrder")


def test_query_search_finds_microtenants_too(country: Caller) -> None:
    assert country.names(MICROTENANTS, search="name LIKE north") == ["North", "North East"]
    assert country.names(MICROTENANTS, search="enabled EQ false") == ["South", "Sea"]
    assert country.names(MICROTENANTS, search="id EQ 0") == ["Default"]
