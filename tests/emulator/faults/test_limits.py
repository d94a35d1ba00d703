"""The vendor's rate limits: what they count, what they tell, and when a window ends."""

from __future__ import annotations

import asyncio

import pytest

from portico.emulator.faults.limits import LimitsMiddleware, VendorLimits
from tests.emulator.asgi_calls import LINKS, CountingApi, Hands, Received, operations, request


class Limited:
    """An API behind the vendor's limits."""

    def __init__(self) -> None:
        self.clock = Hands()
        self.limits = VendorLimits(self.clock)
        self._app = LimitsMiddleware(CountingApi(), limits=self.limits, operations=operations())

    def call(self, method: str = "GET", path: str = LINKS, address: str = "127.0.0.1") -> Received:
        """One request."""
        return asyncio.run(request(self._app, method, path, address=address))

    def statuses(self, count: int, method: str = "GET", path: str = LINKS) -> list[int | None]:
        """The statuses of equal requests."""
        return [self.call(method, path).status for _ in range(count)]


@pytest.fixture
def limited() -> Limited:
    """An API with the limits switched on."""
    limited = Limited()
    limited.limits.switch(on=True)
    return limited


def test_nothing_is_limited_at_first() -> None:
    limited = Limited()

    assert limited.statuses(30) == [200] * 30
    assert limited.call().headers["x-ratelimit-remaining"] == "1"


def test_reads_and_writes_have_limits_of_their_own(limited: Limited) -> None:
    assert limited.statuses(21) == [200] * 20 + [429]
    assert limited.statuses(11, "POST") == [200] * 10 + [429]


def test_a_refusal_has_the_vendors_headers_and_body(limited: Limited) -> None:
    limited.statuses(20)
    limited.clock.now += 5.5
    refused = limited.call()

    assert refused.json()["id"] == "invalid.toomanyrequests"
    assert refused.headers["retry-after"] == "5s"
    assert refused.headers["x-ratelimit-limit"] == "5000, 5000;w=60"
    assert refused.headers["x-ratelimit-remaining"] == "4979"
    assert refused.headers["x-ratelimit-reset"] == "55"


def test_a_window_ends_by_the_clock(limited: Limited) -> None:
    limited.statuses(21)
    limited.clock.now += 10

    assert limited.statuses(21) == [200] * 20 + [429]


def test_a_clock_that_is_set_back_opens_a_new_window(limited: Limited) -> None:
    limited.statuses(21)
    limited.clock.now -= 3_600

    assert limited.call().status == 200


def test_the_gateway_allows_5000_requests_a_minute_from_all_addresses(limited: Limited) -> None:
    for number in range(5_000):
        assert limited.call(address=f"10.0.{number // 250}.{number % 250}").status == 200
    limited.clock.now += 8
    refused = limited.call(address="10.1.0.1")

    assert (refused.status, refused.headers["x-ratelimit-remaining"]) == (429, "0")
    assert refused.headers["retry-after"] == "52s"


def test_addresses_and_tenants_do_not_share_windows(limited: Limited) -> None:
    limited.statuses(21)

    assert limited.call(address="127.0.0.2").status == 200
    assert limited.call(path=LINKS.replace("/7/", "/8/")).status == 200


def test_sign_ins_and_pages_do_not_count(limited: Limited) -> None:
    assert limited.statuses(30, "POST", "/signin") == [200] * 30
    assert limited.statuses(30, "GET", "/healthz") == [200] * 30


def test_one_tenant_has_limits_alone() -> None:
    limited = Limited()
    limited.limits.switch(on=True, customer_id="7")

    assert limited.statuses(21)[-1] == 429
    assert limited.statuses(21, path=LINKS.replace("/7/", "/8/")) == [200] * 21
    assert limited.limits.state().customer_ids == ["7"]
    assert limited.limits.state().refused == 1
    limited.limits.switch(on=False, customer_id="7")
    assert limited.call().status == 200
