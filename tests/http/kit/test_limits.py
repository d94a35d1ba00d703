"""Counting requests: each client for itself, each minute anew, refused only when a limit is set."""

from __future__ import annotations

from portico.asgi.limits import RateCounter, RateUsage

MINUTE = 28_000_000 * 60


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = float(MINUTE)

    def __call__(self) -> float:
        return self.now


def headers_of(usage: RateUsage) -> dict[str, str]:
    """The headers as text."""
    return {name.decode(): value.decode() for name, value in usage.headers()}


def test_requests_are_counted_down() -> None:
    counter = RateCounter(HandClock(), 3)
    usages = [counter.count(1) for _ in range(5)]

    assert [usage.exceeded for usage in usages] == [False, False, False, True, True]
    left = [headers_of(usage)["x-ratelimit-remaining"] for usage in usages]
    assert left == ["2", "1", "0", "0", "0"]
    assert headers_of(usages[0])["x-ratelimit-limit"] == "3, 3;w=60"
    assert counter.enforced


def test_clients_are_counted_apart() -> None:
    counter = RateCounter(HandClock(), 1)
    counter.count(1)

    assert counter.count(1).exceeded
    assert not counter.count(2).exceeded


def test_minute_starts_anew() -> None:
    clock = HandClock()
    counter = RateCounter(clock, 1)
    counter.count(1)
    clock.now += 59.9
    assert counter.count(1).exceeded
    assert counter.count(1).reset == 1

    clock.now += 0.1
    fresh = counter.count(1)

    assert not fresh.exceeded
    assert fresh.reset == 60


def test_no_limit_refuses_nothing_and_advertises_the_vendors() -> None:
    counter = RateCounter(HandClock(), 0)

    usage = counter.count(1)

    assert not counter.enforced
    assert headers_of(usage) == {
        "x-ratelimit-limit": "5000, 5000;w=60",
        "x-ratelimit-remaining": "4999",
        "x-ratelimit-reset": "60",
    }


def test_clock_that_steps_back_is_survived() -> None:
    clock = HandClock()
    counter = RateCounter(clock, 1)
    counter.count(1)
    clock.now -= 3_600

    usage = counter.count(1)

    assert not usage.exceeded
    assert 1 <= usage.reset <= 60
