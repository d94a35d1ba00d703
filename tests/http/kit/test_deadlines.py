"""Expensive searches: refused by their limits, stopped in time, and in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest

from tests.harness import (
    LINKS,
    MICROTENANTS,
    Caller,
    Server,
    Tenant,
    assert_error,
    create_tenant,
    served,
)
from tests.http.bodies import create_bulk, link

ICON = "a" * 128 * 1024
SEARCHES_AT_ONCE = 16
MORE_SEARCHES = 48
"""Enough that some wait in vain even on a machine that is slow to receive them."""

EXPENSIVE = " OR ".join(f"description LIKE {'a' * 230}{number:02}" for number in range(16))
"""A search for text that the descriptions below hold nearly at each of their letters."""


@pytest.fixture(scope="module")
def hasty(
    server: Server, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server whose reads may take 100 milliseconds."""
    log = tmp_path_factory.mktemp("hasty") / "server.log"
    with served(database_url, log, "--read-timeout", "100") as running:
        yield running


@pytest.fixture(scope="module")
def crowd(server: Server) -> Caller:
    """The administrator of a tenant with links whose descriptions take long to look through."""
    admin = create_tenant(server).caller()
    for start in range(0, 2_000, 500):
        create_bulk(admin, [link(f"Link {start + n}", description="a" * 2_000) for n in range(500)])
    return admin


def search_many_times(
    caller: Caller, threads: ThreadPoolExecutor, times: int = SEARCHES_AT_ONCE
) -> list[Future[httpx.Response]]:
    """Sends the expensive search many times at once."""
    return [
        threads.submit(caller.get, LINKS, search=EXPENSIVE, page=1 + number)
        for number in range(times)
    ]


def test_search_in_icons_is_refused_at_once(admin: Caller) -> None:
    for start in range(0, 76, 38):
        create_bulk(admin, [link(f"Link {start + n}", iconText=ICON) for n in range(38)])

    answer = admin.get(LINKS, search="iconText LIKE " + "a" * 4_000)

    assert_error(answer, 400, "filtering.input.invalid.field", "iconText")


def test_search_that_is_too_expensive_is_a_400(crowd: Caller, hasty: Server) -> None:
    caller = Caller(hasty, crowd.customer_id, crowd.credentials)

    reason = assert_error(caller.get(LINKS, search=EXPENSIVE), 400, "filtering.input.too.expensive")

    assert "after 0.1 seconds" in reason
    assert "Narrow it" in reason
    assert caller.names(search="name EQ Link 7") == ["Link 7"]
    assert caller.get(MICROTENANTS).status_code == 200


def test_search_that_waits_in_vain_is_a_503(crowd: Caller, hasty: Server) -> None:
    caller = Caller(hasty, crowd.customer_id, crowd.credentials)
    with ThreadPoolExecutor(MORE_SEARCHES) as threads:
        answers = [each.result() for each in search_many_times(caller, threads, MORE_SEARCHES)]

    assert {each.status_code for each in answers} == {400, 503}
    for answer in answers:
        if answer.status_code == 503:
            reason = assert_error(answer, 503, "retryable.server.error")
            assert answer.headers["retry-after"] == "5s"
            assert "Try again" in reason


def test_server_answers_others_while_a_tenant_searches(crowd: Caller, server: Server) -> None:
    other = Tenant(server, crowd.customer_id).caller()
    with (
        ThreadPoolExecutor(SEARCHES_AT_ONCE) as threads,
        httpx.Client(base_url=server.url, timeout=30) as elsewhere,
    ):
        searches = search_many_times(crowd, threads)
        healthy = 0
        while not all(each.done() for each in searches):
            assert elsewhere.get("/healthz").status_code == 200
            assert other.get(LINKS, pagesize=1).status_code == 200
            healthy += 1

    assert healthy > SEARCHES_AT_ONCE
    assert {each.result().status_code for each in searches} <= {200, 400, 503}
