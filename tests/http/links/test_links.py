"""Creating, reading, replacing and deleting links, in the shapes that the vendor's service has."""

from __future__ import annotations

import time

import pytest

from tests.harness import LINKS, PORTALS, Caller, Tenant, assert_error
from tests.http.bodies import Body, link, on, total

FULL = {
    "name": "Payslips",
    "description": "Your pay,\nmonth by month <b>&amp;</b>",
    "enabled": True,
    "iconText": "data:image/png;base64,iVBORw0KGgo=",
    "link": "pay.example.com:8443",
    "linkPath": "/slips?year=2026#top",
    "protocol": "http://",
    "applicationId": "72057594037927936",
}
STAMPS = {"id", "modifiedTime", "creationTime", "modifiedBy"}
MANAGED = {"extLabel": "staff", "extDomain": "example.com", "managedByZs": True}


def test_created_link_has_its_stamps(admin: Caller) -> None:
    earliest = int(time.time())
    made = admin.create(LINKS, link())

    assert set(made) == STAMPS | {"name", "enabled", "link"}
    assert made["id"].isdecimal()
    assert made["creationTime"] == made["modifiedTime"]
    assert earliest <= int(made["creationTime"]) <= int(time.time())
    assert made["modifiedBy"] == admin.credentials.client_id


def test_every_field_reads_back_as_sent(admin: Caller) -> None:
    made = admin.create(LINKS, FULL)
    read = admin.get(f"{LINKS}/{made['id']}").json()
    (listed,) = admin.get(LINKS).json()["list"]

    assert made.items() >= FULL.items()
    assert read == made | {"microtenantName": "Default"}
    assert listed == read


def test_created_link_tells_portals_as_stubs(admin: Caller) -> None:
    hidden = admin.create(PORTALS, {"name": "Hidden", "enabled": False})["id"]

    made = admin.create(LINKS, link(userPortals=on(hidden)))

    assert made["userPortals"] == [{"id": hidden, "enabled": True}]
    assert "microtenantName" not in made


def test_read_link_tells_portals_whole(admin: Caller) -> None:
    sent = {**MANAGED, "name": "Staff", "description": "All", "userNotification": "Hi"}
    portal_id = admin.create(PORTALS, sent)["id"]
    link_id = admin.create_link(userPortals=on(portal_id))
    read = admin.get(f"{LINKS}/{link_id}").json()
    (listed,) = admin.get(LINKS).json()["list"]
    (portal,) = read["userPortals"]

    assert listed == read
    assert read["microtenantName"] == "Default"
    assert set(portal) == STAMPS | {
        "name",
        "enabled",
        "description",
        "domain",
        "userNotification",
        "userNotificationEnabled",
        "extDomainTranslation",
        "extLabel",
    }
    assert portal["name"] == "Staff"
    assert portal["enabled"] is False
    assert portal["domain"] == "staff-example-com.p.zscalerportal.net"


def test_link_of_portal_tells_portals_with_domains(admin: Caller) -> None:
    portal_id = admin.create(PORTALS, {**MANAGED, "name": "Staff"})["id"]
    admin.create_link(userPortals=on(portal_id))

    body = admin.get(f"{LINKS}/userPortal/{portal_id}").json()
    (item,) = body["list"]
    (portal,) = item["userPortals"]

    assert set(body) == {"totalPages", "totalCount", "list"}
    assert "microtenantName" not in item
    assert portal["extDomain"] == "example.com"
    assert portal["extDomainName"] == "example-com.p.zscalerportal.net"
    assert portal["microtenantName"] == "Default"


def test_changed_portal_shows_in_its_links(admin: Caller) -> None:
    portal_id = admin.create_portal("Before")
    link_id = admin.create_link(userPortals=on(portal_id))
    assert admin.get(f"{LINKS}/{link_id}").json()["userPortals"][0]["name"] == "Before"

    admin.put(f"{PORTALS}/{portal_id}", {"name": "After"})

    assert admin.get(f"{LINKS}/{link_id}").json()["userPortals"][0]["name"] == "After"


def test_portals_are_distinct_and_ids_may_be_numbers(admin: Caller) -> None:
    first, second = admin.create_portal("A"), admin.create_portal("B")
    references = [{"id": second}, {"id": int(first)}, {"id": first, "name": "?"}, {"id": second}]

    made = admin.create(LINKS, link(userPortals=references))

    assert sorted(each["id"] for each in made["userPortals"]) == sorted([first, second])


@pytest.mark.parametrize("number", [False, True])
def test_single_portal_id_assigns(admin: Caller, number: bool) -> None:
    portal_id = admin.create_portal()

    made = admin.create(LINKS, link(userPortalId=int(portal_id) if number else portal_id))
    read = admin.get(f"{LINKS}/{made['id']}").json()

    assert [each["id"] for each in read["userPortals"]] == [portal_id]
    assert "userPortalId" not in made
    assert "userPortalId" not in read


def test_answer_to_a_single_portal_id_has_no_portals(admin: Caller) -> None:
    made = admin.create(LINKS, link(userPortalId=admin.create_portal()))

    assert "userPortals" not in made


def test_empty_is_absent(admin: Caller) -> None:
    empty: Body = {
        "description": "",
        "iconText": "",
        "linkPath": "",
        "protocol": "",
        "userPortals": [],
    }
    null: Body = {name: None for name in (*empty, "enabled", "applicationId", "userPortalId")}

    for number, fields in enumerate((empty, null)):
        made = admin.create(LINKS, link(f"Link {number}", **fields))
        assert set(made) == STAMPS | {"name", "enabled", "link"}
        assert made["enabled"] is False


