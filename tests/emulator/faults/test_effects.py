"""What each effect does to the answer, and whether the application served the request."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from portico.emulator.faults.answers import NoConnection
from portico.emulator.faults.fault_set import Faults
from portico.emulator.faults.middleware import FaultsMiddleware
from portico.emulator.faults.rules import read_rules
from portico.emulator.journal.journal import Journal
from portico.emulator.journal.middleware import JournalMiddleware
from tests.emulator.asgi_calls import (
    LINKS,
    CountingApi,
    Hands,
    Received,
    operations,
    request,
    tenant_of_client,
)


class Struck:
    """An API behind a journal and one fault rule."""

    def __init__(self, **rule: Any) -> None:  # noqa: ANN401  # a rule as it is written
        self.api = CountingApi()
        self.slept: list[float] = []
        self.faults = Faults(Hands())
        self.faults.append(read_rules([rule], operations()))
        self.journal = Journal()

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def call(self, method: str = "POST", path: str = LINKS, **options: Any) -> Received:  # noqa: ANN401  # those of `request`
        """One request through the journal and the faults."""
        faulty = FaultsMiddleware(
            self.api,
            faults=self.faults,
            operations=operations(),
            tenant_of_client=tenant_of_client,
            sleep=self._sleep,
        )
        recorded = JournalMiddleware(
            faulty,
            journal=self.journal,
            operations=operations(),
            clock=Hands(),
            monotonic=lambda: 1.0,
            tenant_of_client=tenant_of_client,
        )
        return asyncio.run(request(recorded, method, path, **options))


@pytest.mark.parametrize(("phase", "writes"), [("before", 0), ("after", 1)])
def test_a_status_comes_in_the_vendors_envelope(phase: str, writes: int) -> None:
    struck = Struck(effect="status", status=503, phase=phase)
    received = struck.call(body={"name": "Wiki"})

    assert (received.status, received.json()["id"]) == (503, "retryable.server.error")
    assert received.headers["content-type"].startswith("application/json")
    assert received.headers["retry-after"] == "0s"
    assert (struck.api.writes, received.complete) == (writes, True)


def test_a_429_has_its_exception_and_its_wait() -> None:
    received = Struck(effect="status", status=429, retryAfter=13).call()

    assert received.headers["retry-after"] == "13s"
    assert received.json() == {
        "id": "invalid.toomanyrequests",
        "reason": "Exceeded the number of requests allowed.",
        "exception": "invalid.toomanyrequests",
    }


def test_the_error_and_its_reason_can_be_chosen() -> None:
    received = Struck(
        effect="status", status=400, errorId="resource.referenced", reason="Still used."
    ).call()

    assert received.json() == {"id": "resource.referenced", "reason": "Still used."}
    assert "retry-after" not in received.headers


@pytest.mark.parametrize(("phase", "writes"), [("before", 0), ("after", 1)])
def test_a_reset_ends_the_connection_without_a_byte(phase: str, writes: int) -> None:
    struck = Struck(effect="connection_reset", phase=phase)
    received = struck.call()

    assert (received.status, received.ended) == (None, "reset")
    assert struck.api.writes == writes


def test_an_empty_response_closes_the_connection() -> None:
    received = Struck(effect="empty_response").call()

    assert (received.status, received.ended) == (None, "closed")


@pytest.mark.parametrize(
    ("rule", "ended"),
    [
        ({"effect": "truncated_body"}, "closed"),
        ({"effect": "connection_reset", "at": "body"}, "reset"),
    ],
)
def test_half_of_the_body_arrives(rule: dict[str, Any], ended: str) -> None:
    struck = Struck(**rule)
    received = struck.call()

    assert received.headers["content-length"] == str(len(struck.api.body))
    assert received.body == struck.api.body[: len(struck.api.body) // 2]
    assert (received.complete, received.ended, struck.api.writes) == (False, ended, 1)


def test_a_malformed_body_is_complete_but_no_json() -> None:
    received = Struck(effect="malformed_body").call(headers=[("accept-encoding", "gzip")])

    assert received.complete
    assert received.headers["content-length"] == str(len(received.body))
    with pytest.raises(json.JSONDecodeError):
        received.json()


@pytest.mark.parametrize("effect", ["truncated_body", "malformed_body"])
def test_an_answer_without_a_body_is_spoilt_too(effect: str) -> None:
    struck = Struck(effect=effect)
    struck.api.status, struck.api.body = 204, b""
    received = struck.call("DELETE", f"{LINKS}/42")

    assert (received.status, received.body) == (200, b'{"id"')


@pytest.mark.parametrize(
    ("effect", "why"), [("expired_token", "has expired"), ("revoked_token", "was signed out")]
)
def test_a_token_is_refused_until_the_client_signs_in_again(effect: str, why: str) -> None:
    struck = Struck(effect=effect, times=1)
    first, second, other = struck.call(), struck.call(), struck.call(signed_in="6")

    assert first.status == second.status == 401
    assert "SESSION_NOT_VALID" in first.json()["reason"]
    assert why in first.json()["reason"]
    assert other.status == 200


def test_a_concurrent_change_is_won_by_a_retry() -> None:
    struck = Struck(effect="concurrent_change", operation="update_link")
    first = struck.call("PUT", f"{LINKS}/42")
    second = struck.call("PUT", f"{LINKS}/42")

    assert (first.status, first.json()["id"]) == (409, "api.concurrent.access.error")
    assert (second.status, struck.api.writes) == (200, 1)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_latency_delays_the_real_answer(phase: str) -> None:
    struck = Struck(effect="latency", latency=200, jitter=50, phase=phase)
    received = struck.call()

    assert (received.status, received.body) == (200, struck.api.body)
    (seconds,) = struck.slept
    assert 0.15 <= seconds <= 0.25


def test_latency_can_come_before_another_effect() -> None:
    struck = Struck(effect="status", status=500, latency=100)

    assert struck.call().status == 500
    assert struck.slept == [0.1]


def test_the_journal_names_the_rule() -> None:
    struck = Struck(effect="connection_reset", id="lost-answer", phase="after")
    struck.call(body={"name": "Wiki"})

    (entry,) = struck.journal.entries()
    assert entry.fault is not None
    assert (entry.fault.rule, entry.fault.effect) == ("lost-answer", "connection_reset")
    assert (entry.answer, entry.request.body.text) == (None, '{"name": "Wiki"}')


@pytest.mark.parametrize("condition", [{"clientId": "5"}, {"customerId": "7"}])
def test_a_sign_in_is_struck_by_the_client_in_its_form(condition: dict[str, str]) -> None:
    struck = Struck(effect="status", status=503, operation="sign_in", **condition)

    def sign_in(client_id: str) -> int | None:
        body = f"client_id={client_id}&client_secret=x".encode()
        return struck.call("POST", "/signin", body=body, signed_in=None).status

    assert (sign_in("5"), sign_in("6")) == (503, 200)


def test_portico_s_own_pages_are_never_struck() -> None:
    assert Struck(effect="status", status=500).call("GET", "/console/7/0/links").status == 200


def test_another_server_cannot_end_a_connection() -> None:
    struck = Struck(effect="connection_reset")
    faulty = FaultsMiddleware(
        struck.api,
        faults=struck.faults,
        operations=operations(),
        tenant_of_client=tenant_of_client,
    )

    async def call() -> None:
        async def without_extensions(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = {}
            await faulty(scope, receive, send)

        await request(without_extensions, "GET", LINKS)

    with pytest.raises(NoConnection, match="portico emulate"):
        asyncio.run(call())
