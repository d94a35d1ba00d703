"""Which rules are refused when they are written, and which requests a written one strikes."""

from __future__ import annotations

from typing import Any

import pytest

from portico.emulator.faults.fault_set import Faults
from portico.emulator.faults.profiles import PROFILES, profile
from portico.emulator.faults.rules import InvalidRule, NoSuchRule, Rule, read_rules
from portico.emulator.vendor_requests import VendorRequest
from tests.emulator.asgi_calls import LINKS, Hands, operations, token


def rules(*written: dict[str, Any]) -> list[Rule]:
    """Rules as they apply."""
    return read_rules(list(written), operations())


def asked(
    method: str = "GET", path: str = LINKS, *, client_id: str = "5", customer_id: str = "7"
) -> VendorRequest:
    """A request of a client that has signed in."""
    matched = operations().match(method, path)
    return VendorRequest(
        method=method,
        path=path,
        operation=None if matched is None else matched.operation,
        customer_id=customer_id,
        client_id=client_id,
        address="127.0.0.1",
        token=token(client_id, customer_id),
    )


@pytest.fixture
def clock() -> Hands:
    """A clock that a test moves."""
    return Hands()


@pytest.fixture
def faults(clock: Hands) -> Faults:
    """No rules yet."""
    return Faults(clock)


def struck(faults: Faults, request: VendorRequest) -> str | None:
    """The id of the rule that strikes."""
    strike = faults.strike(request)
    return None if strike is None else strike.rule.id


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({}, "effect is required. It is one of status, latency"),
        ({"effect": "explode"}, "there is no effect explode. Use one of status"),
        (
            {"effect": "empty_response", "operation": "list_link"},
            "there is no operation list_link. Did you mean list_links?",
        ),
        ({"effect": "empty_response", "colour": "red"}, "colour"),
        ({"effect": "empty_response", "method": "FETCH"}, "method must be one of GET"),
        ({"effect": "empty_response", "path": "userPortal"}, "path must start with /"),
        ({"effect": "empty_response", "probability": 2}, "from 0 to 1"),
        ({"effect": "empty_response", "times": 0}, "times must be 1 or more"),
        ({"effect": "empty_response", "skip": -1}, "skip must be 0 or more"),
        ({"effect": "empty_response", "ttl": 0}, "ttl must be more than 0"),
        ({"effect": "empty_response", "status": 500}, "belong to the effect status"),
        ({"effect": "empty_response", "at": "body"}, "at belongs to the effect connection_reset"),
        ({"effect": "empty_response", "latency": 1, "jitter": 2}, "jitter at most as large"),
        ({"effect": "latency"}, "needs latency, in milliseconds"),
        ({"effect": "status"}, "needs status, from 400 to 599"),
        ({"effect": "status", "status": 200}, "needs status, from 400 to 599"),
        ({"effect": "status", "status": 400, "errorId": "nope"}, "there is no error nope"),
        ({"effect": "truncated_body", "phase": "before"}, "its phase is after"),
        ({"effect": "connection_reset", "at": "body", "phase": "before"}, "its phase is after"),
        ({"effect": "empty_response", "id": "a b"}, "id must have"),
    ],
)
def test_a_wrong_rule_is_refused_with_a_sentence(written: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRule) as refused:
        rules({"effect": "empty_response"}, written)

    assert refused.value.reason.startswith("rules[1]: ")
    assert sentence in refused.value.reason


def test_the_defaults_of_an_effect_are_shown() -> None:
    limited, unavailable, changed, reset, cut = rules(
        {"effect": "status", "status": 429},
        {"effect": "status", "status": 503, "retryAfter": 3},
        {"effect": "concurrent_change"},
        {"effect": "connection_reset"},
        {"effect": "truncated_body"},
    )

    assert (limited.error_id, limited.retry_after) == ("invalid.toomanyrequests", 0)
    assert (unavailable.error_id, unavailable.retry_after) == ("retryable.server.error", 3)
    assert (changed.status, changed.error_id) == (409, "api.concurrent.access.error")
    assert (changed.times, reset.at) == (1, "start")
    assert [each.phase for each in (reset, cut)] == ["before", "after"]


