"""Microtenants: order with Default last, summary, both search bodies, authentication domains."""

from __future__ import annotations

import pytest

from portico.domain.tenancy.identity import Role
from tests.harness import (
    AUPS,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Server,
    Tenant,
    assert_error,
    create_tenant,
)
from tests.http.bodies import Body, link, total

STAMPS = {"id", "modifiedTime", "creationTime", "modifiedBy"}
SUMMARY = f"{MICROTENANTS}/summary"
SEARCH = f"{MICROTENANTS}/search"
DEFAULT = {"id": "0", "name": "Default", "enabled": True}


def create(caller: Caller, name: str, **fields: object) -> Body:
    """A new microtenant."""
    return caller.create(MICROTENANTS, {"name": name, "enabled": True, **fields})


def test_default_is_there_from_the_start(admin: Caller) -> None:
    body = admin.get(MICROTENANTS).json()
    (default,) = body["list"]

    assert (body["totalPages"], body["totalCount"]) == ("1", "1")
    assert default == admin.get(f"{MICROTENANTS}/0").json()
    assert default.items() >= DEFAULT.items()
    assert default["description"]
    assert not STAMPS - {"id"} & set(default)
    assert not {"criteriaAttribute", "criteriaAttributeValues"} & set(default)


def test_created_microtenant_has_the_recorded_shape(admin: Caller) -> None:
    made = create(admin, "North", description="Plant", privilegedApprovalsEnabled=True)
    read = admin.get(f"{MICROTENANTS}/{made['id']}").json()

    assert set(made) == STAMPS | {
        "name",
        "description",
        "enabled",
        "operator",
        "privilegedApprovalsEnabled",
    }
    assert made["operator"] == "OR"
    assert read == made | {"scopeOrder": "1"}


def test_list_goes_by_precedence_with_default_last(admin: Caller) -> None:
    for name in ("Zulu", "Alpha", "Mike"):
        create(admin, name)

    expected = ["Zulu", "Alpha", "Mike", "Default"]
    assert admin.names(MICROTENANTS) == expected
    assert [each["name"] for each in admin.get(SUMMARY).json()] == expected
    assert admin.names(MICROTENANTS, pagesize=2, page=2) == ["Mike", "Default"]
    assert admin.names(MICROTENANTS, sortBy="name") == ["Alpha", "Default", "Mike", "Zulu"]
    orders = [each["scopeOrder"] for each in admin.get(MICROTENANTS).json()["list"]]
    assert orders == ["1", "2", "3", "4"]


def test_default_has_the_recorded_shape(admin: Caller) -> None:
    create(admin, "North")
    listed = admin.get(MICROTENANTS).json()["list"][-1]
    found = admin.post(SEARCH, {"filterBy": [{"filterName": "name", "values": ["Default"]}]})

    assert listed == DEFAULT | {
        "description": listed["description"],
        "operator": "OR",
        "privilegedApprovalsEnabled": True,
        "scopeOrder": "2",
    }
    assert admin.get(f"{MICROTENANTS}/0").json() == listed
    assert found.json()["list"] == [listed]
    assert admin.names(MICROTENANTS, search="scopeOrder EQ 2") == ["Default"]


def test_default_stays_last_after_deletions(admin: Caller) -> None:
    first, second = create(admin, "North")["id"], create(admin, "South")["id"]
    for each in (first, second):
        admin.delete(f"{MICROTENANTS}/{each}")
    create(admin, "West")

    listed = admin.get(MICROTENANTS).json()["list"]
    assert [each["name"] for each in listed] == ["West", "Default"]
    assert int(listed[0]["scopeOrder"]) < int(listed[1]["scopeOrder"])


def test_summary_is_a_bare_array(admin: Caller) -> None:
    made = create(admin, "North")
    admin.create(MICROTENANTS, {"name": "Off"})
    body = admin.get(SUMMARY).json()

    assert body[0] == {"id": made["id"], "name": "North", "enabled": True}
    assert body[1]["enabled"] is False
    assert body[2] == DEFAULT


def test_put_replaces_everything_but_the_precedence(admin: Caller) -> None:
    made = create(admin, "North", description="Plant", privilegedApprovalsEnabled=True)
    path = f"{MICROTENANTS}/{made['id']}"
    create(admin, "South")

    answer = admin.put(path, {"name": "North East", "enabled": False})

    assert answer.status_code == 204
    read = admin.get(path).json()
    assert set(read) == set(made) - {"description"} | {"scopeOrder"}
    assert read["name"] == "North East"
    assert read["enabled"] is False
    assert read["scopeOrder"] == "1"


def test_renamed_microtenant_shows_in_its_objects(admin: Caller) -> None:
    made = create(admin, "Before")
    place = {"microtenantId": made["id"]}
    path = f"{LINKS}/{admin.create(LINKS, link(), **place)['id']}"
    assert admin.get(path, **place).json()["microtenantName"] == "Before"

    admin.put(f"{MICROTENANTS}/{made['id']}", {"name": "After"})

    assert admin.get(path, **place).json()["microtenantName"] == "After"


def test_default_cannot_be_changed(admin: Caller) -> None:
    path = f"{MICROTENANTS}/0"

    assert_error(admin.put(path, {"name": "Mine"}), 400, "invalid.resource.argument", "id")
    assert_error(admin.delete(path), 400, "invalid.resource.argument", "id")
    assert admin.names(MICROTENANTS) == ["Default"]


