"""`POST /_portico/reset` and `/_portico/snapshots`: the state of one tenant or of all."""

from __future__ import annotations

from starlette.requests import Request

from portico.emulator.control.operations import operation
from portico.emulator.control.wire import (
    Answer,
    TenantQuery,
    id_text,
    stand_in_of,
    tenant_of,
    timestamp,
)
from portico.emulator.snapshots import Snapshot


class SnapshotAnswer(Answer, frozen=True, kw_only=True):
    """A snapshot. Without `customerId` it holds all tenants."""

    name: str
    customer_id: str | None
    time: str
    tenants: int


class SnapshotsAnswer(Answer, frozen=True, kw_only=True):
    """Snapshots by name."""

    snapshots: list[SnapshotAnswer]


@operation("POST", "/reset", summary="Return everything to the seed", status=204)
async def reset(request: Request, query: TenantQuery) -> None:
    """Return one tenant, or everything, to the state after start: rows, clock, faults, journal."""
    await stand_in_of(request).reset(await tenant_of(request, query.customer_id))


@operation("GET", "/snapshots", summary="List snapshots")
async def list_snapshots(request: Request, query: TenantQuery) -> SnapshotsAnswer:
    """Return all snapshots, or those that a tenant can be restored from."""
    tenant = await tenant_of(request, query.customer_id)
    found = stand_in_of(request).snapshots.list(tenant)
    return SnapshotsAnswer(snapshots=[_present(each) for each in found])


@operation("GET", "/snapshots/{name}", summary="Describe a snapshot")
async def read_snapshot(request: Request, name: str, query: TenantQuery) -> SnapshotAnswer:
    """Return the snapshot of a tenant, else that of all tenants."""
    tenant = await tenant_of(request, query.customer_id)
    return _present(stand_in_of(request).snapshots.find(name, tenant))


@operation(
    "PUT", "/snapshots/{name}", summary="Save a snapshot, in place of an earlier one of the name"
)
async def save_snapshot(request: Request, name: str, query: TenantQuery) -> SnapshotAnswer:
    """Save the present state of one tenant or of all."""
    tenant = await tenant_of(request, query.customer_id)
    return _present(await stand_in_of(request).snapshots.save(name, tenant))


@operation("POST", "/snapshots/{name}/restore", summary="Restore a snapshot")
async def restore_snapshot(request: Request, name: str, query: TenantQuery) -> SnapshotAnswer:
    """Copy a snapshot back, for one tenant or for all."""
    stand_in = stand_in_of(request)
    tenant = await tenant_of(request, query.customer_id)
    return _present(await stand_in.snapshots.restore(name, tenant))


@operation("DELETE", "/snapshots/{name}", summary="Delete a snapshot", status=204)
async def delete_snapshot(request: Request, name: str, query: TenantQuery) -> None:
    """Delete the snapshot of a tenant, or that of all tenants."""
    tenant = await tenant_of(request, query.customer_id)
    await stand_in_of(request).snapshots.delete(name, tenant)


def _present(snapshot: Snapshot) -> SnapshotAnswer:
    return SnapshotAnswer(
        name=snapshot.name,
        customer_id=id_text(snapshot.customer_id),
        time=timestamp(snapshot.time),
        tenants=snapshot.tenants,
    )


ROUTES = (
    reset,
    list_snapshots,
    read_snapshot,
    save_snapshot,
    restore_snapshot,
    delete_snapshot,
)
