"""The control routes of the journal, the faults, the limits and the report of a whole stand-in."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulator.listeners.serving import App, client, served
from tests.emulator.stand_ins import Emulated, EmulatedCaller

LINKS = "userPortalLink"


@pytest.fixture
def caller(stand_in: Emulated) -> EmulatedCaller:
    """The API client of the first tenant. Its sign-in is forgotten."""
    signed_in = stand_in.caller()
    assert stand_in.control("DELETE", "requests").status_code == 204
    return signed_in


def arm(stand_in: Emulated, *rules: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    """Replaces the rules; those in force then."""
    answer = stand_in.control("PUT", "faults", {"rules": rules}, **query)
    assert answer.status_code == 200, answer.text
    written: list[dict[str, Any]] = answer.json()["faults"]
    return written


def problem(answer: httpx.Response, status: int) -> str:
    """The sentence of a problem document."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    detail: str = answer.json()["detail"]
    return detail


def test_the_journal_lists_counts_and_forgets(stand_in: Emulated, caller: EmulatedCaller) -> None:
    caller.create_link("Wiki")
    caller.names()
    listed = stand_in.control("GET", "requests", operation="create_link").json()

    assert (listed["total"], listed["dropped"]) == (1, 0)
    (entry,) = listed["requests"]
    assert entry["customerId"] == caller.customer_id
    assert entry["clientId"] == caller.account.client_id
    assert entry["answer"]["status"] == 201
    assert json.loads(entry["request"]["body"]["text"])["name"] == "Wiki"
    assert stand_in.control("GET", "requests/count", status="2xx").json() == {"count": 2}
    stand_in.control("DELETE", "requests")
    assert stand_in.control("GET", "requests/count").json() == {"count": 0}


def test_the_journal_is_kept_per_tenant(stand_in: Emulated, caller: EmulatedCaller) -> None:
    other = stand_in.caller(1)
    caller.names()
    first, second = (
        stand_in.control("GET", "requests", customerId=each.customer_id).json()["requests"]
        for each in (caller, other)
    )

    assert [each["operation"] for each in first] == ["list_links"]
    assert [each["operation"] for each in second] == ["sign_in"]
    assert second[0]["clientId"] == other.account.client_id


def test_times_of_the_journal_follow_the_clock(stand_in: Emulated, caller: EmulatedCaller) -> None:
    moment = "2030-01-31T12:00:00Z"
    stand_in.control("PUT", "clock", {"now": moment, "frozen": True}, customerId=caller.customer_id)
    caller.call("GET", LINKS)

    (entry,) = stand_in.control("GET", "requests").json()["requests"]
    assert entry["time"] == 1_896_091_200


def test_wrong_filters_are_refused(stand_in: Emulated) -> None:
    assert "999 is not a status" in problem(stand_in.control("GET", "requests", status="999"), 400)
    assert "limit" in problem(stand_in.control("GET", "requests", limit="0"), 400)


def test_the_journal_is_exported_as_har(stand_in: Emulated, caller: EmulatedCaller) -> None:
    caller.names()
    archive = stand_in.control("GET", "requests", format="har").json()["log"]

    assert archive["version"] == "1.2"
    assert [each["_operation"] for each in archive["entries"]] == ["list_links"]


def test_near_misses_explain_paths_without_a_route(
    stand_in: Emulated, caller: EmulatedCaller
) -> None:
    for _ in range(2):
        assert caller.call("GET", "userPortalLinks").status_code == 400
    (missed,) = stand_in.control("GET", "requests/unmatched").json()["requests"]

    assert (missed["method"], missed["count"]) == ("GET", 2)
    assert missed["closest"][0]["operation"] == "list_links"
    assert missed["closest"][0]["differences"] == [
        "userPortalLink is expected, not userPortalLinks"
    ]


def test_waiting_returns_when_the_request_comes(stand_in: Emulated, caller: EmulatedCaller) -> None:
    answers: list[dict[str, Any]] = []

    def wait() -> None:
        query = {"operation": "list_links", "count": "2", "seconds": "60"}
        answers.append(stand_in.control("GET", "requests/wait", **query).json())

    waiting = threading.Thread(target=wait)
    waiting.start()
    caller.names()
    caller.names()
    waiting.join(60)

    assert answers == [{"count": 2, "reached": True}]
    late = stand_in.control("GET", "requests/wait", count="3", seconds="0").json()
    assert late == {"count": 2, "reached": False}


