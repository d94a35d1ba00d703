"""The lock-out after failed sign-ins: how many are allowed, and how long a lock lasts.

Failures count for each pair of account and address, and with a higher limit for each alone. They
count for any typed name, so a lock does not reveal which accounts exist.
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
    """An account, an address or both, for which failures count in one scope.

    The scope is the console, or a tenant for its portals.
    """

    scope: str
    account: str = ""
    address: str = ""

    @property
    def is_pair(self) -> bool:
        """Return whether it names both an account and an address."""
        return bool(self.account and self.address)


@dataclass(frozen=True, kw_only=True)
class Failures:
    """The number of failures of a key since `since`, and the end of its lock, in epoch seconds."""

    key: FailureKey
    failures: int
    since: int
    locked_until: int = 0


def failure_keys(
    scope: str, account: str, address: str, *, device: str = ""
) -> tuple[FailureKey, ...]:
    """Return the keys of a sign-in attempt: the pair, the account and the address.

    Accounts are digests, because people type passwords into the name field. An attempt on a known
    device has only one key, with the digest of the device in place of the address. So failures
    elsewhere do not lock it, and its own failures lock nobody else.
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
    """Return a digest of an account name, ignoring case and surrounding white space."""
    return hashlib.sha256(fold(account.strip()).encode("utf-8", "surrogatepass")).hexdigest()


def address_block(address: str) -> str:
    """Return what failures count for: an IPv4 address, or the /64 network of an IPv6 address."""
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
    """Return the network that one customer commonly controls: /24 of IPv4, /48 of IPv6."""
    block = address_block(address)
    if block == UNKNOWN_ADDRESS:
        return block
    prefix = 24 if isinstance(ip_address(block), IPv4Address) else 48
    return str(ip_network(f"{block}/{prefix}", strict=False))


def with_failure(counted: Failures | None, key: FailureKey, now: int) -> Failures:
    """Return the count with one more failure, and the resulting lock."""
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
    """Return the count after an attempt succeeded that was already counted as failed."""
    return replace(counted, failures=max(0, counted.failures - 1), locked_until=0)
