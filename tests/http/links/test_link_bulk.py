"""Bulk creation: both paths, both shapes, all or nothing, in order, faults by their place."""

from __future__ import annotations

import pytest

from tests.harness import LINKS, Caller, assert_error
from tests.http.bodies import BULK, Body, create_bulk, link, links, on, total

VERSIONS = ("v1", "v2")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("prefix", ["", "/zpa"])
def test_bulk_answers_the_documented_object(admin: Caller, version: str, prefix: str) -> None:
    portal_id = admin.create_portal()
    entries = [link("B", description="Second"), link("A", enabled=True)]
    body = {"userPortalLinks": entries, "userPortals": on(portal_id)}

    answer = admin.call("POST", BULK, json=body, version=version, prefix=prefix)

    made = answer.json()
    assert answer.status_code == 201
    assert set(made) == {"userPortalLinks", "userPortals"}
    assert made["userPortals"] == [{"id": portal_id, "enabled": True}]
    assert [set(each) for each in made["userPortalLinks"]] == [
        {"id", "name", "enabled", "description", "link", "userPortals"},
        {"id", "name", "enabled", "link", "userPortals"},
    ]
    assert [each["name"] for each in made["userPortalLinks"]] == ["B", "A"]
    for each in made["userPortalLinks"]:
        assert each["userPortals"] == [{"id": portal_id, "enabled": True}]
    assert admin.names() == ["A", "B"]


def test_bulk_takes_a_bare_array(admin: Caller) -> None:
    portal_id = admin.create_portal()

    made = admin.create(BULK, [link("A", userPortals=on(portal_id)), link("B")])

    first, second = made["userPortalLinks"]
    assert first["userPortals"] == [{"id": portal_id, "enabled": True}]
    assert "userPortals" not in second


def test_bulk_takes_what_the_clients_send(admin: Caller) -> None:
    first, second = admin.create_portal("A"), admin.create_portal("B")
    python = {
        "userPortalLinks": [
            {
                "name": "Python",
                "description": "",
                "enabled": True,
                "iconText": "",
                "link": "py.example.com",
                "linkPath": "",
                "protocol": "",
            }
        ],
        "userPortals": [],
    }
    go = {
        "userPortalLinks": [
            link("Go 1", userPortals=None, userPortalId=first),
            link("Go 2", userPortals=None),
        ],
        "userPortals": on(second, second, second),
    }

    (one,) = admin.create(BULK, python)["userPortalLinks"]
    two, three = admin.create(BULK, go)["userPortalLinks"]

    assert set(one) == {"id", "name", "enabled", "link"}
    assert total(admin, f"{LINKS}/userPortal/{first}") == 1
    assert total(admin, f"{LINKS}/userPortal/{second}") == 2
    assert [each["id"] for each in three["userPortals"]] == [second]
    assert {each["id"] for each in two["userPortals"]} >= {second}


def test_bulk_of_go_without_outer_portals_assigns_each(admin: Caller) -> None:
    portals = [admin.create_portal(name) for name in "AB"]
    entries = [
        link(f"Link {portal}", userPortals=None, userPortalId=int(portal)) for portal in portals
    ]

    admin.create(BULK, {"userPortalLinks": entries, "userPortals": None})

    for portal in portals:
        assert admin.names(f"{LINKS}/userPortal/{portal}") == [f"Link {portal}"]


@pytest.mark.parametrize("count", [1, 2, 499, 500])
def test_bulk_takes_up_to_500_in_order(admin: Caller, count: int) -> None:
    entries = list(reversed(links(count)))

    made = create_bulk(admin, entries)

    assert [each["name"] for each in made] == [each["name"] for each in entries]
    assert len({each["id"] for each in made}) == count
    assert total(admin) == count
    last = admin.get(f"{LINKS}/{made[-1]['id']}").json()
    assert last["name"] == "Link 0000"
    assert last["modifiedBy"] == admin.credentials.client_id


@pytest.mark.parametrize("version", VERSIONS)
def test_bulk_of_none_or_too_many_is_refused(resident: Caller, version: str) -> None:
    bodies: tuple[object, ...] = (
        [],
        {},
        {"userPortalLinks": []},
        {"userPortalLinks": None},
        links(501),
        {"userPortalLinks": links(501)},
    )
    for body in bodies:
        answer = resident.call("POST", BULK, json=body, version=version)

        assert_error(answer, 400, "invalid.resource.argument", "userPortalLinks")
    assert total(resident) == 0


@pytest.mark.parametrize("position", [0, 499])
@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 256}, "name"),
        ({"link": "https://x"}, "link"),
        ({"linkPath": "x"}, "linkPath"),
        ({"protocol": "ftp://"}, "protocol"),
        ({"enabled": "yes"}, "enabled"),
        ({"userPortals": [{"id": "x"}]}, "userPortals[0].id"),
        ({"applicationId": "x"}, "applicationId"),
    ],
)
def test_fault_is_named_by_index_and_field(
    resident: Caller, position: int, fault: Body, field: str
) -> None:
    entries = links(500)
    entries[position] |= fault
    place = f"userPortalLinks[{position}].{field}"

    answer = resident.post(BULK, {"userPortalLinks": entries})

    assert place in assert_error(answer, 400, "invalid.resource.argument", place)
    assert total(resident) == 0


def test_taken_name_is_named_by_index(admin: Caller) -> None:
    admin.create_link("Taken")
    stored = admin.post(BULK, [link("A"), link("B"), link("TAKEN")])
    inside = admin.post(BULK, [link("A"), link("B"), link("C"), link(" b ")])

    reason = assert_error(stored, 400, "resource.already.exist", "TAKEN")
    assert "[2].name" in reason
    assert "[3].name" in assert_error(inside, 400, "resource.already.exist", "b")
    assert admin.names() == ["Taken"]


def test_unknown_portal_of_an_entry_is_named_by_index(admin: Caller) -> None:
    portal_id = admin.create_portal()
    entries = [link("A", userPortals=on(portal_id)), link("B", userPortals=on(portal_id, "12345"))]
    single = [link("A"), link("B"), link("C", userPortalId="12345")]

    for body, place in ((entries, "[1].userPortals"), (single, "[2].userPortal")):
        answer = admin.post(BULK, body)
        assert place in assert_error(answer, 400, "resource.not.found", "12345")
    assert total(admin) == 0


def test_unknown_portal_of_all_is_named(admin: Caller) -> None:
    answer = admin.post(BULK, {"userPortalLinks": links(3), "userPortals": on("12345")})

    assert_error(answer, 400, "resource.not.found", "12345")
    assert total(admin) == 0


def test_bulk_on_many_portals_assigns_all(admin: Caller) -> None:
    portals = [admin.create_portal(f"Portal {number}") for number in range(10)]

    create_bulk(admin, links(50), *portals)

    for portal_id in portals:
        assert total(admin, f"{LINKS}/userPortal/{portal_id}") == 50


def test_portal_of_an_entry_and_of_all_is_assigned_once(admin: Caller) -> None:
    first, second = admin.create_portal("A"), admin.create_portal("B")
    entries = [
        link("Own", userPortals=on(second, first, first)),
        link("Single", userPortalId=first),
    ]

    made = create_bulk(admin, entries, first, second, first)

    for each in made:
        read = admin.get(f"{LINKS}/{each['id']}").json()
        assert sorted(portal["id"] for portal in read["userPortals"]) == sorted([first, second])
    assert total(admin, f"{LINKS}/userPortal/{first}") == 2
