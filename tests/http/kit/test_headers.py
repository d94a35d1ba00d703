"""Headers of every answer: transaction ids, rate limits, hardening, and the packed form."""

from __future__ import annotations

import gzip
import json
import re
import time
import uuid
from itertools import pairwise

import httpx
import pytest

from portico.domain.audit import AuditEntry, AuditFilter
from portico.domain.records import Scope
from portico.storage.audit.log import AuditLog
from portico.storage.engine.connections import Database
from tests.harness import LINKS, PORTALS, Caller, Server, with_database
from tests.http.bodies import create_bulk, link, links
from tests.http.clients import ask_me

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def stocked(resident: Caller) -> Caller:
    """The shared tenant's administrator, with enough links for a long list."""
    create_bulk(resident, links(50))
    return resident


def fetch(caller: Caller, path: str, accepted: str) -> tuple[httpx.Headers, bytes]:
    """The headers of a GET and the bytes that came, not unpacked."""
    headers = {"Authorization": f"Bearer {caller.token}", "Accept-Encoding": accepted}
    with caller.http.stream("GET", caller.path(path), headers=headers) as answer:
        return answer.headers, b"".join(answer.iter_raw())


def every_answer(caller: Caller, **headers: str) -> list[httpx.Response]:
    """Answers of many kinds: successes, refusals, pages, unknown paths."""
    return [
        caller.call("GET", LINKS, headers=headers),
        caller.call("GET", LINKS, headers=headers),
        caller.call("GET", f"{LINKS}/12345", headers=headers),
        caller.call("POST", LINKS, json={}, headers=headers),
        caller.call("PATCH", LINKS, headers=headers),
        caller.call("GET", LINKS, headers={**headers, "If-None-Match": "*"}),
        caller.http.get("/healthz", headers=headers),
        caller.http.get("/nowhere", headers=headers),
        caller.http.get("/docs/", headers=headers),
        caller.http.post("/signin", headers=headers),
    ]


def test_transaction_id_is_echoed(stocked: Caller) -> None:
    for wanted in ("a", "7f3e-1", "A.b_c:d-9", "x" * 128, str(uuid.uuid4())):
        for answer in every_answer(stocked, **{"x-transaction-id": wanted}):
            assert answer.headers["x-transaction-id"] == wanted


@pytest.mark.parametrize("odd", ["", "a b", "x" * 129, "<script>", 'a"b', "a;b", "a,b"])
def test_odd_transaction_id_is_replaced(stocked: Caller, odd: str) -> None:
    for answer in every_answer(stocked, **{"x-transaction-id": odd}):
        uuid.UUID(answer.headers["x-transaction-id"])


def test_each_request_has_an_id_of_its_own_in_log_and_audit(admin: Caller) -> None:
    sent = {"x-transaction-id": f"run-{admin.customer_id}"}
    names = ("First", "Second")
    for name in names:
        body = {"name": name, "link": "x.example"}
        assert admin.call("POST", LINKS, json=body, headers=sent).status_code == 201

    entries = [each for each in audited(admin) if each.object_name in names]
    assert [each.client_transaction_id for each in entries] == [sent["x-transaction-id"]] * 2
    own = {each.transaction_id for each in entries}
    assert len(own) == 2
    assert sent["x-transaction-id"] not in own
    logged = access_lines(admin.server, sent["x-transaction-id"], 2)
    assert {each["transactionId"] for each in logged} == own


def audited(caller: Caller) -> list[AuditEntry]:
    """The tenant's audit entries, newest first."""

    async def read(database: Database) -> list[AuditEntry]:
        async with database.read() as connection:
            log = AuditLog(connection, Scope(customer_id=int(caller.customer_id)), everywhere=True)
            return await log.page(AuditFilter(), before_id=None, limit=50)

    return with_database(caller.server.database, read)


