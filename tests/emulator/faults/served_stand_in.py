"""A whole stand-in, served over TCP to clients of the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from portico.emulation.assembly import make_stand_in_app
from portico.emulation.databases import kept_database
from portico.emulator.clock import EmulatedClock
from portico.emulator.faults.rules import read_rules
from portico.emulator.ids import CountingIds
from portico.emulator.journal.entries import Entry, EntryFilter
from portico.emulator.stand_in import StandIn
from portico.settings import Settings
from tests.emulator.listeners.serving import SECONDS, Served, served
from tests.emulator.stand_ins import Account, add_account
from tests.harness import new_tenant_name, run_on_thread

T = TypeVar("T")


@dataclass(frozen=True)
class ServedStandIn:
    """A running stand-in. Its parts belong to the event loop of its server."""

    served: Served
    stand_in: StandIn

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.served.url

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of asynchronous work on the server's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.served.loop).result(SECONDS)

    def tenant(self) -> Account:
        """A new tenant with an API client."""
        return self.run(add_account(self.stand_in, new_tenant_name()))

    def arm(self, *rules: dict[str, Any], customer_id: str) -> None:
        """Replaces the fault rules of a tenant."""
        checked = read_rules(list(rules), self.stand_in.operations)
        faults = self.stand_in.faults
        self.served.run(lambda: faults.replace(checked, customer_id=customer_id))

    def requests(self, wanted: EntryFilter) -> list[Entry]:
        """The requests of the journal that a filter selects."""
        return self.served.run(lambda: self.stand_in.journal.entries(wanted))


@contextmanager
def served_stand_in(folder: Path) -> Iterator[ServedStandIn]:
    """A stand-in without tenants, with a database in a folder, for the length of a block."""

    async def plant_nothing(_: StandIn) -> None:
        return

    stand_in = StandIn(EmulatedClock(), CountingIds())
    url = run_on_thread(kept_database(folder / "portico.db"))
    settings = replace(Settings(), database=url, access_log=False)
    app: Any = make_stand_in_app(settings, stand_in, plant_nothing)
    with served(app) as running:
        yield ServedStandIn(running, stand_in)