def without_lifespan(stand_in: Emulated) -> App:
    """The application of a stand-in that has started already."""

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        if scope["type"] != "lifespan":
            await stand_in.app(scope, receive, send)

    return app


def events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """The names and the data of server-sent events."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, line.removeprefix("data: ")


def test_requests_are_streamed_while_they_come(stand_in: Emulated, caller: EmulatedCaller) -> None:
    with (
        served(without_lifespan(stand_in)) as running,
        client(running) as http,
        http.stream("GET", "/_portico/requests/stream?method=GET") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(lines) == "event: listening"
        assert next(lines) == "data:"
        listed = http.get(
            f"/mgmtconfig/v1/admin/customers/{caller.customer_id}/{LINKS}",
            headers={"Authorization": f"Bearer {caller.token}"},
        )
        assert listed.status_code == 200
        name, data = next(events(lines))

    assert name == "request"
    assert json.loads(data)["operation"] == "list_links"


def test_listeners_that_leave_make_room(stand_in: Emulated) -> None:
    with served(without_lifespan(stand_in)) as running, client(running) as http:
        for _ in range(20):
            with http.stream("GET", "/_portico/requests/stream") as stream:
                assert next(stream.iter_lines()) == "event: listening"


def test_rules_are_written_read_and_removed(stand_in: Emulated) -> None:
    (rule,) = arm(stand_in, {"effect": "status", "status": 503, "operation": "list_links"})

    assert rule["id"] == "fault-1"
    assert (rule["errorId"], rule["retryAfter"]) == ("retryable.server.error", 0)
    assert (rule["phase"], rule["hits"], rule["active"]) == ("before", 0, True)
    more = {"rules": [{"effect": "empty_response", "id": "second", "times": 1}]}
    assert stand_in.control("POST", "faults", more).status_code == 201
    listed = stand_in.control("GET", "faults").json()["faults"]
    assert [each["id"] for each in listed] == ["fault-1", "second"]
    assert stand_in.control("GET", "faults/second").json()["times"] == 1
    assert stand_in.control("DELETE", "faults/second").status_code == 204
    assert "The rules are: fault-1" in problem(stand_in.control("GET", "faults/second"), 404)
    assert stand_in.control("DELETE", "faults").status_code == 204
    assert stand_in.control("GET", "faults").json() == {"faults": []}


def test_a_rule_strikes_its_tenant_alone(stand_in: Emulated, caller: EmulatedCaller) -> None:
    other = stand_in.caller(1)
    arm(stand_in, {"effect": "status", "status": 500}, customerId=caller.customer_id)

    assert caller.call("GET", LINKS).status_code == 500
    assert other.call("GET", LINKS).status_code == 200
    (rule,) = stand_in.control("GET", "faults").json()["faults"]
    assert (rule["matched"], rule["hits"]) == (1, 1)
    (entry,) = stand_in.control("GET", "requests", status="500").json()["requests"]
    assert entry["fault"] == {"rule": "fault-1", "effect": "status"}


def test_a_lost_answer_leaves_the_link(stand_in: Emulated, caller: EmulatedCaller) -> None:
    arm(stand_in, {"effect": "status", "status": 503, "phase": "after", "operation": "create_link"})
    lost = caller.call("POST", LINKS, {"name": "Wiki", "link": "wiki.example.com"})

    assert lost.status_code == 503
    assert caller.names() == ["Wiki"]


def test_a_rule_ends_by_the_clock(stand_in: Emulated, caller: EmulatedCaller) -> None:
    arm(stand_in, {"effect": "status", "status": 500, "ttl": 3_600})
    assert caller.call("GET", LINKS).status_code == 500
    stand_in.control("PUT", "clock", {"advanceSeconds": 3_600})

    assert caller.call("GET", LINKS).status_code != 500


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Give either rules, a list of rules, or profile, a name."),
        ({"rules": [], "profile": "flaky"}, "Give either rules"),
        ({"profile": "calm"}, "The profiles are: flaky, slow, hostile."),
        ({"rules": [{"effect": "explode"}]}, "there is no effect explode"),
        ({"rules": [{"effect": "empty_response", "operation": "list_link"}]}, "list_links"),
        ({"rules": [{"effect": "empty_response", "customerId": "1"}]}, "no tenant with the id 1"),
    ],
)
def test_wrong_rules_are_refused(stand_in: Emulated, body: object, sentence: str) -> None:
    arm(stand_in, {"effect": "empty_response", "id": "kept", "times": 1})
    answer = stand_in.control("PUT", "faults", body)

    assert sentence in problem(answer, answer.status_code)
    assert answer.status_code in (400, 404)
    assert [each["id"] for each in stand_in.control("GET", "faults").json()["faults"]] == ["kept"]


def test_a_profile_is_written_with_a_seed(stand_in: Emulated) -> None:
    answer = stand_in.control("PUT", "faults", {"profile": "flaky", "seed": 3})

    assert [each["id"] for each in answer.json()["faults"]] == ["flaky-1", "flaky-2", "flaky-3"]


def test_every_tenant_can_have_the_same_profile(stand_in: Emulated) -> None:
    for account in stand_in.accounts:
        answer = stand_in.control(
            "PUT", "faults", {"profile": "slow"}, customerId=account.customer_id
        )
        assert answer.status_code == 200, answer.text
    assert len(stand_in.control("GET", "faults").json()["faults"]) == 4


def test_the_vendors_limits_are_switched(stand_in: Emulated, caller: EmulatedCaller) -> None:
    switched = stand_in.control("PUT", "limits", {"limits": "vendor"}).json()
    statuses = [caller.call("GET", LINKS).status_code for _ in range(21)]

    assert (switched["everywhere"], switched["reads"], switched["writes"]) == (True, 20, 10)
    assert statuses == [200] * 20 + [429]
    assert stand_in.control("GET", "limits").json()["refused"] == 1
    stand_in.control("PUT", "clock", {"advanceSeconds": 10})
    assert caller.call("GET", LINKS).status_code == 200
    stand_in.control("PUT", "limits", {"limits": "none"})
    assert {caller.call("GET", LINKS).status_code for _ in range(25)} == {200}


def test_reset_forgets_rules_limits_and_requests(
    stand_in: Emulated, caller: EmulatedCaller
) -> None:
    arm(stand_in, {"effect": "latency", "latency": 1})
    stand_in.control("PUT", "limits", {"limits": "vendor"})
    caller.names()
    stand_in.reset()

    assert stand_in.control("GET", "faults").json() == {"faults": []}
    assert stand_in.control("GET", "limits").json()["everywhere"] is False
    assert stand_in.control("GET", "requests/count").json() == {"count": 0}


def test_reset_of_a_tenant_leaves_the_others(stand_in: Emulated, caller: EmulatedCaller) -> None:
    other = stand_in.caller(1)
    for each in (caller, other):
        arm(stand_in, {"effect": "latency", "latency": 1}, customerId=each.customer_id)
        stand_in.control("PUT", "limits", {"limits": "vendor"}, customerId=each.customer_id)
    stand_in.reset(customerId=caller.customer_id)

    (rule,) = stand_in.control("GET", "faults").json()["faults"]
    assert rule["customerId"] == other.customer_id
    assert stand_in.control("GET", "limits").json()["customerIds"] == [other.customer_id]
    operations = stand_in.control("GET", "requests").json()["requests"]
    assert [each["customerId"] for each in operations] == [other.customer_id]


@pytest.mark.parametrize(
    ("form", "kind", "start"),
    [
        ("text", "text/plain", r"\d+ requests\."),
        ("markdown", "text/markdown", r"# Requests to Portico"),
        ("junit", "application/xml", r"<\?xml"),
        ("har", "application/json", '{"log":'),
    ],
)
def test_a_report_comes_in_every_form(
    stand_in: Emulated, caller: EmulatedCaller, form: str, kind: str, start: str
) -> None:
    caller.create_link("Wiki")
    caller.names()
    answer = stand_in.control("GET", "report", format=form)

    assert answer.headers["content-type"].startswith(kind)
    assert re.match(start, answer.text)
    assert "create_link" in answer.text


def test_routes_are_in_the_openapi_document(stand_in: Emulated) -> None:
    paths = stand_in.control("GET", "openapi.json").json()["paths"]

    assert {
        "/_portico/requests",
        "/_portico/requests/stream",
        "/_portico/faults",
        "/_portico/limits",
        "/_portico/report",
    } <= set(paths)
    named = {each["name"] for each in paths["/_portico/requests"]["get"]["parameters"]}
    assert {"operation", "clientId", "customerId", "since", "format"} <= named
