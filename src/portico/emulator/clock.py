"""The clock of the stand-in: it can be set, advanced and frozen, for all tenants or for one.

Everything that Portico dates or lets expire reads it. The `exp` claim of tokens does not, because
clients compare that with the real time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from portico.domain.errors import InvalidField
from portico.domain.records import Clock

EARLIEST = 946_684_800
"""2000-01-01T00:00:00Z, the earliest time that the clock can show."""

LATEST = 2_524_607_999
"""2049-12-31T23:59:59Z, the latest time that the clock can show. Ids cover no later times."""

CLOCK_RANGE = LATEST - EARLIEST
"""The most seconds by which the clock can be moved."""

_served_tenant: ContextVar[int | None] = ContextVar("portico_served_tenant", default=None)


@dataclass(frozen=True)
class Hand:
    """What a clock shows: a frozen moment, or the real time plus an offset in seconds."""

    offset: float = 0.0
    frozen_at: float | None = None

    def moment(self, wall: float) -> float:
        """Return the time shown at a real time, both in epoch seconds."""
        return wall + self.offset if self.frozen_at is None else self.frozen_at


class EmulatedClock:
    """A clock that tests control. Calling it returns epoch seconds, as `time.time` does.

    A tenant follows the common clock until its own is changed. A change for all tenants, which has
    no `customer_id`, ends that. While a request is served, a call returns the time of its tenant.
    `start` is what the clock shows at first and after a reset.
    """

    def __init__(self, wall: Clock = time.time, start: Hand | None = None) -> None:
        self._wall = wall
        self._start = start or Hand()
        self._common = self._start
        self._own: dict[int, Hand] = {}

    def __call__(self) -> float:
        """Return the time in the tenant of the request that is served, else the common time."""
        return self.time_in(_served_tenant.get())

    def wall(self) -> float:
        """Return the real time in epoch seconds."""
        return self._wall()

    def time_in(self, customer_id: int | None) -> float:
        """Return the time in a tenant in epoch seconds; None stands for the common time."""
        return self.hand(customer_id).moment(self._wall())

    def hand(self, customer_id: int | None = None) -> Hand:
        """Return what the clock of a tenant shows; None stands for the common clock."""
        return self._common if customer_id is None else self._own.get(customer_id, self._common)

    def set(self, moment: float, customer_id: int | None = None) -> None:
        """Show a time in epoch seconds. A frozen clock stays frozen. Raises InvalidField."""
        self._check(moment)
        self._put(self._shown(self.hand(customer_id), moment), customer_id)

    def advance(self, seconds: float, customer_id: int | None = None) -> None:
        """Move the clock by seconds, which can be negative. Raises InvalidField.

        Without a tenant, every tenant's own clock moves by the same time.
        """
        wall = self._wall()
        hands = [self._common, *self._own.values()] if customer_id is None else []
        for each in hands or [self.hand(customer_id)]:
            self._check(each.moment(wall) + seconds)
        if customer_id is not None:
            self._own[customer_id] = _moved(self.hand(customer_id), seconds)
            return
        self._common = _moved(self._common, seconds)
        self._own = {each: _moved(hand, seconds) for each, hand in self._own.items()}

    def freeze(self, customer_id: int | None = None) -> None:
        """Stop the clock at the time that it shows."""
        moment = self.time_in(customer_id)
        self._put(replace(self.hand(customer_id), frozen_at=moment), customer_id)

    def unfreeze(self, customer_id: int | None = None) -> None:
        """Let a frozen clock run on from the time that it shows."""
        hand = self.hand(customer_id)
        if hand.frozen_at is not None:
            self._put(Hand(offset=hand.frozen_at - self._wall()), customer_id)

    def reset(self, customer_id: int | None = None) -> None:
        """Show what it showed at first. For one tenant: follow the common clock again."""
        if customer_id is None:
            self._common = self._start
            self._own.clear()
        else:
            self._own.pop(customer_id, None)

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo the changes that a block made if it raises InvalidField."""
        common, own = self._common, dict(self._own)
        try:
            yield
        except InvalidField:
            self._common, self._own = common, own
            raise

    @contextmanager
    def serving(self, customer_id: int | None) -> Iterator[None]:
        """Show the time of a tenant to what the block calls."""
        token = _served_tenant.set(customer_id)
        try:
            yield
        finally:
            _served_tenant.reset(token)

    def _put(self, hand: Hand, customer_id: int | None) -> None:
        if customer_id is None:
            self._common = hand
            self._own.clear()
        else:
            self._own[customer_id] = hand

    def _shown(self, hand: Hand, moment: float) -> Hand:
        if hand.frozen_at is not None:
            return replace(hand, frozen_at=moment)
        return Hand(offset=moment - self._wall())

    def _check(self, moment: float) -> None:
        if not EARLIEST <= moment <= LATEST:
            raise InvalidField("now", "The clock can show times of the years 2000 to 2049.")


def _moved(hand: Hand, seconds: float) -> Hand:
    if hand.frozen_at is not None:
        return replace(hand, frozen_at=hand.frozen_at + seconds)
    return replace(hand, offset=hand.offset + seconds)
