"""`POST /_portico/reset` and `/_portico/snapshots`: the state of one tenant or of all."""

from __future__ import annotations

from litestar import delete, get, post, put
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from portico.emulator.control.wire import (
    Answer,
    AnyRequest,
    CustomerId,
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


@post("/reset", status_code=HTTP_204_NO_CONTENT, summary="Return everything to the seed")
async def reset(request: AnyRequest, customer_id: CustomerId = None) -> None:
    """Return one tenant, or everything, to the state after start: rows, clock, faults, journal."""
    await stand_in_of(request).reset(await tenant_of(request, customer_id))


@get("/snapshots", summary="List snapshots")
async def list_snapshots(request: AnyRequest, customer_id: CustomerId = None) -> SnapshotsAnswer:
    """Return all snapshots, or those that a tenant can be restored from."""
    tenant = await tenant_of(request, customer_id)
    found = stand_in_of(request).snapshots.list(tenant)
    return SnapshotsAnswer(snapshots=[_present(each) for each in found])


@get("/snapshots/{name:str}", summary="Describe a snapshot")
async def read_snapshot(
    request: AnyRequest, name: FromPath[str], customer_id: CustomerId = None
) -> SnapshotAnswer:
    """Return the snapshot of a tenant, else that of all tenants."""
    tenant = await tenant_of(request, customer_id)
    return _present(stand_in_of(request).snapshots.find(name, tenant))


@put("/snapshots/{name:str}", summary="Save a snapshot, in place of an earlier one of the name")
async def save_snapshot(
    request: AnyRequest, name: FromPath[str], customer_id: CustomerId = None
) -> SnapshotAnswer:
    """Save the present state of one tenant or of all."""
    tenant = await tenant_of(request, customer_id)
    return _present(await stand_in_of(request).snapshots.save(name, tenant))


@post("/snapshots/{name:str}/restore", status_code=HTTP_200_OK, summary="Restore a snapshot")
async def restore_snapshot(
    request: AnyRequest, name: FromPath[str], customer_id: CustomerId = None
) -> SnapshotAnswer:
    """Copy a snapshot back, for one tenant or for all."""
    stand_in = stand_in_of(request)
    tenant = await tenant_of(request, customer_id)
    return _present(await stand_in.snapshots.restore(name, tenant))


@delete("/snapshots/{name:str}", summary="Delete a snapshot")
async def delete_snapshot(
    request: AnyRequest, name: FromPath[str], customer_id: CustomerId = None
) -> None:
    """Delete the snapshot of a tenant, or that of all tenants."""
    tenant = await tenant_of(request, customer_id)
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
