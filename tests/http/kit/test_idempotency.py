"""Idempotency-Key: a repeated creation is answered again, once made; misuse is named."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.harness import AUPS, LINKS, MICROTENANTS, PORTALS, Caller, Tenant, assert_error
from tests.http.bodies import BULK, link, links, total

BODIES: dict[str, Any] = {
    LINKS: link(),
    BULK: links(3),
    PORTALS: {"name": "Staff"},
    AUPS: {"name": "Rules"},
    MICROTENANTS: {"name": "North"},
}


def create(
    caller: Caller, path: str, body: object, key: str, *, prefix: str = "", **parameters: str
) -> httpx.Response:
    """A POST under a key."""
    headers = {"Idempotency-Key": key}
    return caller.call("POST", path, json=body, headers=headers, prefix=prefix, params=parameters)


@pytest.mark.parametrize("path", BODIES)
def test_repeated_creation_is_answered_again(admin: Caller, path: str) -> None:
    noun = path.removesuffix("/bulk")
    first = create(admin, path, BODIES[path], "k")
    count = total(admin, noun)
    again = [create(admin, path, BODIES[path], "k") for _ in range(2)]

    assert first.status_code == 201
    for answer in again:
        assert answer.status_code == 201
        assert answer.content == first.content
        assert answer.headers["content-type"] == first.headers["content-type"]
    assert total(admin, noun) == count


def test_answer_is_the_first_one_also_after_a_change(admin: Caller) -> None:
    first = create(admin, LINKS, link(), "k").json()
    admin.put(f"{LINKS}/{first['id']}", link("Changed"))
    assert create(admin, LINKS, link(), "k").json() == first

    admin.delete(f"{LINKS}/{first['id']}")

    assert create(admin, LINKS, link(), "k").json() == first
    assert total(admin) == 0


def test_stored_bulk_is_answered_in_the_form_that_the_client_reads(admin: Caller) -> None:
    key = {"Idempotency-Key": "k"}
    python = key | {"User-Agent": "zscaler-sdk-python/1.11.3 python/3.11.2 Linux/6.1"}
    go = key | {"User-Agent": "zscaler-sdk-go/3.8.33"}

    first, again, last = [
        admin.call("POST", BULK, json=links(3), headers=headers) for headers in (python, go, python)
    ]

    assert [each.status_code for each in (first, again, last)] == [201, 201, 201]
    assert set(again.json()) == {"userPortalLinks", "userPortals"}
    assert first.json() == last.json() == [again.json()]
    assert total(admin) == 3


def test_other_prefix_and_slash_are_the_same_request(admin: Caller) -> None:
    first = create(admin, LINKS, link(), "k").json()

    assert create(admin, LINKS, link(), "k", prefix="/zpa").json() == first
    assert create(admin, f"{LINKS}/", link(), "k").json() == first
    assert total(admin) == 1


def test_key_of_another_request_is_refused(admin: Caller) -> None:
    north = admin.create(MICROTENANTS, {"name": "North"})["id"]
    create(admin, LINKS, link(), "k")
    others = [
        create(admin, LINKS, link("Another"), "k"),
        create(admin, PORTALS, link(), "k"),
        create(admin, BULK, [link()], "k"),
        create(admin, LINKS, link(), "k", microtenantId=north),
    ]

    for answer in others:
        reason = assert_error(answer, 400, "invalid.resource.argument", "Idempotency-Key")
        assert "another request" in reason
    assert total(admin) == 1
    assert total(admin, PORTALS) == 0
    assert total(admin, microtenantId=north) == 0


def test_keys_belong_to_one_client(tenant: Tenant, admin: Caller) -> None:
    colleague = tenant.caller()
    create(admin, LINKS, link(), "k")

    answer = create(colleague, LINKS, link("Another"), "k")

    assert answer.status_code == 201
    assert total(admin) == 2


def test_refused_creation_does_not_use_its_key_up(admin: Caller) -> None:
    holder = admin.create_link("Wiki")
    refused = create(admin, LINKS, link("Wiki"), "k")
    assert_error(refused, 400, "resource.already.exist", "Wiki")
    admin.delete(f"{LINKS}/{holder}")

    assert create(admin, LINKS, link("Wiki"), "k").status_code == 201
    assert create(admin, LINKS, link("Wiki"), "k").status_code == 201
    assert total(admin) == 1


@pytest.mark.one_database
@pytest.mark.parametrize("key", ["", "k" * 256, "k" * 5_000])
def test_key_of_a_wrong_length_is_refused(admin: Caller, key: str) -> None:
    answer = create(admin, LINKS, link(), key)

    assert_error(answer, 400, "invalid.resource.argument", "Idempotency-Key")
    assert total(admin) == 0


@pytest.mark.parametrize("key", ["k" * 255, "a b", '"quoted"', "é", "k' OR '1'='1"])
def test_key_may_be_any_text(admin: Caller, key: str) -> None:
    headers = {b"idempotency-key": key.encode("latin-1")}
    bearer = {b"authorization": f"Bearer {admin.token}".encode()}
    answers = [
        admin.http.post(admin.path(LINKS), json=link(), headers=headers | bearer) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert total(admin) == 1


def test_keys_differ_by_case(admin: Caller) -> None:
    create(admin, LINKS, link("A"), "key")
    create(admin, LINKS, link("B"), "KEY")

    assert total(admin) == 2


def test_concurrent_creations_under_one_key_make_one(admin: Caller) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: create(admin, LINKS, link(), "same"), range(16)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert total(admin) == 1


def test_concurrent_creations_of_one_name_make_one(admin: Caller) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: admin.post(LINKS, link()), range(16)))
    made = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code == 400]

    assert len(made) == 1
    assert len(refused) == 15
    for answer in refused:
        assert_error(answer, 400, "resource.already.exist", "Wiki")
    assert total(admin) == 1


@pytest.mark.one_database
def test_key_on_other_methods_is_ignored(admin: Caller) -> None:
    path = f"{LINKS}/{admin.create_link()}"
    headers = {"Idempotency-Key": "k"}

    assert admin.call("GET", path, headers=headers).status_code == 200
    for name in ("A", "B"):
        assert admin.call("PUT", path, json=link(name), headers=headers).status_code == 204
    assert admin.names() == ["B"]
    assert admin.call("DELETE", path, headers=headers).status_code == 204
