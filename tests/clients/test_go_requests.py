"""What the vendor's Go SDK and the Terraform provider on top of it put on the wire, byte for byte.

Recorded shapes: every key of the Go structs that is not `omitempty`, its search strings, its
`page=1&pagesize=500` on every list, and what it decodes answers into.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from tests.certificates import certificate_pem, private_key_pem
from tests.harness import (
    APPLICATIONS,
    CERTIFICATES,
    ISSUED,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Server,
    Tenant,
    create_applications,
)

pytestmark = pytest.mark.one_database

PREFIXES = ("", "/zpa")  # legacy, OneAPI


@pytest.fixture(params=PREFIXES, ids=["legacy", "oneapi"])
def prefix(request: pytest.FixtureRequest) -> str:
    """The prefix of every path in one of the SDK's two modes."""
    chosen: str = request.param
    return chosen


def claims_of(token: str) -> dict[str, Any]:
    """The payload of a JWT as Go's RawURLEncoding reads it: no padding allowed."""
    payload = token.split(".")[1]
    assert "=" not in payload
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims


def test_signin_answers_what_go_decodes(server: Server, tenant: Tenant) -> None:
    credentials = tenant.credentials()
    form = f"client_id={credentials.client_id}&client_secret={credentials.client_secret}"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

    answer = server.http.post("/signin", content=form, headers=headers)

    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == "3600"  # a string: the struct field is one
    assert claims_of(answer.json()["access_token"])["exp"] > time.time() + 10


