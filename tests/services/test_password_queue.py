"""The order of the queue for hashing passwords, with a hash that ends when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from portico.domain.errors import AccessDenied, TooManySignIns
from portico.domain.people.lockout import address_network
from portico.services import password_queue
from portico.services.password_queue import (
    KNOWN_DEVICE_SLOTS,
    OTHER_SLOTS,
    REMEMBERED_SECONDS,
    Applicant,
    PasswordQueue,
)


class Bench:
    """Applicants before a queue. `started` has their names in the order of their turns."""

    def __init__(self, *, at_once: int = 1) -> None:
        self.now = 0.0
        self.queue = PasswordQueue(at_once=at_once, timer=lambda: self.now)
        self.started: list[str] = []
        self.refused: list[str] = []
        self.running: dict[str, asyncio.Future[bool]] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(
        self,
        name: str,
        *,
        address: str = "",
        account: str = "",
        known: bool = False,
        arrival: int | None = None,
        left: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Somebody asks for a turn; by default from an address and for an account of its own."""
        address = address or f"10.0.{len(self.tasks)}.1"
        groups = (address, address_network(address), f"account {account or name}")
        applicant = Applicant(known=known, groups=(name,) if known else groups, arrival=arrival)
        self.tasks[name] = asyncio.create_task(self._take(name, applicant, left))
        await settle()

    async def _take(
        self, name: str, applicant: Applicant, left: Callable[[], Awaitable[None]] | None
    ) -> None:
        try:
            async with self.queue.turn(applicant, left):
                self.started.append(name)
                self.running[name] = asyncio.get_running_loop().create_future()
                if not await self.running[name]:
                    raise AccessDenied
        except AccessDenied:
            pass
        except TooManySignIns:
            self.refused.append(name)

    async def finish(self, name: str, *, right: bool = False) -> None:
        """The hash of one applicant ends."""
        self.running.pop(name).set_result(right)
        await settle()

    async def finish_all(self) -> list[str]:
        """Every hash ends; the names in the order of their turns."""
        while self.running:
            await self.finish(next(iter(self.running)))
        return self.started