def test_unknown_and_read_only_members_are_ignored(admin: Caller) -> None:
    ignored: Body = {
        "id": "1",
        "modifiedTime": "2",
        "creationTime": "3",
        "modifiedBy": "4",
        "microtenantName": "Elsewhere",
        "nameWithoutTrim": " Wiki ",
        "logoFileName": "a.png",
        "userPortalIds": [1, "x"],
        "objectType": None,
        "hideInfoTooltip": {"deep": [[]]},
    }

    made = admin.create(LINKS, link(**ignored))

    assert set(made) == STAMPS | {"name", "enabled", "link"}
    assert made["id"] != "1"
    assert int(made["creationTime"]) > 3


def test_name_is_trimmed(admin: Caller) -> None:
    assert admin.create(LINKS, link("  Wiki\t"))["name"] == "Wiki"


def test_put_replaces_everything(admin: Caller) -> None:
    portal_id = admin.create_portal()
    made = admin.create(LINKS, FULL | {"userPortals": on(portal_id)})
    path = f"{LINKS}/{made['id']}"

    answer = admin.put(path, {"name": "Bare", "link": "bare"})

    assert answer.status_code == 204
    assert answer.content == b""
    read = admin.get(path).json()
    assert set(read) == STAMPS | {"name", "enabled", "link", "microtenantName"}
    assert read["enabled"] is False
    assert read["creationTime"] == made["creationTime"]
    assert total(admin, f"{LINKS}/userPortal/{portal_id}") == 0


def test_put_moves_between_portals(admin: Caller) -> None:
    first, second, third = (admin.create_portal(name) for name in "ABC")
    path = f"{LINKS}/{admin.create_link(userPortals=on(first, second))}"

    admin.put(path, link(userPortals=on(third, second)))

    assert total(admin, f"{LINKS}/userPortal/{first}") == 0
    assert total(admin, f"{LINKS}/userPortal/{second}") == 1
    assert total(admin, f"{LINKS}/userPortal/{third}") == 1


@pytest.mark.parametrize("portals", [None, []])
def test_put_without_portals_clears_them(admin: Caller, portals: object) -> None:
    path = f"{LINKS}/{admin.create_link(userPortals=on(admin.create_portal()))}"

    admin.put(path, link(userPortals=portals))

    assert "userPortals" not in admin.get(path).json()


def test_put_takes_what_get_gave(admin: Caller) -> None:
    made = admin.create(LINKS, FULL | {"userPortals": on(admin.create_portal())})
    path = f"{LINKS}/{made['id']}"
    before = admin.get(path).json()

    assert admin.put(path, before).status_code == 204

    after = admin.get(path).json()
    assert after | {"modifiedTime": before["modifiedTime"]} == before


def test_put_ignores_the_id_of_the_body(admin: Caller) -> None:
    first, second = admin.create_link("First"), admin.create_link("Second")

    admin.put(f"{LINKS}/{first}", link("Changed", id=second))

    assert admin.names() == ["Changed", "Second"]
    assert admin.get(f"{LINKS}/{first}").json()["name"] == "Changed"


def test_put_tells_who_and_when(tenant: Tenant, admin: Caller) -> None:
    path = f"{LINKS}/{admin.create_link()}"
    before = admin.get(path).json()
    colleague = tenant.caller()
    while int(time.time()) <= int(before["modifiedTime"]):
        time.sleep(0.05)

    colleague.put(path, link("Changed"))

    after = admin.get(path).json()
    assert after["modifiedBy"] == colleague.credentials.client_id
    assert int(after["modifiedTime"]) > int(before["modifiedTime"])
    assert after["creationTime"] == before["creationTime"]


def test_refused_put_changes_nothing(admin: Caller) -> None:
    portal_id = admin.create_portal()
    admin.create_link("Taken")
    path = f"{LINKS}/{admin.create(LINKS, FULL | {'userPortals': on(portal_id)})['id']}"
    before = admin.get(path).json()
    refused: tuple[Body, ...] = (
        {},
        {"name": "Payslips"},
        link(""),
        link("taken"),
        link(link="https://x"),
        link(userPortals=on(portal_id, "1")),
        link(protocol="ftp://"),
        link(enabled="true"),
    )
    for body in refused:
        assert admin.put(path, body).status_code == 400, body

    assert admin.get(path).json() == before


def test_delete_is_final(admin: Caller) -> None:
    portal_id = admin.create_portal()
    kept = admin.create_link("Kept", userPortals=on(portal_id))
    link_id = admin.create_link(userPortals=on(portal_id))
    path = f"{LINKS}/{link_id}"

    answer = admin.delete(path)

    assert answer.status_code == 204
    assert answer.content == b""
    for method in ("GET", "DELETE"):
        assert_error(admin.call(method, path), 404, "resource.not.found", link_id)
    assert_error(admin.put(path, link()), 404, "resource.not.found", link_id)
    listed = admin.get(f"{LINKS}/userPortal/{portal_id}").json()
    assert [each["id"] for each in listed["list"]] == [kept]
    assert total(admin) == 1


def test_json_body_on_get_and_delete_is_tolerated(admin: Caller) -> None:
    path = f"{LINKS}/{admin.create_link()}"

    assert admin.call("GET", path, json={}).status_code == 200
    assert admin.call("GET", LINKS, json={}).json()["totalCount"] == "1"
    assert admin.call("DELETE", path, json={}).status_code == 204


def test_ids_grow(admin: Caller) -> None:
    ids = [int(admin.create_link(f"Link {number}")) for number in range(20)]

    assert ids == sorted(set(ids))
    assert ids[-1] < 2**63
