"""Searching links end to end: the grammar, operators, fields, and what clients really send."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.harness import LINKS, PORTALS, Caller, Server, assert_error, create_tenant
from tests.http.bodies import create_bulk, link, links, on, total

LARGE = 2_100
SHELF = [
    link("Wiki", link="wiki.example.com", enabled=True, description="Notes of all"),
    link("Wiki Archive", link="old.example.com", linkPath="/wiki", protocol="http://"),
    link("Payslips", link="pay.example.org", enabled=True, description="Your pay"),
    link("100% sure_thing", link="sure.example.com"),
    link("Research AND Development", link="rnd.example.com"),
    link("C++", link="cpp.example.com"),
    link("Straße", link="strasse.example.de", applicationId="72057594037927936"),
    link('He said "hi"', link="quotes.example.com"),
]
EVERY = [each["name"] for each in SHELF]


@pytest.fixture(scope="module")
def shelf(server: Server) -> Caller:
    """The administrator of a tenant with the links above."""
    admin = create_tenant(server).caller()
    create_bulk(admin, SHELF)
    return admin


def found(caller: Caller, query: str) -> list[str]:
    """The names that a query string, percent-encoded already, finds."""
    answer = caller.call("GET", f"{LINKS}?pagesize=500&{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["totalCount"] == str(len(body["list"]))
    return [each["name"] for each in body["list"]]


CASES: list[tuple[str, list[str]]] = [
    ("", EVERY),
    ("   ", EVERY),
    ("wiki", ["Wiki", "Wiki Archive"]),
    ("WIKI", ["Wiki", "Wiki Archive"]),
    ("wiki archive", ["Wiki Archive"]),
    ("archi", ["Wiki Archive"]),
    ("nothing", []),
    ("100%", ["100% sure_thing"]),
    ("e_t", ["100% sure_thing"]),
    ("C++", ["C++"]),
    ("STRASSE", ["Straße"]),
    ("name EQ Wiki", ["Wiki"]),
    ("name EQ wIKI", ["Wiki"]),
    ("name eq Wiki", ["Wiki"]),
    ("name EQ Wiki Archive", ["Wiki Archive"]),
    ("name+EQ+Wiki Archive", ["Wiki Archive"]),
    ("name+EQ Wiki Archive", ["Wiki Archive"]),
    ("name EQ C++", ["C++"]),
    ("name+EQ+C++", ["C++"]),
    ("name EQ wik", []),
    ("name EQ strasse", ["Straße"]),
    ("name EQ Research AND Development", ["Research AND Development"]),
    ("name NE Wiki", [name for name in EVERY if name != "Wiki"]),
    ("name NQ wiki", [name for name in EVERY if name != "Wiki"]),
    ("name LIKE iki", ["Wiki", "Wiki Archive"]),
    ("name CONTAINS IKI", ["Wiki", "Wiki Archive"]),
    ("name LIKE %", ["100% sure_thing"]),
    ("name LIKE _", ["100% sure_thing"]),
    ("name LIKE \\", []),
    ("name LIKE /", []),
    ("name LIKE '", []),
    ('name LIKE "hi"', ['He said "hi"']),
    ("name STARTSWITH wiki a", ["Wiki Archive"]),
    ("name ENDSWITH ARCHIVE", ["Wiki Archive"]),
    ("name GT Straße", ["Wiki", "Wiki Archive"]),
    ("name GE wiki", ["Wiki", "Wiki Archive"]),
    ("name LT c", ["100% sure_thing"]),
    ("name LE c++", ["100% sure_thing", "C++"]),
    ("name IN wiki,payslips, c++", ["C++", "Payslips", "Wiki"]),
    ("enabled EQ true", ["Payslips", "Wiki"]),
    ("enabled EQ TRUE", ["Payslips", "Wiki"]),
    ("enabled NE true", [name for name in EVERY if name not in {"Payslips", "Wiki"}]),
    ("enabled IN true,false", EVERY),
    ("description LIKE pay", ["Payslips"]),
    ("description EQ Notes of all", ["Wiki"]),
    ("description EQ ", [name for name in EVERY if name not in {"Payslips", "Wiki"}]),
    ("link EQ WIKI.example.com", ["Wiki"]),
    ("link ENDSWITH .org", ["Payslips"]),
    ("linkPath EQ /WIKI", ["Wiki Archive"]),
    ("protocol EQ HTTP://", ["Wiki Archive"]),
    ("applicationId EQ 72057594037927936", ["Straße"]),
    ("applicationId NE 72057594037927936", [name for name in EVERY if name != "Straße"]),
    ("applicationId GT 1", ["Straße"]),
    ("id GT 0", EVERY),
    ("id IN 1,2", []),
    ("id LT -5", []),
    ("creationTime GT 1700000000", EVERY),
    ("modifiedTime LE 1700000000", []),
    ("enabled EQ true AND name LIKE wiki", ["Wiki"]),
    ("name EQ Wiki OR name EQ Payslips", ["Payslips", "Wiki"]),
    ("name EQ C++ OR enabled EQ true AND name LIKE wiki", ["C++", "Wiki"]),
    ("name EQ Wiki AND enabled EQ false OR name EQ C++", ["C++"]),
    ("name+EQ+Wiki+OR+name+EQ+C++", ["C++", "Wiki"]),
]


@pytest.mark.parametrize(("search", "names"), CASES)
def test_search_finds(shelf: Caller, search: str, names: list[str]) -> None:
    assert sorted(found(shelf, f"search={quote(search)}")) == sorted(names)


SENT: list[tuple[str, list[str]]] = [
    ("search=name%2BEQ%2BWiki+Archive", ["Wiki Archive"]),
    ("search=name%2BEQ%2BWiki%20Archive", ["Wiki Archive"]),
    ("search=name%2BEQ%2BWiki", ["Wiki"]),
    ("search=name%2BEQ%2Bwiki&page=1&pagesize=100", ["Wiki"]),
    ("page=1&pagesize=500&search=name%2BEQ%2BWiki+Archive", ["Wiki Archive"]),
    ("search=enabled%20EQ%20true", ["Payslips", "Wiki"]),
    ("search=enabled+EQ+true", ["Payslips", "Wiki"]),
    ("search=name%20LIKE%20wiki", ["Wiki", "Wiki Archive"]),
    ("search=name+LIKE+wiki", ["Wiki", "Wiki Archive"]),
    ("search=name%2BEQ%2BC%2B%2B", ["C++"]),
    ("search=C%2B%2B", ["C++"]),
    ("search=Stra%C3%9Fe", ["Straße"]),
    ("search=Payslips", ["Payslips"]),
    ("search=wiki&search=pay", ["Payslips"]),
    ("search=", EVERY),
    ("search", EVERY),
]


@pytest.mark.parametrize(("query", "names"), SENT)
def test_query_of_a_client_finds(shelf: Caller, query: str, names: list[str]) -> None:
    assert sorted(found(shelf, query)) == sorted(names)


OPERANDS = [
    ("Domain Joined - myDomain", "Joined"),
    ("three plain words", "plain"),
    ("two  spaces", ""),
    ("name IS Wiki", "IS"),
    ("name = Wiki", "="),
    ("enabled GT true", "GT"),
    ("enabled LIKE true", "LIKE"),
    ("id LIKE 1", "LIKE"),
    ("id STARTSWITH 1", "STARTSWITH"),
]


@pytest.mark.parametrize(("search", "operand"), OPERANDS)
def test_unknown_operator_is_named(shelf: Caller, search: str, operand: str) -> None:
    answer = shelf.get(LINKS, search=search)

    reason = assert_error(answer, 400, "filtering.input.invalid.operand", operand)
    assert reason == f"Invalid operand:{operand} in Filtering criteria."


@pytest.mark.parametrize(
    ("search", "named"),
    [
        ("colour EQ red", "colour"),
        ("Name EQ Wiki", "Name"),
        ("customerId EQ 1", "customerId"),
        ("name_folded EQ x", "name_folded"),
        ("iconText LIKE image/png", "iconText"),
        ("enabled EQ yes", "yes"),
        ("id EQ x", "x"),
        ("id EQ 1.5", "1.5"),
        ("id IN 1,x", "x"),
        ("id EQ 99999999999999999999", "99999999999999999999"),
        ("creationTime GT today", "today"),
        ("name EQ Wiki AND colour EQ red", "colour"),
    ],
)
def test_unknown_field_or_value_is_named(shelf: Caller, search: str, named: str) -> None:
    answer = shelf.get(LINKS, search=search)

    assert named in assert_error(answer, 400, "filtering.input.invalid.field", named)


@pytest.mark.parametrize("query", ["search=a%00b", "search=name+EQ+%00", "page=1%00"])
def test_nul_is_refused_by_its_parameter(shelf: Caller, query: str) -> None:
    answer = shelf.call("GET", f"{LINKS}?{query}")

    assert_error(answer, 400, "invalid.resource.argument", query.partition("=")[0])


@pytest.mark.parametrize("query", ["search=%FF", "search=%ED%A0%80", "search=%C3"])
def test_query_that_is_no_text_is_refused(shelf: Caller, query: str) -> None:
    answer = shelf.call("GET", f"{LINKS}?{query}")

    assert_error(answer, 400, "invalid.resource.argument", "query")


@pytest.mark.parametrize("query", ["search=%", "search=%zz", "search=%2", "&&=&search=zz"])
def test_broken_percent_codes_are_no_server_error(shelf: Caller, query: str) -> None:
    assert shelf.call("GET", f"{LINKS}?{query}").status_code in {200, 400}


def test_limits_of_a_search_are_told(shelf: Caller) -> None:
    assert shelf.get(LINKS, search="x" * 255).status_code == 200
    assert shelf.get(LINKS, search=" OR ".join(["id GT 1"] * 16)).status_code == 200

    answer = shelf.get(LINKS, search="x" * 256)
    assert "at most 255" in assert_error(answer, 400, "filtering.input.invalid.field", "name")
    answer = shelf.get(LINKS, search=" OR ".join(["id GT 1"] * 17))
    assert "at most 16 terms" in assert_error(answer, 400, "invalid.resource.argument", "search")
    answer = shelf.get(LINKS, search="x" * 4_097)
    assert "At most 4096" in assert_error(answer, 400, "invalid.resource.argument", "search")


@pytest.mark.parametrize(
    "search",
    [
        " OR ".join(["id GT 1"] * 370),
        " AND ".join(["id GT 1"] * 340),
        " OR ".join(["id GT 1 AND id LT 9"] * 170),
        "id IN " + ",".join(["1"] * 2_000),
        "name LIKE " + "%" * 4_000,
        "name LIKE " + "_/" * 2_000,
        "name IN " + "," * 4_000,
        "AND " * 1_000,
        "+" * 4_096,
        "name+" * 800,
    ],
)
def test_long_search_is_no_server_error(shelf: Caller, search: str) -> None:
    assert shelf.get(LINKS, search=search).status_code in {200, 400}


def test_search_sees_changes_at_once(admin: Caller) -> None:
    link_id = admin.create_link("Before")
    assert admin.names(search="before") == ["Before"]

    admin.put(f"{LINKS}/{link_id}", link("After", description="Changed"))

    assert admin.names(search="before") == []
    assert admin.names(search="description LIKE chang") == ["After"]
    admin.delete(f"{LINKS}/{link_id}")
    assert admin.names(search="after") == []


def test_search_is_the_same_among_many(admin: Caller) -> None:
    portal_id = admin.create_portal()
    entries = links(LARGE)
    entries[7] |= {"description": "A needle's eye", "link": "needle.example.com"}
    for start in range(0, LARGE, 500):
        create_bulk(admin, entries[start : start + 500])
    special = create_bulk(admin, [link("Große Übersicht 100%", link="übersicht.example")])[0]["id"]

    assert total(admin, search="name LIKE link") == LARGE
    assert total(admin, search="name LIKE k 20") == 100
    assert admin.names(search="description LIKE NEEDLE'S") == ["Link 0007"]
    assert admin.names(search="link STARTSWITH needle AND name LIKE 000") == ["Link 0007"]
    for search in (
        "übersicht",
        "GROSSE",
        "100%",
        "link LIKE ÜBER",
        "name EQ grosse übersicht 100%",
    ):
        assert admin.names(search=search) == ["Große Übersicht 100%"], search
    assert admin.names(search="name LIKE nothing OR name EQ none") == []
    renamed = link("Kleine Ansicht", userPortals=on(portal_id))
    assert admin.put(f"{LINKS}/{special}", renamed).status_code == 204
    assert admin.names(search="grosse") == []
    assert admin.names(search="KLEINE ANS") == ["Kleine Ansicht"]
    assert admin.names(f"{LINKS}/userPortal/{portal_id}", search="name LIKE e") == [
        "Kleine Ansicht"
    ]
    assert admin.names(f"{LINKS}/userPortal/{portal_id}", search="name LIKE link") == []
    admin.delete(f"{LINKS}/{special}")
    assert admin.names(search="kleine") == []
    other = create_tenant(admin.server).caller()
    assert total(other, search="name LIKE link") == 0


def test_search_of_portals_knows_their_fields(admin: Caller) -> None:
    managed = {"extLabel": "staff", "extDomain": "example.com", "managedByZs": True}
    admin.create(PORTALS, {"name": "Staff", **managed, "enabled": True})
    admin.create(PORTALS, {"name": "Guests", "userNotification": "Welcome"})
    searches = {
        "extLabel EQ STAFF": ["Staff"],
        "domain LIKE staff-example": ["Staff"],
        "enabled EQ true": ["Staff"],
        "userNotification LIKE welcome": ["Guests"],
        "name LIKE s": ["Guests", "Staff"],
    }
    for search, names in searches.items():
        assert admin.names(PORTALS, search=search) == names, search

    answer = admin.get(PORTALS, search="linkPath EQ x")
    assert_error(answer, 400, "filtering.input.invalid.field", "linkPath")
