"""What the vendor's Ansible collection and hand-written curl calls put on the wire.

The collection lists with `pagesize=500`, matches names itself, and compares what it reads with
what it was told; OneAPI mode sends the body `{}` with GET and DELETE.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.certificates import certificate_pem, private_key_pem
from tests.harness import AUPS, CERTIFICATES, ISSUED, LINKS, PORTALS, Caller

pytestmark = pytest.mark.one_database

JSON = {"Content-Type": "application/json", "Accept": "application/json"}


def find(admin: Caller, path: str, name: str, *, version: str = "v1") -> dict[str, Any] | None:
    """The collection's look-up: the whole list, then an exact match of the name."""
    answer = admin.call(
        "GET",
        f"{path}?pagesize=500",
        version=version,
        prefix="/zpa",
        content="{}",
        headers=JSON,
    )
    assert answer.status_code == 200, answer.text
    matches = [each for each in answer.json()["list"] if each["name"] == name]
    return matches[0] if matches else None


def drifts(wanted: dict[str, Any], stored: dict[str, Any]) -> set[str]:
    """The fields by which a second run of a task would report a change."""
    return {key for key, value in wanted.items() if (stored.get(key) or "") != (value or "")}


def test_link_task_is_idempotent(admin: Caller) -> None:
    portal_id = admin.create_portal()
    wanted = {
        "name": "Ansible Link",
        "description": "Made by a task",
        "enabled": True,
        "iconText": "",
        "link": "server1.example.com",
        "linkPath": "",
        "protocol": "https://",
    }
    body = wanted | {"userPortals": [{"id": portal_id}]}
    before = find(admin, LINKS, "Ansible Link")

    made = admin.call("POST", LINKS, prefix="/zpa", json=body)
    stored = find(admin, LINKS, "Ansible Link")

    assert before is None
    assert made.status_code == 201
    assert stored is not None
    assert drifts(wanted, stored) == set()
    assert [each["id"] for each in stored["userPortals"]] == [portal_id]


def test_link_task_changes_and_removes(admin: Caller) -> None:
    made = admin.create_link("Ansible Link", description="Old", enabled=True)
    wanted = {"name": "Ansible Link", "description": "New", "link": "b.example.com"}

    updated = admin.call("PUT", f"{LINKS}/{made}", prefix="/zpa", json=wanted | {"enabled": True})
    stored = find(admin, LINKS, "Ansible Link")
    deleted = admin.call("DELETE", f"{LINKS}/{made}", prefix="/zpa", content="{}", headers=JSON)

    assert updated.status_code == 204
    assert stored is not None
    assert drifts(wanted, stored) == set()
    assert deleted.status_code == 204
    assert find(admin, LINKS, "Ansible Link") is None


def test_portal_with_own_certificate_is_idempotent(admin: Caller) -> None:
    wanted = {
        "name": "Ansible Portal",
        "description": "Made by a task",
        "enabled": True,
        "managedByZs": False,
        "certificateId": "216199618143442000",
        "domain": "portal.acme.example",
        "userNotification": "Welcome",
        "userNotificationEnabled": True,
    }

    made = admin.call("POST", PORTALS, prefix="/zpa", json=wanted)
    stored = find(admin, PORTALS, "Ansible Portal")

    assert made.status_code == 201, made.text
    assert stored is not None
    assert drifts({k: v for k, v in wanted.items() if k != "managedByZs"}, stored) == set()


