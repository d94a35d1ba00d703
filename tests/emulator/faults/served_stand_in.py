"""A Portico with a journal, faults and limits, served over TCP to clients of the same process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portico.app import create_app
from portico.emulator.faults.fault_set import Faults
from portico.emulator.faults.limits import LimitsMiddleware, VendorLimits
from portico.emulator.faults.middleware import FaultsMiddleware
from portico.emulator.faults.rules import read_rules
from portico.emulator.journal.entries import Entry
from portico.emulator.journal.journal import Journal
from portico.emulator.journal.middleware import JournalMiddleware
from portico.services.runtime import Runtime
from portico.services.tenancy import tenants
from portico.settings import Settings
from tests.emulator.asgi_calls import operations
from tests.emulator.listeners.serving import Served, served
from tests.harness import Credentials, as_operator, create_client, new_tenant_name, upgrade


def wall(customer_id: str | None) -> float:
    """The real time, in every tenant."""
    return time.time()


@dataclass(frozen=True)
class ServedStandIn:
    """A running stand-in. Its parts belong to the event loop of its server."""

    served: Served
    database: str
    faults: Faults
    limits: VendorLimits
    journal: Journal
    tenant_of: dict[str, str]

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.served.url

    def tenant(self) -> tuple[str, Credentials]:
        """The id of a new tenant, and an API client of it."""

        async def create(runtime: Runtime) -> tuple[str, Credentials]:
            made = await tenants.create_tenant(runtime, new_tenant_name())
            client, secret = await create_client(runtime, made.id)
            return str(made.id), Credentials(str(client.id), secret)

        customer_id, credentials = as_operator(self.database, create)
        self.tenant_of[credentials.client_id] = customer_id
        return customer_id, credentials

    def arm(self, *rules: dict[str, Any], customer_id: str) -> None:
        """Replaces the fault rules of a tenant."""
        checked = read_rules(list(rules), operations())
        self.served.run(lambda: self.faults.replace(checked, customer_id=customer_id))

    def requests(self, customer_id: str) -> list[Entry]:
        """The journal of a tenant."""
        entries = self.served.run(self.journal.entries)
        return [each for each in entries if each.customer_id == customer_id]


@contextmanager
def served_stand_in(folder: Path) -> Iterator[ServedStandIn]:
    """A stand-in with a database in a folder, for the length of a block."""
    database = f"sqlite:///{folder / 'portico.db'}"
    upgrade(database)

    tenant_of: dict[str, str] = {}

    async def tenant_of_client(client_id: str) -> str | None:
        return tenant_of.get(client_id)

    faults, limits, journal = Faults(wall), VendorLimits(wall), Journal()
    application = create_app(Settings(database=database, access_log=False))
    struck = FaultsMiddleware(
        application, faults=faults, operations=operations(), tenant_of_client=tenant_of_client
    )
    limited = LimitsMiddleware(struck, limits=limits, operations=operations())
    recorded = JournalMiddleware(
        limited,
        journal=journal,
        operations=operations(),
        clock=wall,
        monotonic=time.monotonic,
        tenant_of_client=tenant_of_client,
    )
    with served(recorded) as running:
        yield ServedStandIn(running, database, faults, limits, journal, tenant_of)
