"""Slow reads share a few places, and no tenant ever has all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from portico.domain.errors import Overloaded
from portico.storage.engine.slots import Slots

LONG = 30.0


class Reads:
    """Reads that hold a place until they are told to end."""

    def __init__(self, shared: Slots) -> None:
        self._slots = shared
        self.running: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, *names: str) -> None:
        """Starts reads; the first letter of a name is the tenant's."""
        for name in names:
            self._ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._read(name))
        await settle()

    async def end(self, name: str) -> None:
        """Lets a read end."""
        self._ends[name].set()
        await settle()

    async def _read(self, name: str) -> None:
        async with self._slots.hold(ord(name[0])):
            self.running.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.running.remove(name)


async def settle() -> None:
    """Lets every task go on until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


def with_reads(shared: Callable[[], Slots], work: Callable[[Reads], Awaitable[None]]) -> None:
    """Runs work with reads, and ends them all."""

    async def run() -> None:
        reads = Reads(shared())
        await work(reads)
        for task in reads.tasks.values():
            task.cancel()
            with suppress(asyncio.CancelledError, Overloaded):
                await task

    asyncio.run(run())


def three_places() -> Slots:
    """Three places, two for each tenant."""
    return Slots(in_all=3, for_each=2, wait_seconds=LONG)


def test_tenant_leaves_a_place_to_the_others() -> None:
    async def work(reads: Reads) -> None:
        await reads.start("a1", "a2", "a3", "a4", "b1", "b2")
        assert reads.running == ["a1", "a2", "b1"]

        await reads.end("a1")
        assert reads.running == ["a2", "b1", "a3"]
        await reads.end("b1")
        assert reads.running == ["a2", "a3", "b2"]
        await reads.end("a2")
        assert reads.running == ["a3", "b2", "a4"]

    with_reads(three_places, work)


def test_one_who_gives_up_makes_room() -> None:
    async def work(reads: Reads) -> None:
        await reads.start("a1", "a2", "a3", "a4")
        reads.tasks["a3"].cancel()
        reads.tasks["a1"].cancel()
        await settle()

        assert reads.running == ["a2", "a4"]
        await reads.end("a2")
        await reads.start("a5")
        assert reads.running == ["a4", "a5"]

    with_reads(three_places, work)


def test_place_passes_by_those_who_give_up_at_the_same_moment() -> None:
    async def work(reads: Reads) -> None:
        await reads.start("a1", "a2", "a3", "a4", "a5")
        reads._ends["a1"].set()
        reads.tasks["a3"].cancel()
        reads.tasks["a4"].cancel()
        await settle()

        assert reads.running == ["a2", "a5"]

    with_reads(three_places, work)


def test_place_that_is_given_to_one_who_gives_up_is_not_lost() -> None:
    async def work(reads: Reads) -> None:
        await reads.start("a1", "a2", "a3", "a4")
        reads._ends["a1"].set()
        reads._ends["a2"].set()
        await asyncio.sleep(0)
        reads.tasks["a3"].cancel()
        await settle()

        await reads.start("a5", "a6")
        assert reads.running == ["a4", "a5"]

    with_reads(three_places, work)


def test_waiting_in_vain_is_overloaded() -> None:
    async def work(reads: Reads) -> None:
        await reads.start("a1", "a2")
        with pytest.raises(Overloaded, match=r"waited 0\.01 seconds"):
            await reads._read("a3")

        await reads.end("a1")
        await reads.start("a4")
        assert reads.running == ["a2", "a4"]

    with_reads(lambda: Slots(in_all=3, for_each=2, wait_seconds=0.01), work)


def short_queue() -> Slots:
    """Three places, with room for three that wait."""
    return Slots(
        in_all=3, for_each=2, wait_seconds=LONG, waiting_in_all=3, waiting_for_each=2, what="pages"
    )


def test_queue_is_bounded_for_each_tenant_and_in_all() -> None:
    async def work(reads: Reads) -> None:
        await reads.start("a1", "a2", "a3", "a4", "b1")
        with pytest.raises(Overloaded, match="Too many pages"):
            await reads._read("a5")
        await reads.start("b2")
        with pytest.raises(Overloaded, match="Too many pages"):
            await reads._read("c1")

    with_reads(short_queue, work)
