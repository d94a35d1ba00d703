"""The clock of the stand-in: what moves with it, for whom, and what does not."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

import pytest

from portico.domain.errors import InvalidField
from portico.emulator.clock import LATEST, EmulatedClock, Hand
from tests.emulator.stand_ins import Emulated

NOON = 1_790_000_000.0


class Wall:
    """A real clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def test_clock_shows_the_real_time_until_it_is_changed() -> None:
    wall = Wall()
    clock = EmulatedClock(wall)
    wall.now += 5

    assert clock() == clock.wall() == NOON + 5


def test_set_clock_runs_on_and_a_frozen_one_stands() -> None:
    wall = Wall()
    clock = EmulatedClock(wall)
    clock.set(NOON + 1_000)
    wall.now += 5
    assert clock() == NOON + 1_005

    clock.freeze()
    wall.now += 5
    assert clock() == NOON + 1_005
    clock.advance(60)
    assert clock() == NOON + 1_065
    clock.set(NOON)
    assert clock() == NOON
    clock.unfreeze()
    wall.now += 5
    assert clock() == NOON + 5
    clock.reset()
    assert clock() == wall.now


def test_tenant_follows_the_common_clock_until_its_own_is_changed() -> None:
    clock = EmulatedClock(Wall())
    clock.advance(60, customer_id=7)
    clock.advance(5)

    assert clock() == clock.time_in(8) == NOON + 5
    assert clock.time_in(7) == NOON + 65
    with clock.serving(7):
        assert clock() == NOON + 65
    clock.reset(7)
    assert clock.time_in(7) == NOON + 5
    clock.freeze(7)
    clock.set(NOON - 60)
    assert clock.time_in(7) == NOON - 60


def test_reset_shows_the_first_time_again() -> None:
    clock = EmulatedClock(Wall(), Hand(frozen_at=NOON - 1_000))
    clock.advance(500)
    clock.reset()

    assert clock() == NOON - 1_000


def test_clock_refuses_years_that_ids_do_not_cover() -> None:
    clock = EmulatedClock(Wall())

    with pytest.raises(InvalidField):
        clock.set(LATEST + 1)
    with pytest.raises(InvalidField):
        clock.advance(1e12)
    assert clock() == NOON


def test_records_have_the_time_of_their_tenant(stand_in: Emulated) -> None:
    here, elsewhere = stand_in.caller(0), stand_in.caller(1)
    set_clock(stand_in, now="2030-01-01T00:00:00Z", frozen=True, customer_id=here.customer_id)
    token_of_then = here.sign_in()
    here.token = token_of_then

    first, second = here.create_link("Wiki"), elsewhere.create_link("Wiki")

    made = here.call("GET", f"userPortalLink/{first}").json()
    assert int(made["creationTime"]) == datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    made = elsewhere.call("GET", f"userPortalLink/{second}").json()
    assert abs(int(made["creationTime"]) - time.time()) < 3_600


def test_token_expires_by_the_emulated_clock(stand_in: Emulated) -> None:
    caller, other = stand_in.caller(0), stand_in.caller(1)
    assert caller.names() == caller.names() == []

    set_clock(stand_in, advance_seconds=3_601, customer_id=caller.customer_id)

    refused = caller.call("GET", "userPortalLink")
    assert refused.status_code == 401
    assert "SESSION_NOT_VALID" in refused.text
    assert other.names() == []


def test_claim_of_a_token_stays_on_real_time(stand_in: Emulated) -> None:
    caller = stand_in.caller()
    set_clock(stand_in, now="2040-01-01T00:00:00Z")

    caller.token = caller.sign_in()

    payload = caller.token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert abs(claims["exp"] - time.time() - 3_600) < 600
    assert caller.names() == []
    set_clock(stand_in, advance_seconds=3_601)
    assert caller.call("GET", "userPortalLink").status_code == 401


def test_idempotency_key_expires_by_the_emulated_clock(stand_in: Emulated) -> None:
    caller = stand_in.caller()
    body = {"name": "Wiki", "link": "wiki.example.com"}
    path = f"/mgmtconfig/v1/admin/customers/{caller.customer_id}/userPortalLink"

    def create() -> str:
        headers = {"Authorization": f"Bearer {caller.token}", "Idempotency-Key": "one"}
        answer = stand_in.request("POST", path, json=body, headers=headers)
        return f"{answer.status_code} {answer.json().get('id')}"

    assert create() == create()
    set_clock(stand_in, advance_seconds=2 * 86_400)
    caller.token = caller.sign_in()
    assert create() == "400 resource.already.exist"


def test_rate_window_ends_by_the_emulated_clock(stand_in: Emulated) -> None:
    set_clock(stand_in, now="2030-01-01T00:00:10Z", frozen=True)
    caller = stand_in.caller()

    def remaining() -> tuple[str, str]:
        headers = caller.call("GET", "userPortalLink").headers
        return headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"]

    assert remaining() == ("4999", "50")
    assert remaining() == ("4998", "50")
    set_clock(stand_in, advance_seconds=60)
    assert remaining() == ("4999", "50")


def set_clock(
    stand_in: Emulated,
    *,
    customer_id: str | None = None,
    now: str | None = None,
    advance_seconds: float | None = None,
    frozen: bool | None = None,
) -> None:
    """Changes the clock with the control API."""
    body = {"now": now, "advanceSeconds": advance_seconds, "frozen": frozen}
    query = {} if customer_id is None else {"customerId": customer_id}
    answer = stand_in.control("PUT", "clock", body, **query)
    assert answer.status_code == 200, answer.text
