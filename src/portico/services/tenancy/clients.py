"""Use-cases of API clients, by an administrator of the whole tenant or by the operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from portico.domain.audit import Action
from portico.domain.errors import InvalidField, NotFound, UnknownReference
from portico.domain.records import check_id, check_new_name
from portico.domain.tenancy.identity import ApiClient, Role, hash_secret, new_secret
from portico.services import recording
from portico.services.access import require_admin, require_whole_tenant
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.tenancy.client_sign_ins import ClientSignIns
from portico.storage.tenancy.identity import IdentityRepository


async def list_clients(work: UnitOfWork) -> Sequence[ApiClient]:
    """Return every API client of the tenant, oldest first. Raises Forbidden."""
    require_whole_tenant(work)
    return await IdentityRepository(work.connection).clients(work.scope.customer_id)


async def list_last_sign_ins(work: UnitOfWork) -> Mapping[int, int]:
    """Return when each client last signed in, to the hour, without those that never did.

    Raises Forbidden.
    """
    require_whole_tenant(work)
    return await ClientSignIns(work.connection, work.scope.customer_id).last()


async def count_clients(work: UnitOfWork) -> int:
    """Return how many API clients of the tenant are not revoked. Raises Forbidden."""
    return sum(1 for each in await list_clients(work) if each.revoked_time is None)


async def get_client(work: UnitOfWork, client_id: int) -> ApiClient:
    """Return one API client of the tenant. Raises NotFound."""
    require_whole_tenant(work, client_id)
    client = await IdentityRepository(work.connection).find_client(client_id)
    if client is None or client.customer_id != work.scope.customer_id:
        raise NotFound(client_id)
    return client


async def find_tenant_of_client(runtime: Runtime, client_id: int) -> int:
    """Return the id of the tenant that an API client belongs to. Raises NotFound."""
    async with runtime.database.read() as connection:
        client = await IdentityRepository(connection).find_client(client_id)
    if client is None:
        raise NotFound(client_id)
    return client.customer_id


async def create_client(
    work: UnitOfWork,
    *,
    name: str,
    role: Role,
    microtenant_id: int | None = None,
    public_key: str = "",
    client_id: int | None = None,
    secret: str = "",
) -> tuple[ApiClient, str]:
    """Store a new API client. Return it and its secret, which is stored only as a hash.

    The id and the secret are generated unless the operator chose them. A client with a public key
    signs in by assertion and gets an empty secret.
    Raises InvalidField, UnknownReference for an unknown microtenant, or Forbidden.
    """
    require_admin(work)
    require_whole_tenant(work)
    if microtenant_id is not None and not await work.microtenants.find(microtenant_id, lock=True):
        raise UnknownReference(microtenant_id)
    identity = IdentityRepository(work.connection)
    if client_id is not None and await identity.find_client(check_id("clientId", client_id)):
        raise InvalidField("clientId", f"An API client with the id {client_id} already exists.")
    secret = "" if public_key else secret or new_secret()
    client = ApiClient(
        id=work.new_id() if client_id is None else client_id,
        customer_id=work.scope.customer_id,
        microtenant_id=microtenant_id,
        name=check_new_name(name),
        role=role,
        secret_hash=hash_secret(secret) if secret else "",
        public_key=public_key,
        creation_time=work.now,
    )
    await identity.add_client(client)
    await recording.record_client(work, Action.CREATE, None, client)
    return client, secret


async def revoke_client(work: UnitOfWork, client_id: int) -> ApiClient:
    """Revoke a client and all of its tokens, from the next request on. Return the client.

    A client that is revoked already stays as it is. Raises NotFound or Forbidden.
    """
    require_admin(work)
    before = await get_client(work, client_id)
    if before.revoked_time is not None:
        return before
    await IdentityRepository(work.connection).revoke_client(client_id, work.now)
    after = replace(before, revoked_time=work.now)
    await recording.record_client(work, Action.REVOKE, before, after)
    return after
