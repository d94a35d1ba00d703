"""Slots for costly work: a limit in all and for each tenant, and a bounded queue.

What one tenant asks for must never take every thread, connection or byte from the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from types import TracebackType

from portico.domain.errors import Overloaded

WAITING_IN_ALL = 512
WAITING_FOR_EACH = 128


@dataclass(frozen=True, eq=False)
class _Waiter:
    customer_id: int
    turn: asyncio.Future[None]


class Slots:
    """The slots of one process for one kind of work. `what` names it in errors.

    A tenant is named by its customer id, 0 for none.
    """

    def __init__(
        self,
        *,
        in_all: int,
        for_each: int,
        wait_seconds: float,
        waiting_in_all: int = WAITING_IN_ALL,
        waiting_for_each: int = WAITING_FOR_EACH,
        what: str = "slow reads",
    ) -> None:
        self._in_all = in_all
        self._for_each = for_each
        self._wait_seconds = wait_seconds
        self._waiting_in_all = waiting_in_all
        self._waiting_for_each = waiting_for_each
        self._what = what
        self._taken: Counter[int] = Counter()
        self._queue: list[_Waiter] = []

    @property
    def taken(self) -> int:
        """The number of slots in use."""
        return self._taken.total()

    @property
    def waiting(self) -> int:
        """The number of those who wait for a slot."""
        return len(self._queue)

    def hold(self, customer_id: int) -> Held:
        """Hold a slot for the length of a block.

        Raises Overloaded when entered, if the queue is full or no slot is free in time.
        """
        return Held(self, customer_id)

    def is_free(self, customer_id: int) -> bool:
        """Return whether a tenant would get a slot without waiting."""
        # A free slot has no waiter: `give_back` starts the one whose limits then allow it.
        return self._taken.total() < self._in_all and self._taken[customer_id] < self._for_each

    def take_free(self, customer_id: int) -> bool:
        """Take a slot, to be given back, if that needs no waiting. Return whether it did."""
        is_free = self.is_free(customer_id)
        if is_free:
            self._taken[customer_id] += 1
        return is_free

    async def take(self, customer_id: int) -> None:
        """Take a slot, to be given back. Raises Overloaded as `hold` does."""
        if not self.take_free(customer_id):
            await self._wait(customer_id)

    async def _wait(self, customer_id: int) -> None:
        of_tenant = sum(waiter.customer_id == customer_id for waiter in self._queue)
        if of_tenant >= self._waiting_for_each or len(self._queue) >= self._waiting_in_all:
            raise Overloaded(f"Too many {self._what} are waiting already. Try again in a moment.")
        waiter = _Waiter(customer_id, asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await waiter.turn
        except BaseException as error:
            if waiter in self._queue:
                self._queue.remove(waiter)
            else:
                self.give_back(customer_id)
            if isinstance(error, TimeoutError):
                raise Overloaded(
                    f"This one waited {self._wait_seconds:g} seconds for other {self._what} "
                    "to end, in vain. Try again in a moment."
                ) from None
            raise

    def give_back(self, customer_id: int) -> None:
        """Return a slot, and start the first in the queue whose limits allow it."""
        self._taken[customer_id] -= 1
        if not self._taken[customer_id]:
            del self._taken[customer_id]
        for waiter in self._queue:
            # A waiter that timed out stays in the queue until its task runs.
            if self.is_free(waiter.customer_id) and not waiter.turn.done():
                self._queue.remove(waiter)
                self._taken[waiter.customer_id] += 1
                waiter.turn.set_result(None)
                return


class Held:
    """A slot for the length of a block.

    A class and not a generator, because every search enters one.
    """

    __slots__ = ("_customer_id", "_slots")

    def __init__(self, slots: Slots, customer_id: int) -> None:
        self._slots = slots
        self._customer_id = customer_id

    async def __aenter__(self) -> None:
        """Take the slot."""
        await self._slots.take(self._customer_id)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the slot back."""
        self._slots.give_back(self._customer_id)
