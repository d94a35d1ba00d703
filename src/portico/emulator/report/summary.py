"""What a run called, counted: operations, unknown paths, ignored fields, and waits after a 429."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from portico.emulator.journal.entries import Entry
from portico.emulator.journal.near_misses import NearMiss, near_misses
from portico.emulator.operations import Operations

REFUSED = 429
TOLERANCE_SECONDS = 0.05
"""By how much a client can come early: clocks and timers are not that exact."""

MOST_UNKNOWN = 100
"""How many unknown paths a report explains."""


@dataclass
class OperationCount:
    """How often an operation was called, by status; a request without an answer counts as 0."""

    operation: str
    statuses: Counter[int] = field(default_factory=Counter)
    faults: int = 0

    @property
    def calls(self) -> int:
        """The number of calls."""
        return self.statuses.total()


@dataclass
class UnknownPath:
    """A method and a path that met no route, how often, and the closest operations."""

    method: str
    path: str
    calls: int
    closest: list[NearMiss]


@dataclass
class Refusals:
    """The 429s of one client, with what each told it to wait and what it waited, in seconds.

    A wait is None if no further request came.
    """

    client: str
    waits: list[tuple[float | None, float | None]] = field(default_factory=list)

    @property
    def told(self) -> float:
        """The seconds that the client was told to wait, together."""
        return sum(told or 0 for told, _ in self.waits)

    @property
    def waited(self) -> float:
        """The seconds that the client waited before its next requests, together."""
        return sum(waited or 0 for _, waited in self.waits)

    @property
    def early(self) -> int:
        """How often the client came back before the time."""
        return sum(
            1
            for told, waited in self.waits
            if told is not None and waited is not None and waited < told - TOLERANCE_SECONDS
        )


@dataclass
class Summary:
    """What a run called. `dropped` requests are missing, because the journal was full."""

    requests: int
    dropped: int
    operations: list[OperationCount]
    unknown: list[UnknownPath]
    unread_fields: dict[str, dict[str, int]]
    refusals: list[Refusals]


def summarise(entries: Iterable[Entry], operations: Operations, *, dropped: int = 0) -> Summary:
    """Return the summary of a run. Operations are in alphabetical order."""
    counts: dict[str, OperationCount] = {}
    unknown: Counter[tuple[str, str]] = Counter()
    unread: dict[str, Counter[str]] = {}
    refusals: dict[str, Refusals] = {}
    total = 0
    for entry in entries:
        total += 1
        if entry.operation is None:
            unknown[entry.method, entry.path] += 1
        else:
            count = counts.setdefault(entry.operation, OperationCount(entry.operation))
            count.statuses[entry.status or 0] += 1
            count.faults += entry.fault is not None
            if entry.unread_fields:
                unread.setdefault(entry.operation, Counter()).update(entry.unread_fields)
        if entry.status == REFUSED:
            client = entry.client_id or entry.address
            waits = refusals.setdefault(client, Refusals(client)).waits
            waits.append((entry.retry_after_seconds, entry.waited_seconds))
    return Summary(
        requests=total,
        dropped=dropped,
        operations=[counts[name] for name in sorted(counts)],
        unknown=_unknown(unknown, operations),
        unread_fields={name: dict(sorted(unread[name].items())) for name in sorted(unread)},
        refusals=[refusals[name] for name in sorted(refusals)],
    )


def _unknown(calls: Counter[tuple[str, str]], operations: Operations) -> list[UnknownPath]:
    explained = sorted(calls.items())[:MOST_UNKNOWN]
    return [
        UnknownPath(method, path, count, near_misses(method, path, operations))
        for (method, path), count in explained
    ]
