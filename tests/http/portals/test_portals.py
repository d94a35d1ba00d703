"""User portals: the recorded computation of domains, a toggle's round trip, refused deletion."""

from __future__ import annotations

import pytest

from tests.harness import LINKS, PORTALS, Caller, assert_error
from tests.http.bodies import Body, create_bulk, link, links, on, total

STAMPS = {"id", "modifiedTime", "creationTime", "modifiedBy"}
SUFFIX = "p.zscalerportal.net"
RECORDED: Body = {
    "name": "tests-uport",
    "description": "tests-uport",
    "enabled": True,
    "userNotification": "Welcome",
    "userNotificationEnabled": True,
    "managedByZs": True,
    "extLabel": "tests-uport-vcr0003",
    "extDomain": "securitygeek.io",
    "extDomainName": "-securitygeek-io.b.zscalerportal.net",
    "domain": "securitygeek.io",
}
OWN: Body = {
    "name": "Own",
    "enabled": True,
    "managedByZs": False,
    "certificateId": "72057594037927936",
    "certificateName": "portal.example.com",
    "domain": "portal.example.com",
}


def test_created_portal_echoes_the_external_name(admin: Caller) -> None:
    made = admin.create(PORTALS, RECORDED)

    assert set(made) == STAMPS | set(RECORDED) - {"managedByZs"} | {"extDomainTranslation"}
    assert made["extDomainName"] == "-securitygeek-io.b.zscalerportal.net"
    assert made["domain"] == f"tests-uport-vcr0003-securitygeek-io.{SUFFIX}"
    assert made["extDomainTranslation"] == made["extDomain"] == "securitygeek.io"
    assert made["creationTime"] == made["modifiedTime"]
    assert made["modifiedBy"] == admin.credentials.client_id


def test_created_portal_omits_an_external_name_that_was_not_sent(admin: Caller) -> None:
    body = {key: value for key, value in RECORDED.items() if key != "extDomainName"}

    assert "extDomainName" not in admin.create(PORTALS, body)


def test_read_portal_tells_the_computed_external_name(admin: Caller) -> None:
    made = admin.create(PORTALS, RECORDED)
    read = admin.get(f"{PORTALS}/{made['id']}").json()
    (listed,) = admin.get(PORTALS).json()["list"]
    computed = {"extDomainName": f"securitygeek-io.{SUFFIX}", "microtenantName": "Default"}

    assert read == made | computed
    assert listed == read


def test_portal_with_its_own_certificate_keeps_its_domain(admin: Caller) -> None:
    made = admin.create(PORTALS, OWN)
    read = admin.get(f"{PORTALS}/{made['id']}").json()

    assert made["domain"] == read["domain"] == "portal.example.com"
    assert made["certificateId"] == read["certificateId"] == OWN["certificateId"]
    assert "certificateName" not in made
    assert read["certificateName"] == "portal.example.com"
    assert "getcName" not in made
    assert read["getcName"].endswith(SUFFIX)
    assert "managedByZs" not in read
    assert "extDomainName" not in read


def test_own_certificate_is_required_when_not_managed(admin: Caller) -> None:
    body = {key: value for key, value in OWN.items() if key != "certificateId"}

    answer = admin.post(PORTALS, body)

    assert_error(answer, 400, "invalid.resource.argument", "certificateId")
    assert total(admin, PORTALS) == 0


@pytest.mark.parametrize("body", [RECORDED, OWN])
def test_toggle_puts_the_whole_object_back(admin: Caller, body: Body) -> None:
    path = f"{PORTALS}/{admin.create(PORTALS, body)['id']}"
    before = admin.get(path).json()
    for enabled in (False, True):
        answer = admin.put(path, before | {"enabled": enabled})
        assert answer.status_code == 204
        assert answer.content == b""

        after = admin.get(path).json()
        assert after | {"modifiedTime": before["modifiedTime"]} == before | {"enabled": enabled}


def test_put_replaces_everything(admin: Caller) -> None:
    made = admin.create(PORTALS, RECORDED)
    path = f"{PORTALS}/{made['id']}"

    admin.put(path, {"name": "Bare"})

    read = admin.get(path).json()
    assert set(read) == STAMPS | {"name", "enabled", "userNotificationEnabled", "microtenantName"}
    assert read["enabled"] is False
    assert read["userNotificationEnabled"] is False
    assert read["creationTime"] == made["creationTime"]


def test_put_computes_the_domain_anew(admin: Caller) -> None:
    path = f"{PORTALS}/{admin.create(PORTALS, RECORDED)['id']}"

    admin.put(path, RECORDED | {"extLabel": "staff", "extDomain": "a.b.example"})

    read = admin.get(path).json()
    assert read["domain"] == f"staff-a-b-example.{SUFFIX}"
    assert read["extDomainName"] == f"a-b-example.{SUFFIX}"
    assert read["extDomainTranslation"] == "a.b.example"


