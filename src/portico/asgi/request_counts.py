"""Counts of requests and their durations in one process, by operation, method and status.

A request costs a few increments of plain numbers. The metrics read them when they are collected.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping

from starlette.types import Scope

from portico.asgi.routing import has_route, placed_route

UNMATCHED = "unmatched"
OTHER_METHOD = "OTHER"
DISCONNECTED = 0
"""The status of a request whose client left before the response began."""

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram of durations, in seconds."""

_QUICK = BUCKETS[0]
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_UNMATCHED_STATUSES = (400, 404, 405, 413, 500, 503)


class RequestSeries:
    """The requests of one operation and method. `buckets` has one more entry than `BUCKETS`."""

    __slots__ = ("buckets", "operation", "seconds", "statuses")

    def __init__(self, operation: str, statuses: Iterable[int]) -> None:
        self.operation = operation
        self.statuses = dict.fromkeys((*sorted(statuses), DISCONNECTED), 0)
        self.seconds = 0.0
        self.buckets = [0] * (len(BUCKETS) + 1)

    def add(self, status: int, seconds: float) -> None:
        """Count a request that has ended."""
        try:
            self.statuses[status] += 1
        except KeyError:
            self.statuses[status] = 1
        self.seconds += seconds
        # Most cached reads are in the first bucket, and a comparison costs less than a call.
        self.buckets[0 if seconds <= _QUICK else bisect_left(BUCKETS, seconds)] += 1


def operation_of(scope: Scope) -> str:
    """Return the name of the operation that the router chose, or `unmatched`."""
    return placed_route(scope).operation_name if has_route(scope) else UNMATCHED


class RequestCounts:
    """The requests of one process.

    `operations` are all operations with their method and the statuses that they usually answer,
    so that every series exists before its first request.
    """

    def __init__(self, operations: Mapping[tuple[str, str], Collection[int]] | None = None) -> None:
        known: dict[tuple[str, str], Collection[int]] = {
            (UNMATCHED, method): _UNMATCHED_STATUSES for method in (*METHODS, OTHER_METHOD)
        }
        known |= operations or {}
        self.series = {key: RequestSeries(key[0], statuses) for key, statuses in known.items()}

    def of(self, scope: Scope) -> RequestSeries:
        """Return the series of a request that the router has seen."""
        return self.of_operation(operation_of(scope), scope["method"])

    def of_operation(self, operation: str, method: str) -> RequestSeries:
        """Return the series of an operation and a method."""
        series = self.series.get((operation, method))
        if series is None:
            # Anybody can invent methods, so all unknown ones share a series.
            key = (operation, method if method in METHODS else OTHER_METHOD)
            series = self.series.setdefault(key, RequestSeries(operation, ()))
        return series