def access_lines(server: Server, client_transaction_id: str, count: int) -> list[dict[str, str]]:
    """The access-log lines of requests with that id, once so many are written."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
        found = [
            line
            for line in map(json.loads, lines)
            if line.get("clientTransactionId") == client_transaction_id
        ]
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError("The access log has no such lines.")


def test_transaction_ids_differ(stocked: Caller) -> None:
    made = [answer.headers["x-transaction-id"] for answer in every_answer(stocked)]

    assert len(set(made)) == len(made)


def test_every_answer_is_hardened(stocked: Caller) -> None:
    for answer in every_answer(stocked):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"


def test_data_is_not_to_be_stored(stocked: Caller) -> None:
    made = stocked.create_link("Cached?")
    answers = [
        stocked.get(LINKS),
        stocked.get(LINKS),
        stocked.call("GET", LINKS, headers={"If-None-Match": "*"}),
        stocked.put(f"{LINKS}/{made}", link("Cached!")),
        stocked.delete(f"{LINKS}/{made}"),
        stocked.get(f"{LINKS}/{made}"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 304, 204, 204, 404]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_rate_is_told(stocked: Caller) -> None:
    answers = [stocked.get(LINKS), stocked.get(LINKS), stocked.get(f"{LINKS}/1")]
    answers.append(stocked.post(LINKS, {}))
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers]
    steps = [before - after for before, after in pairwise(left)]

    for answer in answers:
        assert answer.headers["x-ratelimit-limit"] == "5000, 5000;w=60"
        assert 0 < int(answer.headers["x-ratelimit-reset"]) <= 60
    assert all(0 <= each < 5_000 for each in left)
    # One step may cross into the next minute.
    assert steps.count(1) >= len(steps) - 1


def test_rate_is_not_told_to_strangers(stocked: Caller) -> None:
    public = [stocked.http.get("/healthz"), stocked.http.get("/nowhere")]

    for answer in (*public, ask_me(stocked, "x")):
        assert "x-ratelimit-limit" not in answer.headers


@pytest.mark.parametrize(
    "accepted", ["gzip", "gzip, deflate, br", "br, GZIP;q=0.5", "*", "x, *;q=1"]
)
def test_long_answer_is_packed_for_who_takes_it(stocked: Caller, accepted: str) -> None:
    for _ in range(2):
        packed, content = fetch(stocked, LINKS, accepted)
        plain, body = fetch(stocked, LINKS, "identity")

        assert packed["content-encoding"] == "gzip"
        assert "content-encoding" not in plain
        assert gzip.decompress(content) == body
        assert int(packed["content-length"]) == len(content) < len(body)
        assert "Accept-Encoding" in packed["vary"]
        assert "Accept-Encoding" in plain["vary"]
        assert packed["etag"] != plain["etag"]


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, br", "*;q=0"])
def test_long_answer_is_plain_for_the_others(stocked: Caller, accepted: str) -> None:
    for _ in range(2):
        headers, _ = fetch(stocked, LINKS, accepted)

        assert "content-encoding" not in headers


@pytest.mark.parametrize("accepted", ["*, gzip;q=0", "gzip;q=0, *"])
def test_refused_gzip_wins_over_a_star(stocked: Caller, accepted: str) -> None:
    headers, _ = fetch(stocked, LINKS, accepted)

    assert "content-encoding" not in headers


def test_short_answer_is_plain(stocked: Caller) -> None:
    headers, _ = fetch(stocked, PORTALS, "gzip")

    assert "content-encoding" not in headers


def test_created_and_refused_are_packed_alike(stocked: Caller) -> None:
    many = stocked.post(f"{LINKS}/bulk", links(50, "Packed"))

    assert many.status_code == 201
    assert many.headers["content-encoding"] == "gzip"
    assert len(many.json()["userPortalLinks"]) == 50


def test_methods_are_told(stocked: Caller) -> None:
    answer = stocked.http.options(stocked.path(LINKS))

    assert answer.status_code == 204
    assert set(re.split(r", ?", answer.headers["allow"])) == {"GET", "POST", "OPTIONS"}


def test_trace_answers_nothing_of_the_request(stocked: Caller) -> None:
    for path in ("/", "/signin", "/console/sign-in", "/static/x", stocked.path(LINKS)):
        answer = stocked.http.request("TRACE", path, headers={"X-Sent": "told-to-the-server"})
        assert answer.status_code in {404, 405}
        assert "told-to-the-server" not in answer.text
