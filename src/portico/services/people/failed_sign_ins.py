"""Failed sign-ins as events in the log, a bounded number of lines however many fail.

Typed names and passwords are never logged: people type passwords into the name field.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum

from portico.domain.errors import (
    LockedOut,
    PasswordLinkNotValid,
    PorticoError,
    TooManySignIns,
)
from portico.domain.people.lockout import address_block

WINDOW_SECONDS = 60.0
LINES_IN_A_WINDOW = 60
"""Most failures of a window that are logged in detail. All others share one line."""

logger = logging.getLogger("portico")


class SignInChannel(StrEnum):
    """Where somebody tried to sign in."""

    CONSOLE = "console"
    PORTAL = "portal"
    API = "api"
    PROVIDER = "provider"


class Why(StrEnum):
    """Why a sign-in failed."""

    CREDENTIALS = "credentials"
    SECOND_FACTOR = "second_factor"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    LOCKED = "locked"
    BUSY = "busy"
    ATTEMPT = "attempt"
    LINK = "link"
    PROVIDER = "provider"


@dataclass(frozen=True, kw_only=True)
class FailedSignIn:
    """One failed sign-in. An id is None where it is not known."""

    channel: SignInChannel
    why: Why
    address: str
    customer_id: int | None = None
    portal_id: int | None = None
    client_id: int | None = None
    provider_id: int | None = None


class FailedSignIns:
    """Logs the failed sign-ins of one process.

    The first of its kind from an address is logged at once, the number of others after a minute.
    """

    def __init__(self, *, window_seconds: float = WINDOW_SECONDS) -> None:
        self._window_seconds = window_seconds
        self.totals: Counter[tuple[SignInChannel, Why]] = Counter()
        self._more: Counter[FailedSignIn] = Counter()
        self._others = 0
        self._timer: asyncio.TimerHandle | None = None

    def note(self, failure: FailedSignIn) -> None:
        """Record a failure. Call it on the event loop."""
        self.totals[failure.channel, failure.why] += 1
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._window_seconds, self.flush)
        kind = _kind(failure)
        if kind in self._more:
            self._more[kind] += 1
        elif len(self._more) < LINES_IN_A_WINDOW:
            self._more[kind] = 0
            _log(failure, 1)
        else:
            self._others += 1

    def flush(self) -> None:
        """Log the counts of the window. The next failure begins a new one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for failure, count in self._more.items():
            if count:
                _log(failure, count)
        if self._others:
            logger.warning(
                "%d sign-ins from many other addresses failed.",
                self._others,
                extra={"event": "sign_in.failed", "count": self._others},
            )
        self._more.clear()
        self._others = 0


def why_refused(error: PorticoError) -> Why:
    """Return why a sign-in by password, or setting one by a link, failed."""
    if isinstance(error, LockedOut):
        return Why.LOCKED
    if isinstance(error, PasswordLinkNotValid):
        return Why.LINK
    return Why.BUSY if isinstance(error, TooManySignIns) else Why.CREDENTIALS


def _kind(failure: FailedSignIn) -> FailedSignIn:
    """Return what failures that are counted together share, as an IPv6 host has many addresses."""
    return replace(failure, address=address_block(failure.address))


def _log(failure: FailedSignIn, count: int) -> None:
    ids = {
        "customerId": failure.customer_id,
        "portalId": failure.portal_id,
        "clientId": failure.client_id,
        "providerId": failure.provider_id,
    }
    logger.warning(
        "%d failed sign-in%s: %s, %s.",
        count,
        "" if count == 1 else "s",
        failure.channel,
        failure.why,
        extra={
            "event": "sign_in.failed",
            "channel": failure.channel,
            "reason": failure.why,
            "peer": failure.address or None,
            "count": count,
            **{name: str(value) for name, value in ids.items() if value is not None},
        },
    )