def test_portal_target_finds_its_certificate_first(admin: Caller) -> None:
    """What the collection's target for portals does: upload, look up, portal, portal again."""
    name = "sales.bd-hashicorp.com"
    body = {
        "name": name,
        "description": name,
        "certBlob": private_key_pem() + certificate_pem(name),
    }

    before = find(admin, ISSUED, name, version="v2")
    made = admin.call("POST", CERTIFICATES, prefix="/zpa", json=body)
    certificate = find(admin, ISSUED, name, version="v2")
    assert certificate is not None
    wanted = {
        "name": "portal01",
        "description": "portal01",
        "enabled": True,
        "managedByZs": False,
        "certificateId": certificate["id"],
        "domain": "portal01",
    }
    portal = admin.call("POST", PORTALS, prefix="/zpa", json=wanted)
    stored = find(admin, PORTALS, "portal01")
    deleted = admin.call("DELETE", f"{PORTALS}/{portal.json()['id']}", prefix="/zpa")
    gone = admin.call("DELETE", f"{CERTIFICATES}/{certificate['id']}", prefix="/zpa")

    assert before is None
    assert made.status_code == 201
    assert stored is not None
    assert drifts({k: v for k, v in wanted.items() if k != "managedByZs"}, stored) == set()
    assert stored["certificateName"] == name
    assert (deleted.status_code, gone.status_code) == (204, 204)


def test_policy_task_compares_seven_fields(admin: Caller) -> None:
    wanted = {
        "name": "Ansible AUP",
        "description": "Made by a task",
        "enabled": True,
        "aup": "Use it well.\n",
        "email": "it@example.com",
        "phoneNum": "+1 123-1458",
    }

    made = admin.call("POST", AUPS, prefix="/zpa", json=wanted)
    stored = find(admin, AUPS, "Ansible AUP")

    assert made.status_code == 201
    assert stored is not None
    assert {key: stored[key] for key in wanted} == wanted


@pytest.mark.parametrize("body", [b"{}", b""], ids=["braces", "nothing"])
def test_get_and_delete_tolerate_a_json_body(admin: Caller, body: bytes) -> None:
    made = admin.create_link("Wiki")

    read = admin.call("GET", f"{LINKS}/{made}", content=body, headers=JSON)
    deleted = admin.call("DELETE", f"{LINKS}/{made}", content=body, headers=JSON)

    assert read.status_code == 200
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "content-type" not in deleted.headers


def test_second_request_follows_a_get_with_a_body(admin: Caller) -> None:
    """The body of a GET must not be taken for the start of the next request on the connection."""
    made = admin.create_link("Wiki")

    for _ in range(3):
        answer = admin.call("GET", f"{LINKS}/{made}", content=b"{}", headers=JSON)

        assert (answer.status_code, answer.json()["name"]) == (200, "Wiki")


@pytest.mark.parametrize(
    "query",
    [
        "search=enabled%20EQ%20true",
        "search=name%20LIKE%20test",
        "search=name+LIKE+TEST",
        "search=Test",
        "search=",
        "sortBy=name&sortOrder=DSC",
    ],
)
def test_documented_queries_find_the_link(admin: Caller, query: str) -> None:
    admin.create_link("A test link", enabled=True)

    answer = admin.call("GET", f"{LINKS}?{query}")

    assert answer.status_code == 200, answer.text
    assert [each["name"] for each in answer.json()["list"]] == ["A test link"]


def test_collection_with_a_slash_before_the_query(admin: Caller) -> None:
    admin.create_link("Wiki")

    answer = admin.call("GET", f"{LINKS}/?page=1&pagesize=20")

    assert [each["name"] for each in answer.json()["list"]] == ["Wiki"]


def test_documented_payload_with_the_consoles_own_keys(admin: Caller) -> None:
    portal_id = admin.create_portal()
    body = {
        "name": "Documented",
        "description": "",
        "enabled": True,
        "link": "server1.example.com",
        "linkPath": "/preferences",
        "protocol": "",
        "iconText": "",
        "logoFileName": "logo.png",
        "hideInfoTooltip": True,
        "userPortalId": int(portal_id),
    }

    made = admin.create(LINKS, body)
    stored = admin.get(f"{LINKS}/{made['id']}").json()

    assert {"logoFileName", "hideInfoTooltip", "iconText", "protocol", "description"} & set(
        stored
    ) == set()
    assert [each["id"] for each in stored["userPortals"]] == [portal_id]


def test_page_parameters_on_a_single_object_are_ignored(admin: Caller) -> None:
    made = admin.create_link("Wiki")

    answer = admin.call("GET", f"{LINKS}/{made}?page=1&pagesize=20")

    assert answer.json()["id"] == made
