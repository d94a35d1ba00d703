"""Use-cases of API clients by an administrator of the whole tenant; the operator has `identity`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from portico.domain.audit import Action
from portico.domain.errors import NotFound, UnknownReference
from portico.domain.records import check_new_name
from portico.domain.tenancy.identity import ApiClient, Role, hash_secret, new_secret
from portico.services import recording
from portico.services.access import require_admin, require_whole_tenant
from portico.services.tenancy.client_sign_ins import last_sign_ins
from portico.services.work import UnitOfWork
from portico.storage.tenancy.identity import IdentityRepository


async def list_api_clients(work: UnitOfWork) -> Sequence[ApiClient]:
    """Every API client of the tenant, oldest first. Raises Forbidden."""
    require_whole_tenant(work)
    return await IdentityRepository(work.connection).clients(work.scope.customer_id)


async def list_last_uses(work: UnitOfWork) -> Mapping[int, int]:
    """When each client signed in last, to the hour; those that never did are left out.

    Raises Forbidden.
    """
    require_whole_tenant(work)
    return await last_sign_ins(work.connection, work.scope.customer_id)


async def count_clients(work: UnitOfWork) -> int:
    """How many API clients in force the tenant has. Raises Forbidden."""
    return sum(1 for each in await list_api_clients(work) if each.revoked_time is None)


async def get_api_client(work: UnitOfWork, client_id: int) -> ApiClient:
    """One API client of the tenant. Raises NotFound."""
    require_whole_tenant(work, client_id)
    found = await IdentityRepository(work.connection).find_client(client_id)
    if found is None or found.customer_id != work.scope.customer_id:
        raise NotFound(client_id)
    return found


async def create_api_client(
    work: UnitOfWork, *, name: str, role: Role, microtenant_id: int | None
) -> tuple[ApiClient, str]:
    """Stores a new API client; the client and its secret, which is told this once.

    Raises InvalidField, UnknownReference for a microtenant that is not there, or Forbidden.
    """
    require_admin(work)
    require_whole_tenant(work)
    if (
        microtenant_id is not None
        and await work.microtenants.find(microtenant_id, lock=True) is None
    ):
        raise UnknownReference(microtenant_id)
    secret = new_secret()
    client = ApiClient(
        id=work.new_id(),
        customer_id=work.scope.customer_id,
        microtenant_id=microtenant_id,
        name=check_new_name(name),
        role=role,
        secret_hash=hash_secret(secret),
        public_key="",
        creation_time=work.now,
    )
    await IdentityRepository(work.connection).add_client(client)
    await recording.record_client(work, Action.CREATE, None, client)
    return client, secret


async def revoke_api_client(work: UnitOfWork, client_id: int) -> ApiClient:
    """Revokes a client and every token it has, from the next request on; twice changes nothing.

    Raises NotFound or Forbidden.
    """
    require_admin(work)
    before = await get_api_client(work, client_id)
    if before.revoked_time is not None:
        return before
    await IdentityRepository(work.connection).revoke_client(client_id, work.now)
    after = replace(before, revoked_time=work.now)
    await recording.record_client(work, Action.REVOKE, before, after)
    return after
