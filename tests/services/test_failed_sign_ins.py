"""How many lines failed sign-ins may fill, and what those lines say."""

from __future__ import annotations

import asyncio
import logging

import pytest

from portico.domain.errors import AccessDenied, LockedOut, PorticoError, TooManySignIns
from portico.services.people.failed_sign_ins import (
    LINES_IN_A_WINDOW,
    FailedSignIn,
    FailedSignIns,
    SignInChannel,
    Why,
    why_refused,
)


def failure(address: str, *, why: Why = Why.CREDENTIALS) -> FailedSignIn:
    """A failed sign-in at the console from an address."""
    return FailedSignIn(channel=SignInChannel.CONSOLE, why=why, address=address)


def logged(
    failures: list[FailedSignIn], caplog: pytest.LogCaptureFixture
) -> list[tuple[str | None, int]]:
    """The address and the count of each line that the failures of one window leave."""

    async def note() -> None:
        failed = FailedSignIns()
        for each in failures:
            failed.note(each)
        failed.flush()

    asyncio.run(note())
    for record in caplog.records:
        assert record.levelno == logging.WARNING
        assert record.__dict__["event"] == "sign_in.failed"
    return [(record.__dict__.get("peer"), record.__dict__["count"]) for record in caplog.records]


def test_first_failure_is_told_at_once_and_more_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flood = [failure("192.0.2.1")] * 1_000 + [failure("192.0.2.2")]

    assert logged(flood, caplog) == [("192.0.2.1", 1), ("192.0.2.2", 1), ("192.0.2.1", 999)]


def test_flood_from_many_addresses_fills_a_bounded_number_of_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flood = [failure(f"10.0.{number // 250}.{number % 250}") for number in range(5_000)] * 2

    lines = logged(flood, caplog)

    assert len(lines) == 2 * LINES_IN_A_WINDOW + 1
    assert sum(count for _, count in lines) == len(flood)


def test_addresses_of_one_ipv6_network_count_together(caplog: pytest.LogCaptureFixture) -> None:
    flood = [failure(f"2001:db8::{number:x}") for number in range(1, 100)]

    assert logged(flood, caplog) == [("2001:db8::1", 1), ("2001:db8::", 98)]


def test_reasons_are_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    flood = [failure("192.0.2.1"), failure("192.0.2.1", why=Why.LOCKED)] * 2

    assert [count for _, count in logged(flood, caplog)] == [1, 1, 1, 1]


def test_window_ends_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    async def note() -> None:
        failed = FailedSignIns(window_seconds=0.05)
        failed.note(failure("192.0.2.1"))
        failed.note(failure("192.0.2.1"))
        before = len(caplog.records)
        while len(caplog.records) == before:
            await asyncio.sleep(0.01)
        failed.note(failure("192.0.2.1"))

    asyncio.run(asyncio.wait_for(note(), 10))

    assert [record.__dict__["count"] for record in caplog.records] == [1, 1, 1]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (AccessDenied(), Why.CREDENTIALS),
        (LockedOut(60), Why.LOCKED),
        (TooManySignIns(5), Why.BUSY),
    ],
)
def test_refusals_have_their_reasons(error: PorticoError, why: Why) -> None:
    assert why_refused(error) is why
