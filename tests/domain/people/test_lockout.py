"""How many failures are borne, and how long a lock lasts."""

from __future__ import annotations

import pytest

from portico.domain.people.lockout import (
    LONGEST_LOCK_SECONDS,
    PAIR_FAILURES,
    WIDE_FAILURES,
    WIDE_WINDOW_SECONDS,
    FailureKey,
    Failures,
    address_block,
    failure_keys,
    with_failure,
    without_failure,
)

NOW = 1_700_000_000
PAIR, ACCOUNT, ADDRESS = failure_keys("console", "Ada", "192.0.2.1")


def failed(key: FailureKey, times: int) -> Failures:
    """What is counted after so many failures at one moment."""
    counted = None
    for _ in range(times):
        counted = with_failure(counted, key, NOW)
    assert counted is not None
    return counted


def test_fifth_failure_locks_for_a_minute_and_each_further_one_doubles_it() -> None:
    locks = [failed(PAIR, times).locked_until for times in range(1, 14)]

    assert locks[: PAIR_FAILURES - 1] == [0] * (PAIR_FAILURES - 1)
    assert [each - NOW for each in locks[PAIR_FAILURES - 1 :]][:4] == [60, 120, 240, 480]
    assert locks[-1] - NOW == LONGEST_LOCK_SECONDS


@pytest.mark.parametrize("key", [ACCOUNT, ADDRESS])
def test_account_or_address_alone_is_locked_after_fifty(key: FailureKey) -> None:
    assert failed(key, WIDE_FAILURES - 1).locked_until == 0
    assert failed(key, WIDE_FAILURES).locked_until == NOW + WIDE_WINDOW_SECONDS


def test_old_failures_do_not_count() -> None:
    later = with_failure(failed(ADDRESS, 49), ADDRESS, NOW + WIDE_WINDOW_SECONDS)

    assert (later.failures, later.locked_until) == (1, 0)


def test_success_takes_its_own_count_back() -> None:
    assert without_failure(failed(ADDRESS, 3)).failures == 2


def test_keys_know_no_case_and_no_name() -> None:
    assert failure_keys("console", "ADA", "192.0.2.1") == (PAIR, ACCOUNT, ADDRESS)
    assert failure_keys("console", " \u2003ada\t", "192.0.2.1") == (PAIR, ACCOUNT, ADDRESS)
    assert failure_keys("5", "Ada", "192.0.2.1")[0] != PAIR
    assert "ada" not in str(PAIR).lower()


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("", "unknown"),
        ("made up", "unknown"),
    ],
)
def test_one_network_counts_as_one_address(address: str, block: str) -> None:
    assert address_block(address) == block
