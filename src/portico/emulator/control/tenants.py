"""`/_portico/tenants`: tenants for tests that run in parallel."""

from __future__ import annotations

from starlette.requests import Request

from portico.emulator.control.operations import operation
from portico.emulator.control.wire import Answer, Body, stand_in_of, tenant_of
from portico.emulator.tenants import add_tenant, remove_tenant


class TenantAnswer(Answer, frozen=True, kw_only=True):
    """A tenant."""

    customer_id: str
    name: str


class NewTenantAnswer(Answer, frozen=True, kw_only=True):
    """A new tenant, and the API client that can change everything in it."""

    customer_id: str
    name: str
    client_id: str
    client_secret: str


class TenantsAnswer(Answer, frozen=True, kw_only=True):
    """All tenants, oldest first."""

    tenants: list[TenantAnswer]


class TenantBody(Body, kw_only=True):
    """A tenant to create. Without a name it is called after its id."""

    name: str | None = None


@operation("GET", "/tenants", summary="List the tenants")
async def list_tenants(request: Request) -> TenantsAnswer:
    """Return every tenant."""
    found = await stand_in_of(request).tenants()
    tenants = [TenantAnswer(customer_id=str(each.id), name=each.name) for each in found]
    return TenantsAnswer(tenants=tenants)


@operation("POST", "/tenants", summary="Create a tenant with an API client", status=201)
async def create_tenant(request: Request, body: TenantBody | None) -> NewTenantAnswer:
    """Create a tenant that no other test uses, and return its credentials."""
    made = await add_tenant(stand_in_of(request), None if body is None else body.name)
    return NewTenantAnswer(
        customer_id=str(made.tenant.id),
        name=made.tenant.name,
        client_id=str(made.client_id),
        client_secret=made.client_secret,
    )


@operation(
    "DELETE",
    "/tenants/{customer_id}",
    summary="Remove a tenant and all that belongs to it",
    status=204,
)
async def delete_tenant(request: Request, customer_id: str) -> None:
    """Remove a tenant. A reset of everything brings back one that is in the seed."""
    tenant = await tenant_of(request, customer_id)
    assert tenant is not None
    await remove_tenant(stand_in_of(request), tenant)


ROUTES = (list_tenants, create_tenant, delete_tenant)