def test_token_answers_what_go_decodes(server: Server, tenant: Tenant) -> None:
    credentials = tenant.credentials()
    form = (
        "audience=https%3A%2F%2Fapi.zscaler.com"
        f"&client_id={credentials.client_id}&client_secret={credentials.client_secret}"
        "&grant_type=client_credentials"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = server.http.post("/oauth2/v1/token", content=form, headers=headers)

    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 3600  # a number
    assert claims_of(answer.json()["access_token"])["exp"] > time.time() + 60


def test_by_name_lookup_in_both_encodings(admin: Caller, prefix: str) -> None:
    admin.create_link("My Link")
    admin.create_link("My Link 2")
    space = "%20" if prefix == "" else "+"

    answer = admin.call(
        "GET",
        f"{LINKS}?page=1&pagesize=500&search=name%2BEQ%2BMy{space}Link",
        prefix=prefix,
    )

    assert answer.status_code == 200
    assert [each["name"] for each in answer.json()["list"]] == ["My Link"]
    assert (answer.json()["totalPages"], answer.json()["totalCount"]) == ("1", "1")


def test_lookup_inside_a_microtenant(admin: Caller, prefix: str) -> None:
    inside = str(admin.create(MICROTENANTS, {"name": "Laboratory", "enabled": True})["id"])
    admin.create(LINKS, {"name": "Wiki", "link": "lab.example.com"}, microtenantId=inside)
    admin.create_link("Wiki", link="all.example.com")

    answer = admin.call(
        "GET",
        f"{LINKS}?microtenantId={inside}&page=1&pagesize=500&search=name%2BEQ%2BWiki",
        prefix=prefix,
    )

    assert [each["link"] for each in answer.json()["list"]] == ["lab.example.com"]


def test_old_plain_search_is_the_documented_error(admin: Caller) -> None:
    answer = admin.call("GET", f"{LINKS}?search=Domain+Joined+-+myDomain")

    assert answer.status_code == 400
    assert answer.json() == {
        "id": "filtering.input.invalid.operand",
        "reason": "Invalid operand:Joined in Filtering criteria.",
        "params": ["Joined"],
    }


def test_link_created_without_portals_sends_null(admin: Caller, prefix: str) -> None:
    body = '{"name":"tf-acc-test-xyz","link":"tf-acc-test-xyz","userPortals":null}'

    answer = admin.call(
        "POST",
        LINKS,
        prefix=prefix,
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 201
    assert answer.json()["enabled"] is False  # Go cannot send false, so absent means it
    assert "userPortals" not in answer.json()
    assert "microtenantId" not in answer.json()  # a permanent diff in Terraform


def test_whole_created_object_can_be_put_back(admin: Caller, prefix: str) -> None:
    portal_id = admin.create_portal()
    made = admin.create_link(
        "Wiki", enabled=True, linkPath="/start", userPortals=[{"id": portal_id}]
    )
    created = admin.call("GET", f"{LINKS}/{made}", prefix=prefix).json()

    changed = created | {"name": "Wiki 2", "userPortalId": "", "nameWithoutTrim": ""}
    answer = admin.call("PUT", f"{LINKS}/{made}", prefix=prefix, json=changed)
    after = admin.call("GET", f"{LINKS}/{made}", prefix=prefix).json()

    assert (answer.status_code, answer.content) == (204, b"")
    assert after == created | {"name": "Wiki 2", "modifiedTime": after["modifiedTime"]}


def test_put_with_null_portals_clears_them(admin: Caller, prefix: str) -> None:
    portal_id = admin.create_portal()
    made = admin.create_link("Wiki", userPortals=[{"id": portal_id}])
    body = {"id": made, "name": "Wiki", "link": "wiki.example.com", "userPortals": None}

    answer = admin.call("PUT", f"{LINKS}/{made}", prefix=prefix, json=body)

    assert answer.status_code == 204
    assert "userPortals" not in admin.get(f"{LINKS}/{made}").json()


def test_terraform_cycle_leaves_no_drift(admin: Caller, prefix: str) -> None:
    """Create, read, replace, read, delete, read: what one resource goes through."""
    portal_id = admin.create_portal()
    wanted = {
        "name": "tf-acc-test-abc",
        "description": "tf-acc-test-abc",
        "enabled": True,
        "link": "server1.example.com",
        "linkPath": "/preferences",
        "protocol": "https://",
        "userPortals": [{"id": portal_id}],
    }

    made = admin.call("POST", LINKS, prefix=prefix, json=wanted).json()
    first = admin.call("GET", f"{LINKS}/{made['id']}", prefix=prefix).json()
    replaced = {key: value for key, value in wanted.items() if key not in {"enabled", "linkPath"}}
    admin.call("PUT", f"{LINKS}/{made['id']}", prefix=prefix, json=replaced | {"id": made["id"]})
    second = admin.call("GET", f"{LINKS}/{made['id']}", prefix=prefix).json()
    deleted = admin.call("DELETE", f"{LINKS}/{made['id']}", prefix=prefix)
    gone = admin.call("GET", f"{LINKS}/{made['id']}", prefix=prefix)

    scalars = {key: value for key, value in wanted.items() if key != "userPortals"}
    assert {key: first[key] for key in scalars} == scalars
    assert [each["id"] for each in first["userPortals"]] == [portal_id]
    assert (second["enabled"], "linkPath" in second) == (False, False)
    assert second["description"] == wanted["description"]
    assert deleted.status_code == 204
    assert (gone.status_code, gone.json()["id"]) == (404, "resource.not.found")
    assert "application/json" in gone.headers["content-type"]


def test_bulk_repeats_the_portal_for_every_link(admin: Caller, prefix: str) -> None:
    portal_id = admin.create_portal()
    body = {
        "userPortalLinks": [
            {"name": name, "link": "x.example.com", "userPortals": None, "userPortalId": portal_id}
            for name in ("Wiki", "Mail")
        ],
        "userPortals": [{"id": portal_id}, {"id": portal_id}],
    }

    answer = admin.call("POST", f"{LINKS}/bulk", version="v2", prefix=prefix, json=body)

    stub = {"id": portal_id, "enabled": True}
    assert answer.status_code == 201
    assert answer.json()["userPortals"] == [stub]
    assert [(each["name"], each["userPortals"]) for each in answer.json()["userPortalLinks"]] == [
        ("Wiki", [stub]),
        ("Mail", [stub]),
    ]


def test_bulk_without_an_outer_list_uses_each_links_own(admin: Caller, prefix: str) -> None:
    first, second = admin.create_portal("One"), admin.create_portal("Two")
    body = {
        "userPortalLinks": [
            {"name": "Wiki", "link": "x.example.com", "userPortals": None, "userPortalId": first},
            {"name": "Mail", "link": "x.example.com", "userPortals": None, "userPortalId": second},
        ],
        "userPortals": None,
    }

    answer = admin.call("POST", f"{LINKS}/bulk", version="v2", prefix=prefix, json=body)

    assert answer.status_code == 201
    assert admin.names(f"{LINKS}/userPortal/{first}") == ["Wiki"]
    assert admin.names(f"{LINKS}/userPortal/{second}") == ["Mail"]


def test_taken_name_is_nothing_that_go_retries(admin: Caller, prefix: str) -> None:
    admin.create_link("Wiki")

    answer = admin.call(
        "POST", LINKS, prefix=prefix, json={"name": "Wiki", "link": "x.example.com"}
    )

    retried = {
        "bad.request",
        "non.restricted.entity.authorization.failed",
        "db.simultaneous.request",
        "api.concurrent.access.error",
    }
    assert answer.status_code == 400
    assert answer.json()["id"] not in retried


def test_microtenant_search_in_the_go_shape(admin: Caller, prefix: str) -> None:
    for name in ("Laboratory", "Plant North", "Plant South"):
        admin.create(MICROTENANTS, {"name": name, "enabled": True})
    wanted = {"filterName": "name", "operator": "LIKE", "value": "Plant"}
    body = {
        "filterBy": {"filterGroups": [{"filters": [wanted]}], "operator": "AND"},
        "pageBy": {"page": 1, "pageSize": 500},
    }

    answer = admin.call("POST", f"{MICROTENANTS}/search", prefix=prefix, json=body)

    assert answer.status_code == 200
    assert [each["name"] for each in answer.json()["list"]] == ["Plant North", "Plant South"]
    assert answer.json()["totalPages"] == "1"


def test_numbers_are_strings_for_go(admin: Caller, prefix: str) -> None:
    portal_id = admin.create_portal()
    made = admin.create_link("Wiki", userPortals=[{"id": portal_id}])

    link = admin.call("GET", f"{LINKS}/{made}", prefix=prefix).json()
    portal = admin.call("GET", f"{PORTALS}/{portal_id}", prefix=prefix).json()

    for name in ("id", "creationTime", "modifiedTime", "modifiedBy"):
        for item in (link, portal, link["userPortals"][0]):
            assert isinstance(item[name], str)
            assert item[name].isdecimal()


def test_certificate_resource_and_data_source(admin: Caller, prefix: str) -> None:
    """The provider's acceptance test: key and certificate in one text, read by id and by name."""
    name = "tf-acc-test-abc"
    blob = f"{private_key_pem()}\n{certificate_pem('abc')}\n"
    body = {"name": name, "description": "Self-signed", "certBlob": blob}

    made = admin.call("POST", CERTIFICATES, prefix=prefix, json=body).json()
    by_id = admin.call("GET", f"{CERTIFICATES}/{made['id']}", prefix=prefix).json()
    by_name = admin.call(
        "GET",
        f"{ISSUED}?page=1&pagesize=500&search=name%2BEQ%2B{name}",
        prefix=prefix,
        version="v2",
    ).json()
    deleted = admin.call("DELETE", f"{CERTIFICATES}/{made['id']}", prefix=prefix)
    gone = admin.call("GET", f"{CERTIFICATES}/{made['id']}", prefix=prefix)

    assert by_name["list"] == [by_id]
    assert (by_id["name"], by_id["description"]) == (name, "Self-signed")
    # The data source cannot read a certificate without them.
    for each in ("creationTime", "modifiedTime", "validFromInEpochSec", "validToInEpochSec"):
        assert isinstance(by_id[each], str)
        assert by_id[each].isdecimal()
    assert "microtenantId" not in by_id
    assert deleted.status_code == 204
    assert (gone.status_code, gone.json()["id"]) == (404, "resource.not.found")


def test_portal_on_a_certificate_leaves_no_drift(admin: Caller, prefix: str) -> None:
    body = {"name": "bd-hashicorp.com", "certBlob": certificate_pem("bd-hashicorp.com")}
    admin.call("POST", CERTIFICATES, prefix=prefix, json=body)
    looked_up = admin.call(
        "GET",
        f"{ISSUED}?page=1&pagesize=500&search=name%2BEQ%2Bbd-hashicorp.com",
        prefix=prefix,
        version="v2",
    ).json()["list"][0]
    wanted = {
        "name": "tf-acc-test-portal",
        "enabled": True,
        "certificateId": looked_up["id"],
        "domain": "portal01",
        "userNotification": "Created with Terraform",
        "userNotificationEnabled": True,
    }

    made = admin.call("POST", PORTALS, prefix=prefix, json=wanted).json()
    read = admin.call("GET", f"{PORTALS}/{made['id']}", prefix=prefix).json()

    assert {name: read[name] for name in wanted} == wanted
    assert read["certificateName"] == "bd-hashicorp.com"


def test_link_reads_its_application_segment(admin: Caller, prefix: str) -> None:
    """The provider's own example: the data source of a segment, then a link that names it."""
    create_applications(admin, "AppPortal01", "AppPortal011")
    search = "page=1&pagesize=500&search=name%2BEQ%2BAppPortal01"

    found = admin.call("GET", f"{APPLICATIONS}?{search}", prefix=prefix).json()["list"]
    by_id = admin.call("GET", f"{APPLICATIONS}/{found[0]['id']}", prefix=prefix).json()
    link = {"name": "tf-acc-test-link", "link": "app", "applicationId": found[0]["id"]}
    made = admin.call("POST", LINKS, prefix=prefix, json=link).json()
    read = admin.call("GET", f"{LINKS}/{made['id']}", prefix=prefix).json()

    assert found == [by_id]
    assert by_id["domainNames"] == ["app.example.com"]
    assert read["applicationId"] == by_id["id"]


def test_missing_operation_is_neither_not_found_nor_retried(admin: Caller, prefix: str) -> None:
    answer = admin.call("GET", "segmentGroup?page=1&pagesize=500", prefix=prefix)

    assert answer.status_code == 400
    assert answer.json()["id"] == "portico.operation.unknown"
    assert "application/json" in answer.headers["content-type"]