def test_name_is_taken_whatever_its_case(admin: Caller) -> None:
    made = create(admin, "North")
    for name in ("NORTH", "default", " Default "):
        answer = admin.post(MICROTENANTS, {"name": name})
        assert_error(answer, 400, "resource.already.exist", name.strip())

    other = create(admin, "Other")["id"]
    renamed = admin.put(f"{MICROTENANTS}/{other}", {"name": "north"})
    assert_error(renamed, 400, "resource.already.exist", "north")
    same = admin.put(f"{MICROTENANTS}/{made['id']}", {"name": "NORTH"})
    assert same.status_code == 204


@pytest.mark.parametrize(
    ("noun", "kind", "body"),
    [
        (LINKS, "userPortalLink", link("Owned")),
        (PORTALS, "userPortal", {"name": "Owned"}),
        (AUPS, "userPortalAup", {"name": "Owned"}),
    ],
)
def test_owner_of_something_stays(admin: Caller, noun: str, kind: str, body: Body) -> None:
    microtenant_id = create(admin, "North")["id"]
    place = {"microtenantId": microtenant_id}
    owned = admin.create(noun, body, **place)["id"]
    path = f"{MICROTENANTS}/{microtenant_id}"

    assert_error(admin.delete(path), 400, "resource.referenced", kind, "Owned")

    admin.delete(f"{noun}/{owned}", **place)
    assert admin.delete(path).status_code == 204
    assert_error(admin.get(path), 404, "resource.not.found", microtenant_id)


def test_home_of_a_client_stays(tenant: Tenant, admin: Caller) -> None:
    microtenant_id = create(admin, "North")["id"]
    client = tenant.credentials(role=Role.VIEWER, microtenant_id=microtenant_id)
    path = f"{MICROTENANTS}/{microtenant_id}"

    answer = admin.delete(path)

    assert_error(answer, 400, "resource.referenced", "apiClient", "viewer client")
    tenant.revoke(client)
    assert admin.delete(path).status_code == 204


def test_microtenants_are_managed_from_default(tenant: Tenant, admin: Caller) -> None:
    north = create(admin, "North")["id"]
    local = tenant.caller(microtenant_id=north)
    for caller in (admin, local):
        inside = {"microtenantId": north}
        for answer in (
            caller.post(MICROTENANTS, {"name": "South"}, **inside),
            caller.put(f"{MICROTENANTS}/{north}", {"name": "South"}, **inside),
            caller.delete(f"{MICROTENANTS}/{north}", **inside),
        ):
            assert_error(answer, 403, "authz.access.forbidden")

    assert admin.names(MICROTENANTS) == ["North", "Default"]


def test_confined_client_sees_its_own_alone(tenant: Tenant, admin: Caller) -> None:
    north, south = create(admin, "North")["id"], create(admin, "South")["id"]
    local = tenant.caller(microtenant_id=north)
    own = {"microtenantId": north}

    assert local.names(MICROTENANTS, **own) == ["North"]
    assert [each["name"] for each in local.get(SUMMARY, **own).json()] == ["North"]
    assert local.post(SEARCH, {}, **own).json()["totalCount"] == "1"
    assert local.get(f"{MICROTENANTS}/{north}", **own).status_code == 200
    for hidden in (south, "0"):
        answer = local.get(f"{MICROTENANTS}/{hidden}", **own)
        assert_error(answer, 404, "resource.not.found", hidden)


@pytest.fixture
def owner(server: Server) -> Caller:
    """The administrator of a tenant that has authentication domains."""
    return create_tenant(server, "example.com", "example.org").caller()


def test_domains_of_the_tenant_are_listed(owner: Caller, admin: Caller) -> None:
    assert owner.get("authDomains").json() == {"authDomains": ["example.com", "example.org"]}
    assert admin.get("authDomains").json() == {"authDomains": []}


def test_domain_belongs_to_the_tenant_and_to_one_microtenant(owner: Caller) -> None:
    criteria = {"criteriaAttribute": "AuthDomain", "criteriaAttributeValues": ["example.com"]}
    made = create(owner, "North", **criteria)
    path = f"{MICROTENANTS}/{made['id']}"
    foreign = {"name": "X", "criteriaAttributeValues": ["example.org", "example.net"]}
    taken = {"name": "X", "criteriaAttributeValues": ["EXAMPLE.com"]}

    assert made["criteriaAttribute"] == "AuthDomain"
    assert made["criteriaAttributeValues"] == ["example.com"]
    code = "domains.does.not.belong.to.customer"
    assert_error(owner.post(MICROTENANTS, foreign), 400, code, "example.net")
    code = "domains.already.exists.in.other.microtenant"
    assert_error(owner.post(MICROTENANTS, taken), 400, code, "EXAMPLE.com")
    assert owner.put(path, {"name": "North", **criteria}).status_code == 204
    assert owner.put(path, {"name": "North"}).status_code == 204
    assert create(owner, "South", **criteria)
    assert_error(owner.put(path, {"name": "North", **criteria}), 400, code, "example.com")


def test_bad_value_is_named(resident: Caller) -> None:
    bad: tuple[tuple[str, object], ...] = (
        ("name", ""),
        ("name", "n" * 256),
        ("description", "d" * 2_001),
        ("criteriaAttribute", "Group"),
        ("criteriaAttributeValues", [""]),
        ("criteriaAttributeValues", ["d" * 256]),
        ("enabled", "true"),
        ("privilegedApprovalsEnabled", 1),
    )
    for field, value in bad:
        answer = resident.post(MICROTENANTS, {"name": "North", field: value})

        assert field in assert_error(answer, 400, "invalid.resource.argument", field)
    for values, place in (("example.com", ""), ([1], "[0]")):
        answer = resident.post(MICROTENANTS, {"name": "N", "criteriaAttributeValues": values})
        named = f"criteriaAttributeValues{place}"
        assert_error(answer, 400, "invalid.resource.argument", named)
    assert total(resident, MICROTENANTS) == 1
