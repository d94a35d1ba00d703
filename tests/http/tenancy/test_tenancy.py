"""A token never reaches another tenant: by id, name, reference, search, list, key or cache."""

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
from tests.http.bodies import BULK, create_bulk, link, links, on, total

NOUNS = (LINKS, PORTALS, AUPS, MICROTENANTS)
BODIES: dict[str, dict[str, Any]] = {
    LINKS: link("Secret"),
    PORTALS: {"name": "Secret"},
    AUPS: {"name": "Secret"},
    MICROTENANTS: {"name": "Secret"},
}


@pytest.fixture
def other(server: Server) -> Caller:
    """The administrator of another tenant."""
    return create_tenant(server).caller()


def everything(caller: Caller) -> dict[str, Any]:
    """All that a tenant holds, as it reads itself."""
    return {noun: caller.get(noun, pagesize=500).json() for noun in NOUNS}


def test_lists_hold_only_the_own_tenant(admin: Caller, other: Caller) -> None:
    for noun in NOUNS:
        admin.create(noun, BODIES[noun])

    assert "Secret" not in str(everything(other))
    assert "Secret" not in other.get(f"{MICROTENANTS}/summary").text
    assert total(other) == 0


@pytest.mark.parametrize("noun", NOUNS)
def test_search_finds_only_the_own_tenant(admin: Caller, other: Caller, noun: str) -> None:
    made = admin.create(noun, BODIES[noun])
    searches = (
        "Secret",
        "name EQ Secret",
        f"id EQ {made['id']}",
        "id GT 0 OR id LE 0",
        "name NE x OR name EQ x",
        "name EQ x' OR '1'='1",
        f"modifiedBy EQ {admin.credentials.client_id}",
    )
    for search in searches:
        assert "Secret" not in other.get(noun, search=search).text, search

    assert admin.names(noun, search="Secret") == ["Secret"]


def test_microtenant_search_finds_only_the_own_tenant(admin: Caller, other: Caller) -> None:
    admin.create(MICROTENANTS, BODIES[MICROTENANTS])
    filters = [{"filterName": "name", "operator": "NE", "values": ["x"]}]

    found = other.post(f"{MICROTENANTS}/search", {"filterBy": filters}).json()

    assert [each["name"] for each in found["list"]] == ["Default"]


@pytest.mark.parametrize("noun", NOUNS)
def test_foreign_ids_are_unknown_ids(admin: Caller, other: Caller, noun: str) -> None:
    foreign_id = admin.create(noun, BODIES[noun])["id"]
    before = everything(admin)
    path = f"{noun}/{foreign_id}"
    answers = [other.get(path), other.put(path, BODIES[noun]), other.delete(path)]
    for answer in answers:
        reason = assert_error(answer, 404, "resource.not.found", foreign_id)
        assert reason == f"No resource exists with the given id/name :{foreign_id}"

    assert everything(admin) == before


@pytest.mark.parametrize("noun", NOUNS)
def test_names_are_free_in_every_tenant(admin: Caller, other: Caller, noun: str) -> None:
    admin.create(noun, BODIES[noun])

    assert other.create(noun, BODIES[noun])["name"] == "Secret"


def test_bodies_cannot_refer_to_a_foreign_portal(admin: Caller, other: Caller) -> None:
    foreign = admin.create_portal()
    own = other.create_portal()
    kept = other.create_link("Kept", userPortals=on(own))
    attempts = [
        other.post(LINKS, link(userPortals=on(foreign))),
        other.post(LINKS, link(userPortals=on(own, foreign))),
        other.post(LINKS, link(userPortalId=foreign)),
        other.post(BULK, {"userPortalLinks": [link()], "userPortals": on(foreign)}),
        other.post(BULK, [link(userPortals=on(own)), link("B", userPortals=on(foreign))]),
        other.put(f"{LINKS}/{kept}", link("Kept", userPortals=on(foreign))),
    ]
    for answer in attempts:
        assert answer.status_code == 400, answer.text
        assert answer.json()["id"] == "resource.not.found"
        assert answer.json()["params"] == [foreign]

    assert other.names() == ["Kept"]
    assert other.get(f"{LINKS}/{kept}").json()["userPortals"][0]["id"] == own
    assert total(admin, f"{LINKS}/userPortal/{foreign}") == 0


def test_links_of_a_foreign_portal_are_not_found(admin: Caller, other: Caller) -> None:
    portal_id = admin.create_portal()
    admin.create_link("Secret", userPortals=on(portal_id))

    answer = other.get(f"{LINKS}/userPortal/{portal_id}")

    assert_error(answer, 404, "resource.not.found", portal_id)


def test_limits_of_one_tenant_leave_others_room(admin: Caller, other: Caller) -> None:
    create_bulk(admin, links(500), admin.create_portal())

    assert create_bulk(other, links(2), other.create_portal())
    assert total(other) == 2


def test_body_cannot_move_an_object_to_another_tenant(admin: Caller, other: Caller) -> None:
    foreign = {"customerId": other.customer_id, "id": "1", "modifiedBy": "1", "creationTime": "1"}

    made = admin.create(LINKS, link(**foreign))

    assert made["id"] != "1"
    assert made["modifiedBy"] == admin.credentials.client_id
    assert int(made["creationTime"]) > 1
    assert total(other) == 0
    assert total(admin) == 1


def test_query_cannot_choose_another_tenant(admin: Caller, other: Caller) -> None:
    other.create_link("Secret")

    assert admin.names(customerId=other.customer_id) == []


def test_idempotency_keys_belong_to_one_client(admin: Caller, other: Caller) -> None:
    key = {"Idempotency-Key": "the same"}
    first = admin.call("POST", LINKS, json=link("Secret"), headers=key).json()
    second = other.call("POST", LINKS, json=link("Secret"), headers=key).json()

    assert first["id"] != second["id"]
    assert second["modifiedBy"] == other.credentials.client_id


def test_kept_answers_belong_to_one_tenant(admin: Caller, other: Caller) -> None:
    admin.create_link("Secret")
    path = admin.path(LINKS)
    for _ in range(3):
        assert "Secret" in admin.get(LINKS).text
        stolen = other.http.get(path, headers={"Authorization": f"Bearer {other.token}"})
        assert_error(stolen, 403, "authz.access.forbidden")
        anonymous = other.http.get(path)
        assert_error(anonymous, 401, "access.denied")
    tag = admin.get(LINKS).headers["etag"]
    headers = {"Authorization": f"Bearer {other.token}", "If-None-Match": tag}

    assert_error(other.http.get(path, headers=headers), 403, "authz.access.forbidden")


def test_versions_of_a_foreign_object_are_not_told(admin: Caller, other: Caller) -> None:
    link_id = admin.create_link()
    tag = admin.get(f"{LINKS}/{link_id}").headers["etag"]
    for method in ("PUT", "DELETE"):
        for version in (tag, '"wrong"', "*"):
            answer = other.call(
                method, f"{LINKS}/{link_id}", json=link(), headers={"If-Match": version}
            )
            assert_error(answer, 404, "resource.not.found", link_id)

    assert admin.get(f"{LINKS}/{link_id}").headers["etag"] == tag


def test_me_is_the_own_tenant(admin: Caller, other: Caller) -> None:
    path = "/mgmtconfig/v1/admin/me"
    me = {
        caller: caller.http.get(path, headers={"Authorization": f"Bearer {caller.token}"}).json()
        for caller in (admin, other)
    }

    assert me[admin]["customerId"] == admin.customer_id
    assert me[other]["customerId"] == other.customer_id