@pytest.mark.parametrize(
    ("condition", "request_"),
    [
        ({"operation": "create_link"}, asked("POST")),
        ({"method": "post"}, asked("POST")),
        ({"path": "/mgmtconfig/*/userPortalLink/*"}, asked("PUT", f"{LINKS}/42")),
        ({"path": f"/zpa{LINKS}/42"}, asked("PUT", f"{LINKS}/42")),
        ({"customerId": "8"}, asked(customer_id="8")),
        ({"clientId": "6"}, asked(client_id="6")),
    ],
)
def test_a_rule_strikes_what_it_matches(
    faults: Faults, condition: dict[str, Any], request_: VendorRequest
) -> None:
    faults.append(rules({"effect": "empty_response", **condition}))

    assert struck(faults, asked()) is None
    assert struck(faults, request_) == "fault-1"


def test_skip_and_times_count_matching_requests(faults: Faults) -> None:
    faults.append(
        rules({"effect": "empty_response", "operation": "list_links", "skip": 1, "times": 2})
    )
    strikes = [struck(faults, asked(method)) for method in ("GET", "POST", "GET", "GET", "GET")]

    assert strikes == [None, None, "fault-1", "fault-1", None]
    (state,) = faults.states()
    assert (state.matched, state.hits, state.active) == (3, 2, False)


def test_the_first_rule_that_strikes_decides(faults: Faults) -> None:
    faults.append(
        rules(
            {"id": "never", "effect": "empty_response", "probability": 0},
            {"id": "once", "effect": "empty_response", "times": 1},
            {"id": "rest", "effect": "empty_response"},
        )
    )

    assert [struck(faults, asked()) for _ in range(3)] == ["once", "rest", "rest"]


def test_equal_seeds_strike_the_same_requests(clock: Hands) -> None:
    def strikes(seed: int) -> list[bool]:
        faults = Faults(clock)
        faults.append(rules({"effect": "empty_response", "probability": 0.5}), seed=seed)
        return [struck(faults, asked()) is not None for _ in range(64)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 10 < sum(strikes(1)) < 54


def test_a_rule_ends_after_its_time(faults: Faults, clock: Hands) -> None:
    faults.append(rules({"effect": "empty_response", "ttl": 60}))
    clock.now += 59
    before = struck(faults, asked())
    clock.now += 1

    assert (before, struck(faults, asked())) == ("fault-1", None)
    assert not faults.states()[0].active


def test_an_expired_token_stays_expired(faults: Faults) -> None:
    faults.append(rules({"effect": "expired_token", "times": 1}))

    assert struck(faults, asked()) == struck(faults, asked()) == "fault-1"
    assert struck(faults, asked(client_id="6")) is None
    assert faults.state("fault-1").hits == 2


def test_a_request_without_a_token_keeps_none(faults: Faults) -> None:
    faults.append(rules({"effect": "expired_token"}))
    sign_in = asked("POST", "/signin")
    sign_in.token = ""

    assert struck(faults, sign_in) is None


def test_tenants_have_rules_of_their_own(faults: Faults) -> None:
    faults.append(rules({"effect": "empty_response", "id": "mine"}), customer_id="7")
    faults.append(rules({"effect": "empty_response", "id": "theirs"}), customer_id="8")
    faults.replace(rules({"effect": "empty_response", "id": "new"}), customer_id="7")

    assert [each.rule.id for each in faults.states()] == ["theirs", "new"]
    assert struck(faults, asked()) == "new"
    assert faults.clear("8") == 1
    assert [each.rule.id for each in faults.states("7")] == ["new"]


def test_a_rule_for_another_tenant_is_refused(faults: Faults) -> None:
    with pytest.raises(InvalidRule, match="for the tenant 8, but the request for 7"):
        faults.append(rules({"effect": "empty_response", "customerId": "8"}), customer_id="7")


def test_a_refused_replacement_changes_nothing(faults: Faults) -> None:
    faults.append(rules({"effect": "empty_response", "id": "old"}))
    twice = rules({"effect": "empty_response", "id": "a"}, {"effect": "empty_response", "id": "a"})

    with pytest.raises(InvalidRule, match="already is a fault rule a"):
        faults.replace(twice)
    assert [each.rule.id for each in faults.states()] == ["old"]


def test_one_rule_is_removed(faults: Faults) -> None:
    faults.append(rules({"effect": "empty_response"}))
    faults.remove("fault-1")

    assert not faults
    with pytest.raises(NoSuchRule, match="The rules are: none"):
        faults.remove("fault-1")


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_rules(name: str, faults: Faults) -> None:
    faults.append(rules(*profile(name)), seed=1)

    found = {struck(faults, asked()) for _ in range(500)}
    assert found > {f"{name}-1", f"{name}-2"} or name == "slow"
    assert f"{name}-1" in found


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(InvalidRule, match="The profiles are: flaky, slow, hostile"):
        profile("calm")