def test_put_keeps_the_links_of_a_portal(admin: Caller) -> None:
    portal_id = admin.create_portal()
    admin.create_link(userPortals=on(portal_id))

    admin.put(f"{PORTALS}/{portal_id}", {"name": "Renamed"})

    assert total(admin, f"{LINKS}/userPortal/{portal_id}") == 1


def test_unknown_and_read_only_members_are_ignored(admin: Caller) -> None:
    ignored: Body = {
        "id": "1",
        "creationTime": "3",
        "modifiedBy": "4",
        "microtenantName": "Elsewhere",
        "getcName": "x",
        "extDomainTranslation": "elsewhere.example",
        "certManagedByZsRadio": True,
        "objectType": {"a": []},
        "scopeName": None,
    }

    made = admin.create(PORTALS, {"name": "Staff", **ignored})

    assert set(made) == STAMPS | {"name", "enabled", "userNotificationEnabled"}
    assert made["id"] != "1"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "n" * 256),
        ("description", "d" * 2_001),
        ("extLabel", "ab"),
        ("extLabel", "a" * 32),
        ("extLabel", "Staff"),
        ("extLabel", "st_ff"),
        ("extDomain", "https://example.com"),
        ("extDomain", "example.com/x"),
        ("extDomain", "exa mple.com"),
        ("extDomain", "example.com:443"),
        ("domain", "javascript:alert(1)"),
        ("domain", "<script>"),
        ("certificateId", "x"),
        ("certificateName", "c" * 256),
        ("userNotification", "n" * 4_001),
        ("userNotification", "a\x1bb"),
        ("imageData", "i" * (512 * 1024 + 1)),
        ("managedByZs", "true"),
        ("enabled", "true"),
        ("userNotificationEnabled", 1),
    ],
)
def test_bad_value_is_named(resident: Caller, field: str, value: object) -> None:
    answer = resident.post(PORTALS, {"name": "Staff", field: value})

    assert field in assert_error(answer, 400, "invalid.resource.argument", field)
    assert total(resident, PORTALS) == 0


def test_name_is_taken_whatever_its_case(admin: Caller) -> None:
    admin.create_portal("Staff")
    free = admin.create_portal("Free")

    for answer in (
        admin.post(PORTALS, {"name": "STAFF"}),
        admin.put(f"{PORTALS}/{free}", {"name": "staff"}),
    ):
        assert answer.json()["id"] == "resource.already.exist"
        assert answer.status_code == 400
    assert admin.names(PORTALS) == ["Free", "Staff"]


def test_portal_with_links_stays(admin: Caller) -> None:
    portal_id = admin.create_portal()
    link_id = admin.create_link("Wiki", userPortals=on(portal_id))
    path = f"{PORTALS}/{portal_id}"

    assert_error(admin.delete(path), 400, "resource.referenced", "userPortalLink", "Wiki")
    assert admin.get(path).status_code == 200
    assert total(admin, f"{LINKS}/userPortal/{portal_id}") == 1

    admin.delete(f"{LINKS}/{link_id}")
    assert admin.delete(path).status_code == 204
    assert_error(admin.get(path), 404, "resource.not.found", portal_id)
    assert_error(admin.delete(path), 404, "resource.not.found", portal_id)


def test_portal_without_links_goes_when_they_moved(admin: Caller) -> None:
    portal_id, other = admin.create_portal("A"), admin.create_portal("B")
    (made,) = create_bulk(admin, links(1), portal_id)

    admin.put(f"{LINKS}/{made['id']}", link(userPortals=on(other)))

    assert admin.delete(f"{PORTALS}/{portal_id}").status_code == 204


def test_deleted_portal_is_unknown_to_links(admin: Caller) -> None:
    portal_id = admin.create_portal()
    admin.delete(f"{PORTALS}/{portal_id}")

    answer = admin.post(LINKS, link(userPortals=on(portal_id)))

    assert_error(answer, 400, "resource.not.found", portal_id)


def test_list_is_paged_and_ordered(admin: Caller) -> None:
    names = [f"Portal {number:02}" for number in range(25)]
    for name in reversed(names):
        admin.create_portal(name)
    body = admin.get(PORTALS, uiConfig="full").json()

    assert (body["totalPages"], body["totalCount"]) == ("2", "25")
    assert admin.names(PORTALS) + admin.names(PORTALS, page=2) == names
    assert admin.names(PORTALS, pagesize=500, sortOrder="DSC") == names[::-1]
