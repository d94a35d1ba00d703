"""Use-cases of tenants, which only the operator creates and lists."""

from __future__ import annotations

from collections.abc import Sequence

from portico.domain.errors import InvalidField
from portico.domain.links.hosts import check_domain_name
from portico.domain.records import MAX_ID, Scope, check_new_name
from portico.domain.tenancy.identity import Tenant
from portico.domain.tenancy.microtenants import default_microtenant
from portico.services.runtime import Runtime
from portico.storage.tenancy.identity import IdentityRepository
from portico.storage.tenancy.microtenants import MicrotenantRepository


async def create_tenant(
    runtime: Runtime,
    name: str,
    *,
    customer_id: int | None = None,
    auth_domains: Sequence[str] = (),
) -> Tenant:
    """Store a new tenant with its Default microtenant.

    Raises InvalidField, also for a name that another tenant has, whatever its case.
    """
    for domain in auth_domains:
        check_domain_name("authDomains", domain)
    if customer_id is not None and not 0 < customer_id <= MAX_ID:
        raise InvalidField("customerId", "It is a number from 1 to 2^63 - 1.")
    tenant = Tenant(
        id=runtime.new_id() if customer_id is None else customer_id,
        name=check_new_name(name),
        auth_domains=tuple(dict.fromkeys(auth_domains)),
        creation_time=runtime.now,
    )
    async with runtime.database.transaction() as connection:
        identity = IdentityRepository(connection)
        # Not a unique index: a distributed database stores each tenant on another node.
        await identity.lock_tenants()
        if namesake := await identity.find_tenant_named(tenant.name):
            raise InvalidField("name", f"Tenant {namesake[1]} ({namesake[0]}) has this name.")
        if await identity.find_tenant(tenant.id) is not None:
            raise InvalidField("customerId", f"A tenant with the id {tenant.id} already exists.")
        await identity.add_tenant(tenant)
        microtenants = MicrotenantRepository(connection, Scope(customer_id=tenant.id))
        await microtenants.insert(default_microtenant(tenant.id, runtime.now))
    return tenant


async def list_tenants(runtime: Runtime) -> list[Tenant]:
    """Return every tenant, oldest first, without their revisions."""
    async with runtime.database.read() as connection:
        return await IdentityRepository(connection).all_tenants()


async def has_tenants(runtime: Runtime) -> bool:
    """Return whether the installation has any tenant."""
    async with runtime.database.read() as connection:
        return await IdentityRepository(connection).has_tenants()
