"""A tenant and its callers, who do what the doors do: access is decided, then a use-case runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from portico.domain.audit import AuditEntry, AuditFilter
from portico.domain.records import Scope
from portico.domain.tenancy.identity import ApiClient, Claims, Role, Tenant
from portico.domain.tenancy.microtenants import Microtenant, MicrotenantSpec
from portico.services import access
from portico.services.runtime import Runtime
from portico.services.tenancy import microtenants, tenants
from portico.services.work import UnitOfWork
from portico.storage.audit.log import AuditLog
from portico.storage.engine.connections import Connection
from tests.harness import create_client, new_tenant_name
from tests.storage.store import Store

T = TypeVar("T")

SUFFIX = "p.zscalerportal.net"
START = 1_700_000_000


class World:
    """One tenant of a store. `now` is what every clock shows; tests move it."""

    def __init__(self, store: Store, *auth_domains: str) -> None:
        self.store = store
        self.now = float(START)
        self.tenant: Tenant = store.run(
            tenants.create_tenant(self.runtime, new_tenant_name(), auth_domains=auth_domains)
        )
        self.admin = self.caller()

    @property
    def runtime(self) -> Runtime:
        """What services need of the test's process, which shows the world's clock."""
        return replace(self.store.runtime, clock=lambda: self.now, transaction_id="operator")

    def client(self, *, role: Role = Role.ADMIN, microtenant_id: int | None = None) -> ApiClient:
        """A new API client."""
        made, _ = self.store.run(
            create_client(
                self.runtime,
                self.tenant.id,
                name=f"{role} client",
                role=role,
                microtenant_id=microtenant_id,
            )
        )
        return made

    def caller(self, *, role: Role = Role.ADMIN, microtenant_id: int | None = None) -> Caller:
        """A signed-in caller that asks for its own microtenant."""
        client = self.client(role=role, microtenant_id=microtenant_id)
        claims = Claims(
            token_id=f"token of {client.id}",
            client_id=client.id,
            customer_id=self.tenant.id,
            expires=START + 10**9,
        )
        return Caller(self, claims, self.tenant.id, microtenant_id)

    def microtenant(self, name: str = "East", *domains: str) -> Microtenant:
        """A new microtenant."""
        spec = MicrotenantSpec(name=name, criteria_attribute_values=domains)
        return self.admin.change(lambda work: microtenants.create_microtenant(work, spec))

    def audit_trail(self, limit: int = 1_000) -> list[AuditEntry]:
        """The newest audit entries, oldest first."""
        newest = self.store.read(
            lambda each: AuditLog(each, Scope(customer_id=self.tenant.id), everywhere=True).page(
                AuditFilter(), before_id=None, limit=limit
            )
        )
        return newest[::-1]

    def revision(self) -> int | None:
        """The tenant's revision."""
        return self.store.run(self.store.database.revision(self.tenant.id))


@dataclass(frozen=True)
class Caller:
    """The holder of a token, and the tenant and microtenant that it asks for."""

    world: World
    claims: Claims
    customer_id: int
    microtenant_id: int | None

    def asking_for(
        self, *, customer_id: int | None = None, microtenant_id: int | None = None
    ) -> Caller:
        """The same caller who asks for another part."""
        wanted = self.customer_id if customer_id is None else customer_id
        return replace(self, customer_id=wanted, microtenant_id=microtenant_id)

    def granted(self) -> access.Access:
        """What the caller is allowed at this moment."""
        return self.world.store.read(self._authorise)

    def look(self, use_case: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """The result of a use-case that reads."""

        async def run(connection: Connection) -> T:
            return await use_case(self._work(connection, await self._authorise(connection)))

        return self.world.store.read(run)

    def change(self, use_case: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """The result of a use-case that writes, committed."""

        async def run() -> T:
            async with self.writing() as work:
                return await use_case(work)

        return self.world.store.run(run())

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        """A unit of work that writes, committed when the block ends."""
        database = self.world.store.database
        async with database.read() as connection:
            granted = await self._authorise(connection)
        async with database.write(granted.tenant.id) as connection:
            yield self._work(connection, granted)

    async def _authorise(self, connection: Connection) -> access.Access:
        return await access.authorise(
            connection,
            self.claims,
            customer_id=self.customer_id,
            microtenant_id=self.microtenant_id,
        )

    def _work(self, connection: Connection, granted: access.Access) -> UnitOfWork:
        return access.open_work(
            self.world.runtime,
            connection,
            granted,
            transaction_id=f"transaction at {self.world.now}",
        )
