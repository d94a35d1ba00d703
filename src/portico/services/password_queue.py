"""The bounded queue for hashing passwords: the order of turns, and who is turned away.

Hashing is slow on purpose, so a flood of wrong sign-ins must not keep out people who know their
password. `docs/decisions/0020-sign-in-under-a-flood.md` explains each rule.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from cachetools import TTLCache

from portico.domain.errors import TooManySignIns

KNOWN_DEVICE_SLOTS = 32
OTHER_SLOTS = 64
LONGEST_WAIT_SECONDS = 10.0
RETRY_SECONDS = 5
REMEMBERED_SECONDS = 60 * 60
REMEMBERED_SOURCES = 10_000


@dataclass(frozen=True, kw_only=True)
class Applicant:
    """A request for a turn.

    `known` is True for people who are signed in or have signed in on this device before. `groups`
    are what an applicant can share with others, such as an address block; the first group is its
    own source. `arrival` is the number that the queue gave to its request, or None for now.
    """

    known: bool
    groups: tuple[str, ...]
    arrival: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Waiter:
    """An applicant in the queue. `granted` becomes True for a turn, False for being turned away."""

    applicant: Applicant
    arrival: int
    granted: asyncio.Future[bool]


class PasswordQueue:
    """Gives out turns to hash a password, up to `at_once` at a time, in one process."""

    def __init__(self, *, at_once: int, timer: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._running = 0
        self._last_was_known = False
        self._waiting: list[_Waiter] = []
        self._arrivals = count()
        self.rejected = 0
        self._failures: TTLCache[str, int] = TTLCache(
            REMEMBERED_SOURCES, ttl=REMEMBERED_SECONDS, timer=timer
        )

    @property
    def running(self) -> int:
        """The number of passwords that are being hashed."""
        return self._running

    def waiting(self, *, known: bool) -> int:
        """Return how many applicants of one kind wait for a turn. Any thread may call it."""
        return sum(each.applicant.known == known for each in tuple(self._waiting))

    def note_arrival(self) -> int:
        """Return the arrival number of a request that will ask for a turn later.

        Without it, the order would depend on how fast the database responds.
        """
        return next(self._arrivals)

    @asynccontextmanager
    async def turn(
        self, applicant: Applicant, left: Callable[[], Awaitable[None]] | None = None
    ) -> AsyncIterator[None]:
        """Wait for a turn and hold it for the block.

        An exception in the block counts as a failure of the applicant's source. `left` returns when
        the client closes the connection, which removes the applicant from the queue.
        Raises TooManySignIns for an applicant that is turned away or has waited too long.
        """
        waiter = self._enter(applicant)
        try:
            if not await self._wait(waiter, left):
                self.rejected += 1
                raise TooManySignIns(RETRY_SECONDS)
            yield
        except BaseException:
            source = applicant.groups[0]
            self._failures[source] = self._failures.get(source, 0) + 1
            raise
        finally:
            self._leave(waiter)

    def _enter(self, applicant: Applicant) -> _Waiter:
        granted = asyncio.get_running_loop().create_future()
        arrival = self.note_arrival() if applicant.arrival is None else applicant.arrival
        waiter = _Waiter(applicant=applicant, arrival=arrival, granted=granted)
        self._waiting.append(waiter)
        self._grant_turns()
        waiting = self._in_order(known=applicant.known)
        if len(waiting) > (KNOWN_DEVICE_SLOTS if applicant.known else OTHER_SLOTS):
            self._waiting.remove(waiting[-1])
            waiting[-1].granted.set_result(False)
        return waiter

    async def _wait(self, waiter: _Waiter, left: Callable[[], Awaitable[None]] | None) -> bool:
        if waiter.granted.done():
            return waiter.granted.result()
        events: list[asyncio.Future[bool] | asyncio.Future[None]] = [waiter.granted]
        if left is not None:
            events.append(asyncio.ensure_future(left()))
        try:
            await asyncio.wait(
                events, timeout=LONGEST_WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for watch in events[1:]:
                watch.cancel()
        return waiter.granted.done() and waiter.granted.result()

    def _leave(self, waiter: _Waiter) -> None:
        if not waiter.granted.done():
            self._waiting.remove(waiter)
        elif waiter.granted.result():
            self._running -= 1
        self._grant_turns()

    def _grant_turns(self) -> None:
        """Start as many turns as are free, alternating between known and other applicants."""
        while self._running < self._at_once and self._waiting:
            known, others = self._in_order(known=True), self._in_order(known=False)
            first = (others if not known or (others and self._last_was_known) else known)[0]
            self._waiting.remove(first)
            self._running += 1
            self._last_was_known = first.applicant.known
            first.granted.set_result(True)

    def _in_order(self, *, known: bool) -> list[_Waiter]:
        """Return the waiting applicants of one kind in order; the last one is turned away first.

        Sources with fewer recent failures come first, then smaller groups, then newer requests,
        because people who have waited long are more likely to have left.
        """
        waiting = [each for each in self._waiting if each.applicant.known == known]
        sizes = Counter(group for each in waiting for group in each.applicant.groups)
        return sorted(
            waiting,
            key=lambda each: (
                self._failures.get(each.applicant.groups[0], 0),
                max(sizes[group] for group in each.applicant.groups),
                -each.arrival,
            ),
        )
