"""Acceptable use policies: seven fields that come back byte for byte, all of them optional."""

from __future__ import annotations

import pytest

from tests.harness import AUPS, Caller, assert_error
from tests.http.bodies import Body, total

STAMPS = {"id", "modifiedTime", "creationTime", "modifiedBy"}
FULL: Body = {
    "name": "House rules",
    "description": "For everyone",
    "enabled": True,
    "aup": "# Rules\r\n\n* Be kind.\t<b>&amp;</b>  \n",
    "email": "it@example.com",
    "phoneNum": "+1 123-1458",
}


def test_policy_reads_back_byte_for_byte(admin: Caller) -> None:
    made = admin.create(AUPS, FULL)
    read = admin.get(f"{AUPS}/{made['id']}").json()
    (listed,) = admin.get(AUPS).json()["list"]

    assert set(made) == STAMPS | set(FULL)
    assert made.items() >= FULL.items()
    assert read == made | {"microtenantName": "Default"}
    assert listed == read


def test_every_field_is_optional(admin: Caller) -> None:
    for _ in range(2):
        made = admin.create(AUPS, {})

        assert set(made) == STAMPS | {"enabled"}
        assert made["enabled"] is False
    assert total(admin, AUPS) == 2


def test_put_replaces_everything(admin: Caller) -> None:
    path = f"{AUPS}/{admin.create(AUPS, FULL)['id']}"

    answer = admin.put(path, {"aup": "New"})

    assert answer.status_code == 204
    read = admin.get(path).json()
    assert set(read) == STAMPS | {"enabled", "aup", "microtenantName"}
    assert read["aup"] == "New"
    assert read["enabled"] is False


def test_put_takes_what_get_gave(admin: Caller) -> None:
    path = f"{AUPS}/{admin.create(AUPS, FULL)['id']}"
    before = admin.get(path).json()

    assert admin.put(path, before).status_code == 204

    after = admin.get(path).json()
    assert after | {"modifiedTime": before["modifiedTime"]} == before


def test_delete_is_final(admin: Caller) -> None:
    aup_id = admin.create(AUPS, FULL)["id"]
    path = f"{AUPS}/{aup_id}"

    assert admin.delete(path).status_code == 204
    for answer in (admin.get(path), admin.put(path, FULL), admin.delete(path)):
        assert_error(answer, 404, "resource.not.found", aup_id)
    assert total(admin, AUPS) == 0


def test_name_that_is_there_is_a_key(admin: Caller) -> None:
    admin.create(AUPS, {"name": "Rules"})
    nameless = admin.create(AUPS, {})["id"]

    answers = [
        admin.post(AUPS, {"name": "RULES"}),
        admin.put(f"{AUPS}/{nameless}", {"name": "rules"}),
    ]

    for answer in answers:
        assert answer.status_code == 400
        assert answer.json()["id"] == "resource.already.exist"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "n" * 256),
        ("description", "d" * 2_001),
        ("aup", "a" * 65_537),
        ("email", "e" * 256),
        ("phoneNum", "1" * 256),
        ("phoneNum", "1\n2"),
        ("enabled", "yes"),
        ("aup", ["text"]),
    ],
)
def test_bad_value_is_named(resident: Caller, field: str, value: object) -> None:
    answer = resident.post(AUPS, {field: value})

    assert field in assert_error(answer, 400, "invalid.resource.argument", field)
    assert total(resident, AUPS) == 0


def test_search_knows_every_field(admin: Caller) -> None:
    admin.create(AUPS, FULL)
    admin.create(AUPS, {"name": "Other"})
    searches = (
        "House",
        "description LIKE everyone",
        "aup LIKE be kind",
        "email EQ IT@example.com",
        "phoneNum STARTSWITH +1 123",
        "enabled EQ true",
    )

    for search in searches:
        assert admin.names(AUPS, search=search) == ["House rules"], search


def test_path_is_lower_case(admin: Caller) -> None:
    assert admin.get("userportal/aup").status_code == 200
    assert admin.get("userPortal/aup").status_code == 400
    for path in ("userportal/AUP", "userportal"):
        assert admin.get(path).json()["id"] == "portico.operation.unknown"
