"""How many statements a call sends: the same for one row as for hundreds, and few."""

from __future__ import annotations

import time

import httpx
import pytest

from portico.services.tenancy.signing_keys import KEY_REFRESH_SECONDS
from tests.certificates import certificate_pem
from tests.contract.inside import run_inside, watched_statements
from tests.harness import (
    APPLICATIONS,
    AUPS,
    CERTIFICATES,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Server,
    create_applications,
    create_tenant,
)

ROWS = 60
SIZES = (1, 7, ROWS)
LIST_STATEMENTS = 2
"""Beside the one for the revision of the tenant, at which the access is known already."""


@pytest.fixture(scope="module")
def crowded(server: Server) -> Caller:
    """The administrator of a tenant with many of everything, every link on several portals."""
    admin = create_tenant(server).caller()
    portal_ids = [admin.create_portal(f"Portal {number}") for number in range(4)]
    for number in range(ROWS):
        admin.create(AUPS, {"name": f"Policy {number}"})
        admin.create(MICROTENANTS, {"name": f"Part {number}"})
        body = {"name": f"Certificate {number}", "certBlob": certificate_pem()}
        admin.create(CERTIFICATES, body)
    create_applications(admin, *(f"Application {number}" for number in range(ROWS)))
    links = [{"name": f"Link {number}", "link": "x.example.com"} for number in range(ROWS)]
    bulk = {"userPortalLinks": links, "userPortals": [{"id": each} for each in portal_ids]}
    admin.create(f"{LINKS}/bulk", bulk)
    for number in range(ROWS - 4):
        admin.create_portal(f"Empty portal {number}")
    return admin


def count_statements(caller: Caller, paths: list[str]) -> list[int]:
    """How many statements a GET of each path sends, after one that opens the connections."""

    async def work(client: httpx.AsyncClient) -> list[int]:
        headers = {"Authorization": f"Bearer {caller.token}"}
        counts = []
        for path in (paths[0], *paths):
            with watched_statements() as statements:
                answer = await client.get(caller.path(path), headers=headers)
            assert answer.status_code == 200, answer.text
            counts.append(len(statements))
        return counts[1:]

    return run_inside(caller.server.database, work, cache_bytes=0)


@pytest.mark.parametrize("noun", [LINKS, PORTALS, AUPS, CERTIFICATES, APPLICATIONS, MICROTENANTS])
def test_list_sends_as_many_statements_for_any_size(crowded: Caller, noun: str) -> None:
    counts = count_statements(crowded, [f"{noun}?pagesize={size}" for size in SIZES])

    assert len(set(counts)) == 1
    assert 0 < counts[0] <= LIST_STATEMENTS


def test_list_of_portal_sends_as_many_statements_for_any_size(crowded: Caller) -> None:
    portal_id = crowded.get(PORTALS, search="name EQ Portal 0").json()["list"][0]["id"]
    path = f"{LINKS}/userPortal/{portal_id}"

    counts = count_statements(crowded, [f"{path}?pagesize={size}" for size in SIZES])

    assert len(set(counts)) == 1
    assert 0 < counts[0] <= LIST_STATEMENTS


def test_search_and_order_send_no_more_statements(crowded: Caller) -> None:
    queries = (
        "search=name LIKE link",
        "search=enabled EQ false AND link ENDSWITH example.com OR id GT 1",
        "sortBy=modifiedTime&sortOrder=DESC",
        "page=2&pagesize=20",
        "page=99",
    )

    counts = count_statements(crowded, [f"{LINKS}?{query}" for query in queries])

    assert 0 < max(counts) <= LIST_STATEMENTS


def test_kept_list_sends_no_statement_after_its_token_was_verified_anew(crowded: Caller) -> None:
    """But the one for the revision, which the driver takes as it is."""
    ahead = 0.0

    async def work(client: httpx.AsyncClient) -> list[int]:
        nonlocal ahead
        headers = {"Authorization": f"Bearer {crowded.token}"}
        counts = []
        for moment in (0.0, 0.0, KEY_REFRESH_SECONDS + 1.0, KEY_REFRESH_SECONDS + 1.0):
            ahead = moment
            with watched_statements() as statements:
                answer = await client.get(crowded.path(LINKS), headers=headers)
            assert answer.status_code == 200, answer.text
            counts.append(len(statements))
        return counts

    counts = run_inside(crowded.server.database, work, monotonic=lambda: time.monotonic() + ahead)

    assert [count > 0 for count in counts] == [True, False, True, False]


def test_single_read_sends_few_statements(crowded: Caller) -> None:
    link = crowded.get(LINKS, pagesize=1).json()["list"][0]
    portal = crowded.get(PORTALS, pagesize=1).json()["list"][0]

    counts = count_statements(crowded, [f"{LINKS}/{link['id']}", f"{PORTALS}/{portal['id']}"])

    assert 0 < max(counts) <= LIST_STATEMENTS


def test_summary_sends_as_many_statements_for_any_number(crowded: Caller, admin: Caller) -> None:
    many = count_statements(crowded, [f"{MICROTENANTS}/summary"])
    one = count_statements(admin, [f"{MICROTENANTS}/summary"])

    assert many == one


def test_bulk_sends_as_many_statements_for_any_size(admin: Caller) -> None:
    portal_id = admin.create_portal()
    headers = {"Authorization": f"Bearer {admin.token}"}

    async def work(client: httpx.AsyncClient) -> list[int]:
        counts = []
        for size in (1, 2, 200):
            links = [
                {"name": f"{size} {number}", "link": "x.example.com"} for number in range(size)
            ]
            body = {"userPortalLinks": links, "userPortals": [{"id": portal_id}]}
            with watched_statements() as statements:
                answer = await client.post(admin.path(f"{LINKS}/bulk"), json=body, headers=headers)
            assert answer.status_code == 201, answer.text
            counts.append(len(statements))
        return counts

    counts = run_inside(admin.server.database, work)

    assert len(set(counts[1:])) == 1
    assert 1 < counts[2] <= 12


def test_repeated_read_sends_one_small_query_at_most(admin: Caller) -> None:
    admin.create_link("Wiki", userPortals=[{"id": admin.create_portal()}])
    headers = {"Authorization": f"Bearer {admin.token}"}

    async def work(client: httpx.AsyncClient) -> tuple[int, int]:
        with watched_statements() as first:
            await client.get(admin.path(LINKS), headers=headers)
        with watched_statements() as again:
            answer = await client.get(admin.path(LINKS), headers=headers)
        assert answer.json()["totalCount"] == "1"
        return len(first), len(again)

    first, again = run_inside(admin.server.database, work)

    assert first > 1
    assert again <= 1
