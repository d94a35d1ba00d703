"""What the running stand-in holds, for its control routes, its middlewares and the console page."""

from __future__ import annotations

from collections.abc import Callable

from portico.domain.errors import InvalidInput, NotFound, PorticoError
from portico.domain.tenancy.identity import Tenant
from portico.emulator.clock import EmulatedClock
from portico.emulator.faults.fault_set import Faults
from portico.emulator.faults.limits import VendorLimits
from portico.emulator.ids import CountingIds
from portico.emulator.journal.journal import Journal
from portico.emulator.operations import Operations
from portico.emulator.snapshots import Snapshots
from portico.services.access import client_number
from portico.services.runtime import Runtime
from portico.services.tenancy.clients import find_tenant_of_client
from portico.services.tenancy.tenants import list_tenants
from portico.storage.engine.sqlite import SqliteDatabase
from portico.storage.tenancy.identity import IdentityRepository

Reset = Callable[[int | None], None]
"""Returns a part of the stand-in to its first state, for one tenant or for all (None)."""


class NoSuchTenant(PorticoError):
    """There is no tenant with this id."""

    code = "portico.tenant.unknown"

    def __init__(self, customer_id: int) -> None:
        super().__init__(f"There is no tenant with the id {customer_id}.", str(customer_id))


class NeedsSqlite(InvalidInput):
    """The stand-in runs on another database than SQLite."""

    code = "portico.emulator.database"


class StandIn:
    """The parts of one stand-in. `open` must be called before anything but clock and ids is used.

    The function that makes the application sets `operations`. `on_reset` has the parts that a reset
    concerns beside the database and the clock. `secrets` has the plain secrets and passwords of the
    seed by their stored hashes, and `portal_suffix` is the parent domain of managed portals.
    """

    def __init__(self, clock: EmulatedClock, ids: CountingIds) -> None:
        self.clock = clock
        self.ids = ids
        self.on_reset: list[Reset] = [self._reset_traffic]
        self.journal = Journal()
        self.faults = Faults(self.time_in)
        self.limits = VendorLimits(self.time_in)
        self.operations: Operations
        self.secrets: dict[str, str] = {}
        self.portal_suffix = ""
        self.runtime: Runtime
        self.snapshots: Snapshots

    async def open(self, runtime: Runtime) -> None:
        """Take the runtime of the application that starts.

        Raises NeedsSqlite.
        """
        if not isinstance(runtime.database, SqliteDatabase):
            raise NeedsSqlite("The stand-in needs a SQLite database.")
        self.runtime = runtime
        self.snapshots = Snapshots(runtime.database, self.ids, self.clock)
        await self.snapshots.open()

    async def tenants(self) -> list[Tenant]:
        """Return every tenant, oldest first."""
        return await list_tenants(self.runtime)

    async def require_tenant(self, customer_id: int) -> Tenant:
        """Return a tenant. Raises NoSuchTenant."""
        async with self.runtime.database.read() as connection:
            tenant = await IdentityRepository(connection).find_tenant(customer_id)
        if tenant is None:
            raise NoSuchTenant(customer_id)
        return tenant

    async def tenant_of_client(self, client_id: str) -> str | None:
        """Return the id of the tenant of an API client, or None if there is no such client."""
        number = client_number(client_id)
        if number is None:
            return None
        try:
            return str(await find_tenant_of_client(self.runtime, number))
        except NotFound:
            return None

    def time_in(self, customer_id: str | None) -> float:
        """Return the time in a tenant in epoch seconds, or the common time."""
        known = customer_id is not None and customer_id.isascii() and customer_id.isdigit()
        return self.clock.time_in(int(customer_id or 0) if known else None)

    async def reset(self, customer_id: int | None = None) -> None:
        """Return one tenant, or everything, to the seed: rows, clock, and the parts of `on_reset`.

        Without a tenant, the ids begin again where they were.
        """
        await self.snapshots.reset(customer_id)
        self.forget(customer_id)

    def forget(self, customer_id: int | None) -> None:
        """Return clock and the parts of `on_reset` to their first state; leave the rows alone."""
        self.clock.reset(customer_id)
        for reset in self.on_reset:
            reset(customer_id)

    def _reset_traffic(self, customer_id: int | None) -> None:
        tenant = None if customer_id is None else str(customer_id)
        self.journal.clear(tenant)
        self.faults.reset(tenant)
        self.limits.reset(tenant)
