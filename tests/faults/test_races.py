"""Many writers at the same moment, in two processes, on both databases."""

from __future__ import annotations

from collections import Counter

import httpx

from tests.faults.trouble import at_once
from tests.harness import LINKS, PORTALS, Caller, assert_error


def test_one_name_is_created_once(admin: Caller, elsewhere: Caller) -> None:
    callers = [admin, elsewhere]

    def create(number: int) -> httpx.Response:
        name = "Wiki" if number % 3 else "WIKI"
        return callers[number % 2].post(LINKS, {"name": name, "link": "wiki.example.com"})

    answers = at_once(20, create)

    assert Counter(each.status_code for each in answers) == {201: 1, 400: 19}
    for answer in answers:
        if answer.status_code == 400:
            assert answer.json()["id"] == "resource.already.exist"
            assert answer.json()["params"][0].lower() == "wiki"
    assert len(admin.names()) == 1


def test_eighty_updates_of_one_link_all_succeed(admin: Caller, elsewhere: Caller) -> None:
    portals = [admin.create_portal("One"), admin.create_portal("Two")]
    made = admin.create_link("Wiki")
    callers = [admin, elsewhere]

    def update(number: int) -> int:
        body = {
            "name": "Wiki",
            "link": f"wiki{number}.example.com",
            "description": f"Version {number}",
            "userPortals": [{"id": portals[number % 2]}],
        }
        return callers[number % 2].put(f"{LINKS}/{made}", body).status_code

    statuses = at_once(80, update)
    after = admin.get(f"{LINKS}/{made}").json()
    winner = int(after["description"].removeprefix("Version "))

    assert statuses == [204] * 80
    assert after["link"] == f"wiki{winner}.example.com"
    assert [each["id"] for each in after["userPortals"]] == [portals[winner % 2]]


def test_one_idempotency_key_creates_once(admin: Caller, elsewhere: Caller) -> None:
    callers = [admin, elsewhere]
    headers = {"Idempotency-Key": "the same for all"}

    def create(number: int) -> httpx.Response:
        body = {"name": "Wiki", "link": "wiki.example.com"}
        return callers[number % 2].call("POST", LINKS, json=body, headers=headers)

    answers = at_once(16, create)

    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert admin.names() == ["Wiki"]


def test_one_version_is_replaced_once(admin: Caller, elsewhere: Caller) -> None:
    """If-Match with one tag from many writers: no update is lost."""
    made = admin.create_link("Wiki")
    tag = admin.get(f"{LINKS}/{made}").headers["etag"]
    callers = [admin, elsewhere]

    def update(number: int) -> httpx.Response:
        body = {"name": "Wiki", "link": "wiki.example.com", "description": f"By {number}"}
        return callers[number % 2].call(
            "PUT", f"{LINKS}/{made}", json=body, headers={"If-Match": tag}
        )

    answers = at_once(12, update)
    winners = [number for number, each in enumerate(answers) if each.status_code == 204]

    assert Counter(each.status_code for each in answers) == {204: 1, 409: 11}
    assert admin.get(f"{LINKS}/{made}").json()["description"] == f"By {winners[0]}"
    for answer in answers:
        if answer.status_code == 409:
            assert_error(answer, 409, "api.concurrent.access.error", "userPortalLink")


def test_portal_takes_no_more_than_its_limit(admin: Caller, elsewhere: Caller) -> None:
    portal_id = admin.create_portal()
    entries = [{"name": f"Link {number}", "link": "x.example.com"} for number in range(495)]
    admin.create(f"{LINKS}/bulk", {"userPortalLinks": entries, "userPortals": [{"id": portal_id}]})
    callers = [admin, elsewhere]

    def create(number: int) -> httpx.Response:
        body = {"name": f"Late {number}", "link": "x.example.com", "userPortalId": portal_id}
        return callers[number % 2].post(LINKS, body)

    answers = at_once(16, create)

    assert Counter(each.status_code for each in answers) == {201: 5, 400: 11}
    for answer in answers:
        if answer.status_code == 400:
            assert_error(answer, 400, "portal.link.limit.exceeded", portal_id)
    assert admin.get(f"{LINKS}/userPortal/{portal_id}").json()["totalCount"] == "500"


def test_portal_never_goes_from_under_a_link(admin: Caller, elsewhere: Caller) -> None:
    for number in range(10):
        portal_id = admin.create_portal(f"Portal {number}")
        body = {"name": f"Link {number}", "link": "x.example.com", "userPortalId": portal_id}

        def race(
            side: int, portal_id: str = portal_id, body: dict[str, str] = body
        ) -> httpx.Response:
            if side:
                return elsewhere.delete(f"{PORTALS}/{portal_id}")
            return admin.post(LINKS, body)

        created, deleted = at_once(2, race)

        if created.status_code == 201:
            assert_error(deleted, 400, "resource.referenced", "userPortalLink", f"Link {number}")
            link = admin.get(f"{LINKS}/{created.json()['id']}").json()
            assert [each["id"] for each in link["userPortals"]] == [portal_id]
        else:
            assert_error(created, 400, "resource.not.found", portal_id)
            assert deleted.status_code == 204


def test_bulks_of_the_same_names_never_mix(admin: Caller, elsewhere: Caller) -> None:
    callers = [admin, elsewhere]

    def create(number: int) -> httpx.Response:
        entries = [
            {"name": f"Link {position}", "link": f"by{number}.example.com"}
            for position in range(20)
        ]
        # Each writer in another order: whoever locked row by row would deadlock.
        ordered = entries if number % 2 else entries[::-1]
        return callers[number % 2].post(f"{LINKS}/bulk", {"userPortalLinks": ordered})

    answers = at_once(8, create)
    stored = admin.get(LINKS, pagesize=100).json()["list"]

    assert Counter(each.status_code for each in answers) == {201: 1, 400: 7}
    assert len(stored) == 20
    assert len({each["link"] for each in stored}) == 1
