"""Locking out those who guess passwords: how many failures are borne, and how long a lock lasts.

Counted for an account and an address together, and more generously for each alone. The name that
was typed counts, known or not, so a lock tells nothing about which accounts exist.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from portico.domain.records import fold

PAIR_FAILURES = 5
FIRST_LOCK_SECONDS = 60
LONGEST_LOCK_SECONDS = 60 * 60
WIDE_FAILURES = 50
WIDE_WINDOW_SECONDS = 60 * 60
FORGET_SECONDS = 24 * 60 * 60
UNKNOWN_ADDRESS = "unknown"


@dataclass(frozen=True, kw_only=True)
class FailureKey:
    """What failures are counted for: a door, and there an account, an address, or both."""

    scope: str
    account: str = ""
    address: str = ""

    @property
    def is_pair(self) -> bool:
        """Whether it names an account and an address together."""
        return bool(self.account and self.address)


@dataclass(frozen=True, kw_only=True)
class Failures:
    """The failures of one key since `since`, and until when it is locked."""

    key: FailureKey
    failures: int
    since: int
    locked_until: int = 0


def failure_keys(
    scope: str, account: str, address: str, *, device: str = ""
) -> tuple[FailureKey, ...]:
    """The three keys of an attempt. Accounts are digests: people type passwords into names.

    An account counts as it is looked up: without the white space around it, in any case.
    An attempt on a device that is known for the account has one key, which takes the device's
    digest for the address: no failures elsewhere lock it, and its own lock nobody else.
    """
    digest = account_digest(account)
    if device:
        return (FailureKey(scope=scope, account=digest, address=f"device {device}"),)
    address = address_block(address)
    return (
        FailureKey(scope=scope, account=digest, address=address),
        FailureKey(scope=scope, account=digest),
        FailureKey(scope=scope, address=address),
    )


def account_digest(account: str) -> str:
    """A digest of an account's name as it is looked up."""
    return hashlib.sha256(fold(account.strip()).encode("utf-8", "surrogatepass")).hexdigest()


def address_block(address: str) -> str:
    """What an address counts as: itself, or the network of 64 bits that one IPv6 host commands."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNKNOWN_ADDRESS
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))


def address_network(address: str) -> str:
    """The network that one customer of a provider commonly commands: /24 of IPv4, /48 of IPv6."""
    block = address_block(address)
    if block == UNKNOWN_ADDRESS:
        return block
    prefix = 24 if isinstance(ip_address(block), IPv4Address) else 48
    return str(ip_network(f"{block}/{prefix}", strict=False))


def with_failure(counted: Failures | None, key: FailureKey, now: int) -> Failures:
    """The count with one failure more, and the lock that follows from it."""
    window = FORGET_SECONDS if key.is_pair else WIDE_WINDOW_SECONDS
    if counted is None or now - counted.since >= window:
        counted = Failures(key=key, failures=0, since=now)
    failures = counted.failures + 1
    return replace(counted, failures=failures, locked_until=_lock(counted, failures, now))


def _lock(counted: Failures, failures: int, now: int) -> int:
    if not counted.key.is_pair:
        over = failures >= WIDE_FAILURES
        return now + WIDE_WINDOW_SECONDS if over else counted.locked_until
    if failures < PAIR_FAILURES:
        return counted.locked_until
    doublings = min(failures - PAIR_FAILURES, 10)
    return now + min(FIRST_LOCK_SECONDS << doublings, LONGEST_LOCK_SECONDS)


def without_failure(counted: Failures) -> Failures:
    """The count after an attempt that was counted beforehand succeeded."""
    return replace(counted, failures=max(0, counted.failures - 1), locked_until=0)