async def settle() -> None:
    """Lets everything happen that can happen now."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_newest_goes_first_and_the_oldest_is_turned_away() -> None:
    async def run() -> Bench:
        bench = Bench()
        for number in range(OTHER_SLOTS + 3):
            await bench.ask(f"{number}")
        await bench.finish_all()
        return bench

    bench = asyncio.run(run())

    assert bench.refused == ["1", "2"]
    assert bench.started == ["0", *(str(each) for each in range(OTHER_SLOTS + 2, 2, -1))]


def test_request_that_the_database_answered_late_keeps_its_place() -> None:
    async def run() -> list[str]:
        bench = Bench()
        await bench.ask("running")
        first, second = bench.queue.note_arrival(), bench.queue.note_arrival()
        await bench.ask("second", arrival=second)
        await bench.ask("first", arrival=first)
        return await bench.finish_all()

    assert asyncio.run(run()) == ["running", "second", "first"]


def test_known_devices_are_next_and_have_places_of_their_own() -> None:
    async def run() -> Bench:
        bench = Bench()
        for number in range(OTHER_SLOTS + 50):
            await bench.ask(f"stranger {number}")
        await bench.ask("ada", known=True)
        await bench.finish("stranger 0")
        return bench

    bench = asyncio.run(run())

    assert bench.started == ["stranger 0", "ada"]
    assert "ada" not in bench.refused


def test_strangers_have_every_second_turn_while_known_devices_wait() -> None:
    async def run() -> list[str]:
        bench = Bench()
        for number in range(4):
            await bench.ask(f"known {number}", known=True)
            await bench.ask(f"other {number}")
        return await bench.finish_all()

    kinds = [name.split()[0] for name in asyncio.run(run())]

    assert kinds == ["known", "other"] * 4


def test_too_many_known_devices_are_turned_away_too() -> None:
    async def run() -> Bench:
        bench = Bench()
        for number in range(KNOWN_DEVICE_SLOTS + 3):
            await bench.ask(f"{number}", known=True)
        return bench

    assert asyncio.run(run()).refused == ["1", "2"]


@pytest.mark.parametrize(
    ("addresses", "account"),
    [
        (["192.0.2.1"], ""),
        ([f"192.0.2.{number}" for number in range(200)], ""),
        ([f"2001:db8:7:{number:x}::1" for number in range(200)], ""),
        ([f"198.18.{number}.1" for number in range(200)], "uma"),
    ],
    ids=["one address", "one IPv4 network", "one IPv6 network", "one account"],
)
def test_crowd_keeps_nobody_else_out(addresses: list[str], account: str) -> None:
    async def run() -> Bench:
        bench = Bench()
        await bench.ask("running")
        await bench.ask("alone")
        for number in range(200):
            address = addresses[number % len(addresses)]
            await bench.ask(f"crowd {number}", address=address, account=account)
        await bench.finish("running")
        return bench

    bench = asyncio.run(run())

    assert bench.started == ["running", "alone"]
    assert "alone" not in bench.refused


def test_address_that_failed_lately_comes_after_those_that_did_not() -> None:
    async def run() -> tuple[list[str], list[str]]:
        bench = Bench()
        await bench.ask("first failure", address="192.0.2.1")
        await bench.finish("first failure")
        await bench.ask("success", address="198.51.100.1")
        await bench.finish("success", right=True)
        orders = []
        for name in ("soon", "later"):
            await bench.ask(f"{name} running")
            await bench.ask(f"{name} without", address="198.51.100.1")
            await bench.ask(f"{name} with", address="192.0.2.1")
            bench.started.clear()
            await bench.finish(f"{name} running")
            await bench.finish(bench.started[0], right=True)
            await bench.finish(bench.started[1], right=True)
            orders.append(list(bench.started))
            bench.now += REMEMBERED_SECONDS
        return orders[0], orders[1]

    soon, later = asyncio.run(run())

    assert soon == ["soon without", "soon with"]
    assert later == ["later with", "later without"]


def test_those_who_come_again_and_again_give_way_to_who_comes_once() -> None:
    async def run() -> Bench:
        bench = Bench()
        for wave in range(3):
            for number in range(OTHER_SLOTS * 2):
                address = f"10.{number}.0.1"
                await bench.ask(f"{wave} {number}", address=address, account=f"{wave} {number}")
        await bench.ask("fresh", address="192.0.2.1")
        for number in range(OTHER_SLOTS * 2):
            await bench.ask(f"3 {number}", address=f"10.{number}.0.1", account=f"3 {number}")
        await bench.finish(bench.started[0])
        return bench

    bench = asyncio.run(run())

    assert bench.started[1] == "fresh"


def test_client_that_has_gone_gives_its_place_back() -> None:
    async def run() -> Bench:
        bench = Bench()
        gone = asyncio.Event()

        async def left() -> None:
            await gone.wait()

        await bench.ask("running")
        await bench.ask("waiting")
        await bench.ask("leaving", left=left)
        gone.set()
        await settle()
        await bench.finish_all()
        return bench

    bench = asyncio.run(run())

    assert bench.started == ["running", "waiting"]


def test_request_that_is_cancelled_gives_its_turn_back() -> None:
    async def run() -> Bench:
        bench = Bench()
        for name in ("running", "next", "cancelled"):
            await bench.ask(name)
        for name in ("cancelled", "running"):
            bench.tasks[name].cancel()
            await settle()
        bench.running.pop("running")
        await bench.finish_all()
        return bench

    assert asyncio.run(run()).started == ["running", "next"]


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_queue, "LONGEST_WAIT_SECONDS", 0.01)

    async def run() -> Bench:
        bench = Bench()
        await bench.ask("running")
        await bench.ask("waiting")
        await bench.tasks["waiting"]
        await bench.finish_all()
        return bench

    bench = asyncio.run(run())

    assert (bench.started, bench.refused) == (["running"], ["waiting"])


def test_several_turns_run_side_by_side() -> None:
    async def run() -> Bench:
        bench = Bench(at_once=2)
        for name in ("one", "two", "three"):
            await bench.ask(name)
        return bench

    assert asyncio.run(run()).started == ["one", "two"]
