"""Microtenants inside a tenant: who may work where, and nothing of one is seen in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.harness import AUPS, LINKS, MICROTENANTS, PORTALS, Caller, Tenant, assert_error
from tests.http.bodies import BULK, create_bulk, link, on, total

OWNED = (LINKS, PORTALS, AUPS)
BODIES: dict[str, dict[str, Any]] = {
    LINKS: link("Secret"),
    PORTALS: {"name": "Secret"},
    AUPS: {"name": "Secret"},
}


@dataclass(frozen=True)
class Parts:
    """A tenant with two microtenants, its own administrator and one confined to the first."""

    admin: Caller
    north: str
    south: str
    local: Caller


@pytest.fixture
def parts(tenant: Tenant, admin: Caller) -> Parts:
    """A tenant in parts."""
    north = admin.create(MICROTENANTS, {"name": "North", "enabled": True})["id"]
    south = admin.create(MICROTENANTS, {"name": "South", "enabled": True})["id"]
    return Parts(admin, north, south, tenant.caller(microtenant_id=north))


@pytest.mark.parametrize("noun", OWNED)
def test_object_lives_in_the_microtenant_of_the_query(parts: Parts, noun: str) -> None:
    made = parts.admin.create(noun, BODIES[noun], microtenantId=parts.north)
    path = f"{noun}/{made['id']}"
    read = parts.admin.get(path, microtenantId=parts.north).json()

    assert made["microtenantId"] == parts.north
    assert "microtenantName" not in made
    assert read["microtenantId"] == parts.north
    assert read["microtenantName"] == "North"
    assert parts.admin.names(noun, microtenantId=parts.north) == ["Secret"]
    assert parts.admin.names(noun) == []
    assert parts.admin.names(noun, microtenantId=parts.south) == []


@pytest.mark.parametrize("noun", OWNED)
def test_default_is_absent_zero_or_empty(parts: Parts, noun: str) -> None:
    parts.admin.create(noun, BODIES[noun])
    for number, query in enumerate(({}, {"microtenantId": "0"}, {"microtenantId": ""})):
        made = parts.admin.create(noun, BODIES[noun] | {"name": f"D{number}"}, **query)
        read = parts.admin.get(f"{noun}/{made['id']}", **query).json()

        assert "microtenantId" not in made
        assert "microtenantId" not in read
        assert read["microtenantName"] == "Default"
        assert total(parts.admin, noun, **query) == number + 2


@pytest.mark.parametrize("noun", OWNED)
def test_object_of_another_microtenant_is_not_found(parts: Parts, noun: str) -> None:
    made = parts.admin.create(noun, BODIES[noun], microtenantId=parts.north)
    path = f"{noun}/{made['id']}"
    for elsewhere in ({}, {"microtenantId": "0"}, {"microtenantId": parts.south}):
        for answer in (
            parts.admin.get(path, **elsewhere),
            parts.admin.put(path, BODIES[noun], **elsewhere),
            parts.admin.delete(path, **elsewhere),
        ):
            assert_error(answer, 404, "resource.not.found", made["id"])

    assert parts.admin.get(path, microtenantId=parts.north).status_code == 200


@pytest.mark.parametrize("noun", OWNED)
def test_body_names_the_microtenant_when_the_query_does_not(parts: Parts, noun: str) -> None:
    for value in (parts.north, int(parts.north)):
        made = parts.admin.create(noun, BODIES[noun] | {"microtenantId": value})
        assert made["microtenantId"] == parts.north
        path = f"{noun}/{made['id']}"
        renamed = BODIES[noun] | {"name": "Renamed", "microtenantId": value}
        assert parts.admin.put(path, renamed).status_code == 204
        assert parts.admin.names(noun, microtenantId=parts.north) == ["Renamed"]
        assert parts.admin.delete(path, microtenantId=parts.north).status_code == 204

    made = parts.admin.create(noun, BODIES[noun] | {"microtenantId": "0"})
    assert "microtenantId" not in made


def test_query_wins_over_the_body(parts: Parts) -> None:
    made = parts.admin.create(LINKS, link(microtenantId=parts.south), microtenantId=parts.north)

    assert made["microtenantId"] == parts.north


def test_bulk_lives_in_its_microtenant(parts: Parts) -> None:
    by_query = parts.admin.create(BULK, [link("Query")], microtenantId=parts.north)
    body = {"userPortalLinks": [link("Body")], "microtenantId": parts.south}
    by_body = parts.admin.create(BULK, body)

    assert by_query["userPortalLinks"][0]["microtenantId"] == parts.north
    assert by_body["userPortalLinks"][0]["microtenantId"] == parts.south
    assert total(parts.admin) == 0


@pytest.mark.parametrize("noun", OWNED)
def test_names_are_free_in_every_microtenant(parts: Parts, noun: str) -> None:
    for place in ("0", parts.north, parts.south):
        parts.admin.create(noun, BODIES[noun], microtenantId=place)

    answer = parts.admin.post(noun, BODIES[noun], microtenantId=parts.north)

    assert_error(answer, 400, "resource.already.exist", "Secret")


def test_portal_of_another_microtenant_is_unknown(parts: Parts) -> None:
    foreign = parts.admin.create(PORTALS, {"name": "Staff"}, microtenantId=parts.south)["id"]
    own = parts.admin.create(PORTALS, {"name": "Staff"}, microtenantId=parts.north)["id"]
    kept = parts.admin.create(LINKS, link("Kept"), microtenantId=parts.north)["id"]
    for place in ({"microtenantId": parts.north}, {}):
        attempts = [
            parts.admin.post(LINKS, link(userPortals=on(foreign)), **place),
            parts.admin.post(LINKS, link(userPortalId=foreign), **place),
            parts.admin.post(BULK, [link(userPortals=on(foreign))], **place),
        ]
        for answer in attempts:
            assert answer.json()["id"] == "resource.not.found"
            assert answer.status_code == 400
            assert answer.json()["params"] == [foreign]
    moved = link("Kept", userPortals=on(own, foreign))
    answer = parts.admin.put(f"{LINKS}/{kept}", moved, microtenantId=parts.north)
    assert_error(answer, 400, "resource.not.found", foreign)

    listed = parts.admin.get(f"{LINKS}/userPortal/{foreign}", microtenantId=parts.north)
    assert_error(listed, 404, "resource.not.found", foreign)
    assert parts.admin.names(microtenantId=parts.north) == ["Kept"]
    assert parts.admin.names() == []


@pytest.mark.parametrize("noun", OWNED)
def test_search_stays_in_its_microtenant(parts: Parts, noun: str) -> None:
    parts.admin.create(noun, BODIES[noun], microtenantId=parts.south)
    for search in ("Secret", "name EQ Secret", "id GT 0", "name NE x OR name EQ x"):
        assert parts.admin.names(noun, search=search, microtenantId=parts.north) == []

    assert parts.admin.names(noun, search="Secret", microtenantId=parts.south) == ["Secret"]


def test_confined_client_must_name_its_own(parts: Parts) -> None:
    for noun in (*OWNED, MICROTENANTS):
        for query in ({}, {"microtenantId": ""}):
            reason = assert_error(parts.local.get(noun, **query), 403, "authz.access.forbidden")

            assert f"microtenantId={parts.north}" in reason


def test_confined_client_works_in_its_own(parts: Parts) -> None:
    own = {"microtenantId": parts.north}
    portal_id = parts.local.create(PORTALS, {"name": "Staff"}, **own)["id"]
    made = create_bulk(parts.local, [link("A"), link("B")], portal_id, **own)
    path = f"{LINKS}/{made[0]['id']}"

    assert parts.local.put(path, link("C"), **own).status_code == 204
    assert parts.local.names(**own) == ["B", "C"]
    assert parts.local.delete(path, **own).status_code == 204
    assert parts.local.create(LINKS, link("D", microtenantId=parts.north))["name"] == "D"
    assert parts.admin.names(microtenantId=parts.north) == ["B", "D"]


@pytest.mark.parametrize("noun", OWNED)
def test_confined_client_is_forbidden_elsewhere(parts: Parts, noun: str) -> None:
    parts.admin.create(noun, BODIES[noun])
    parts.admin.create(noun, BODIES[noun], microtenantId=parts.south)
    for place in ("0", parts.south, "12345", "-1"):
        query = {"microtenantId": place}
        for answer in (
            parts.local.get(noun, **query),
            parts.local.post(noun, BODIES[noun] | {"name": "Mine"}, **query),
            parts.local.get(f"{noun}/1", **query),
            parts.local.put(f"{noun}/1", BODIES[noun], **query),
            parts.local.delete(f"{noun}/1", **query),
        ):
            assert_error(answer, 403, "authz.access.forbidden")
            assert "Secret" not in answer.text

    assert parts.admin.names(noun) == ["Secret"]
    assert parts.admin.names(noun, microtenantId=parts.south) == ["Secret"]


def test_confined_client_cannot_reach_elsewhere_by_body(parts: Parts) -> None:
    own = {"microtenantId": parts.north}
    foreign = parts.admin.create(PORTALS, {"name": "Staff"}, microtenantId=parts.south)["id"]

    assert_error(
        parts.local.post(LINKS, link(userPortals=on(foreign)), **own),
        400,
        "resource.not.found",
        foreign,
    )
    for elsewhere in ("0", parts.south):
        answer = parts.local.post(LINKS, link(microtenantId=elsewhere))
        assert_error(answer, 403, "authz.access.forbidden")
    made = parts.local.create(LINKS, link(microtenantId=parts.south), **own)
    assert made["microtenantId"] == parts.north


def test_unknown_microtenant_is_forbidden(parts: Parts) -> None:
    for place in ("12345", "-1", "9223372036854775807"):
        answer = parts.admin.get(LINKS, microtenantId=place)
        assert_error(answer, 403, "authz.access.forbidden")


def test_microtenant_that_is_no_number_is_refused(parts: Parts) -> None:
    for place in ("x", "null", "1.0", "9223372036854775808", "1 ", "٣"):
        answer = parts.admin.get(LINKS, microtenantId=place)
        assert_error(answer, 400, "invalid.resource.argument", "microtenantId")


def test_deleted_microtenant_is_forbidden_at_once(parts: Parts) -> None:
    assert parts.admin.get(LINKS, microtenantId=parts.south).status_code == 200
    assert parts.admin.delete(f"{MICROTENANTS}/{parts.south}").status_code == 204

    answer = parts.admin.get(LINKS, microtenantId=parts.south)

    assert_error(answer, 403, "authz.access.forbidden")


def test_kept_answers_belong_to_one_microtenant(parts: Parts) -> None:
    parts.admin.create(LINKS, link("Secret"), microtenantId=parts.south)
    south = {"microtenantId": parts.south}
    for _ in range(3):
        assert "Secret" in parts.admin.get(LINKS, **south).text
        assert_error(parts.local.get(LINKS, **south), 403, "authz.access.forbidden")
        assert parts.admin.names(microtenantId=parts.north) == []
