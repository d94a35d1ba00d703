"""Counts the requests of each API client in this process, by the minute.

The headers are those of the vendor's gateway (docs/explanation/vendor-api.md, "Rate limits").
No request is refused unless the operator sets a limit.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from portico.domain.records import Clock

WINDOW_SECONDS = 60
ADVERTISED_LIMIT = 5_000
CLIENTS = 10_000
"""Clients after which those of earlier windows are forgotten."""


class RateUsage(NamedTuple):
    """The requests that a client has used of its limit in the current window.

    `reset` is the number of seconds until the window ends.
    """

    limit: int
    used: int
    reset: int

    @property
    def exceeded(self) -> bool:
        """Return whether the request is over the limit."""
        return self.used > self.limit

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the three rate-limit headers of a response."""
        remaining = max(0, self.limit - self.used)
        return [
            _limit_header(self.limit),
            (b"x-ratelimit-remaining", b"%d" % remaining),
            (b"x-ratelimit-reset", b"%d" % self.reset),
        ]


@cache
def _limit_header(limit: int) -> tuple[bytes, bytes]:
    return b"x-ratelimit-limit", b"%d, %d;w=%d" % (limit, limit, WINDOW_SECONDS)


class RateCounter:
    """Counts the requests of every client in its current minute. A limit of 0 refuses nothing."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._limit = limit or ADVERTISED_LIMIT
        self.enforced = bool(limit)
        self._used: dict[int, tuple[int, int]] = {}
        """The window in which each client was last counted, and its requests in that window."""
        self._pruned = 0

    def count(self, client_id: int) -> RateUsage:
        """Count one request of a client, and return its usage in the current window."""
        window, elapsed = divmod(int(self._clock()), WINDOW_SECONDS)
        counted, used = self._used.get(client_id, (window, 0))
        used = used + 1 if counted == window else 1
        if window != self._pruned and len(self._used) >= CLIENTS:
            self._pruned = window
            self._used = {key: each for key, each in self._used.items() if each[0] == window}
        self._used[client_id] = (window, used)
        return RateUsage(self._limit, used, WINDOW_SECONDS - elapsed)
