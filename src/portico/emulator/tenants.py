"""Adds tenants to a running stand-in, one for each test if wanted, and removes them."""

from __future__ import annotations

from dataclasses import dataclass

from portico.domain.errors import InvalidInput
from portico.domain.tenancy.identity import Role, Tenant
from portico.emulator.stand_in import StandIn
from portico.services.access import operator_writing
from portico.services.tenancy.clients import create_client
from portico.services.tenancy.tenants import create_tenant

MOST_TENANTS = 10_000


class TooManyTenants(InvalidInput):
    """The stand-in has as many tenants as it can have."""

    code = "portico.tenant.limit"

    def __init__(self) -> None:
        super().__init__(
            f"The stand-in has {MOST_TENANTS} tenants already. Remove some, or reset everything."
        )


@dataclass(frozen=True, kw_only=True)
class NewTenant:
    """A new tenant, and the API client that can change everything in it."""

    tenant: Tenant
    client_id: int
    client_secret: str


async def add_tenant(stand_in: StandIn, name: str | None = None) -> NewTenant:
    """Create a tenant with an API client. A reset of it alone returns to this state.

    Without a name it is called after its id. Raises InvalidField for a name that another tenant
    has, or TooManyTenants.
    """
    if len(await stand_in.tenants()) >= MOST_TENANTS:
        raise TooManyTenants
    made = await create_account(stand_in, name)
    await stand_in.snapshots.save_seed(made.tenant.id)
    return made


async def create_account(stand_in: StandIn, name: str | None = None) -> NewTenant:
    """Create a tenant with an API client, before or after the seed is saved."""
    runtime = stand_in.runtime
    customer_id = runtime.new_id()
    tenant = await create_tenant(runtime, name or f"Tenant {customer_id}", customer_id=customer_id)
    async with operator_writing(runtime, tenant.id) as work:
        client, secret = await create_client(work, name="API client", role=Role.ADMIN)
    stand_in.secrets[client.secret_hash] = secret
    return NewTenant(tenant=tenant, client_id=client.id, client_secret=secret)


async def remove_tenant(stand_in: StandIn, customer_id: int) -> None:
    """Remove a tenant with all that belongs to it. Raises NoSuchTenant."""
    await stand_in.require_tenant(customer_id)
    await stand_in.snapshots.remove_tenant(customer_id)
    stand_in.forget(customer_id)
