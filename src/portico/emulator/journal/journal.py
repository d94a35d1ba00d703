"""The entries in memory: bounded, searchable, and announced to those who wait or listen."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from portico.domain.errors import Unavailable
from portico.emulator.journal.entries import Entry, EntryFilter

MAX_ENTRIES = 10_000
MAX_BYTES = 64 * 1024 * 1024
MAX_LISTENERS = 16
LISTENER_ENTRIES = 256
MAX_CALLERS = 1_000
MAX_WAITING = 64
"""How many answers of one caller wait for its next request."""

ALL = EntryFilter()
"""The filter that selects every entry."""

K = TypeVar("K")


class TooManyListeners(Unavailable):
    """The journal has as many listeners as it can serve."""

    code = "portico.journal.listeners.exceeded"

    def __init__(self) -> None:
        super().__init__(
            f"{MAX_LISTENERS} clients already listen to the journal. Close one of them first."
        )


class Listener:
    """The entries that one listener has not received yet. Of too many, the oldest are dropped."""

    def __init__(self, wanted: EntryFilter) -> None:
        self._wanted = wanted
        self._entries: deque[Entry] = deque(maxlen=LISTENER_ENTRIES)
        self._arrived = asyncio.Event()
        self._dropped = 0

    def offer(self, entry: Entry) -> None:
        """Add an entry if the listener wants it."""
        if self._wanted.selects(entry):
            self._dropped += len(self._entries) == LISTENER_ENTRIES
            self._entries.append(entry)
            self._arrived.set()

    async def take(self) -> tuple[list[Entry], int]:
        """Wait for entries. Return them, and how many were dropped since the last call."""
        await self._arrived.wait()
        self._arrived.clear()
        taken, dropped = list(self._entries), self._dropped
        self._entries.clear()
        self._dropped = 0
        return taken, dropped


@dataclass(eq=False)
class _Waiter:
    wanted: EntryFilter
    count: int
    missing: int
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def see(self, entry: Entry) -> None:
        if self.wanted.selects(entry):
            self.missing -= 1
            if self.missing <= 0:
                self.done.set()


class Sent(NamedTuple):
    """What makes a request the same as an earlier one: its caller, method, path and query."""

    caller: str
    method: str
    path: str
    query: str


class _Answered(NamedTuple):
    entry: Entry
    ended: float


class _Waits:
    """The answered requests of each caller since its last one, until the next one begins."""

    def __init__(self) -> None:
        self._by_caller: OrderedDict[str, list[_Answered]] = OrderedDict()
        self._by_request: OrderedDict[Sent, list[_Answered]] = OrderedDict()

    def start(self, entry: Entry, request: Sent, ended: float) -> None:
        answered = _Answered(entry, ended)
        _append(self._by_caller, request.caller, answered)
        _append(self._by_request, request, answered)

    def end(self, request: Sent, started: float) -> None:
        for entry, ended in self._by_caller.pop(request.caller, ()):
            entry.waited_seconds = round(started - ended, 3)
        for entry, ended in self._by_request.pop(request, ()):
            entry.retried_seconds = round(started - ended, 3)


def _append(waiting: OrderedDict[K, list[_Answered]], key: K, answered: _Answered) -> None:
    together = waiting.setdefault(key, [])
    waiting.move_to_end(key)
    if len(together) < MAX_WAITING:
        together.append(answered)
    if len(waiting) > MAX_CALLERS:
        waiting.popitem(last=False)


class Journal:
    """All entries, oldest first. It drops the oldest when there are too many or they are too large.

    It belongs to one event loop.
    """

    def __init__(self, *, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._last_id = 0
        self._cleared: dict[str | None, int] = {}
        self._listeners: list[Listener] = []
        self._waiters: list[_Waiter] = []
        self._waits = _Waits()
        self.dropped = 0
        """How many entries were dropped because the journal was full."""

    def next_id(self) -> str:
        """Return the id of the next entry."""
        self._last_id += 1
        return str(self._last_id)

    def begin(self, request: Sent, started: float) -> None:
        """Note when a request began, so that earlier entries say how long the client waited."""
        self._waits.end(request, started)

    def add(self, entry: Entry, request: Sent, *, ended: float) -> None:
        """Add an entry. Its answer ended at a time in monotonic seconds."""
        self._entries.append(entry)
        self._bytes += entry.weight
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._bytes -= self._entries.popleft().weight
            self.dropped += 1
        self._waits.start(entry, request, ended)
        for waiter in self._waiters:
            waiter.see(entry)
        for listener in self._listeners:
            listener.offer(entry)

    def entries(self, wanted: EntryFilter = ALL) -> list[Entry]:
        """Return the selected entries, oldest first."""
        return [each for each in self._entries if wanted.selects(each) and self._is_shown(each)]

    def whole_run(self, wanted: EntryFilter = ALL) -> list[Entry]:
        """Return the selected entries, oldest first, and also those that were cleared."""
        return [each for each in self._entries if wanted.selects(each)]

    def count(self, wanted: EntryFilter) -> int:
        """Return how many entries a filter selects."""
        return len(self.entries(wanted))

    async def wait_for(self, wanted: EntryFilter, count: int, seconds: float) -> int:
        """Wait until a filter selects that many entries, at most some seconds.

        Return how many it selects then.
        """
        waiter = _Waiter(wanted, count, count - self.count(wanted))
        if waiter.missing > 0:
            self._waiters.append(waiter)
            try:
                async with asyncio.timeout(seconds):
                    await waiter.done.wait()
            except TimeoutError:
                return self.count(wanted)
            finally:
                self._waiters.remove(waiter)
        return self.count(wanted)

    def clear(self, customer_id: str | None = None) -> None:
        """Show no entries any more of those until now: of all tenants, or of one.

        They stay in memory for the report of the whole run, within the limits of the journal.
        """
        if customer_id is None:
            self._cleared.clear()
        self._cleared[customer_id] = self._last_id
        for waiter in self._waiters:
            waiter.missing = max(1, waiter.count - self.count(waiter.wanted))

    def _is_shown(self, entry: Entry) -> bool:
        cleared = max(self._cleared.get(None, 0), self._cleared.get(entry.customer_id, 0))
        return int(entry.id) > cleared

    def require_room(self) -> None:
        """Raise TooManyListeners if there is no room for another listener."""
        if len(self._listeners) >= MAX_LISTENERS:
            raise TooManyListeners

    @contextmanager
    def listening(self, wanted: EntryFilter) -> Iterator[Listener]:
        """Return a listener for the length of a block. Raises TooManyListeners."""
        self.require_room()
        listener = Listener(wanted)
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)
