"""Who may do what: from a verified token to a principal and a scope, and the roles."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from portico.domain.base import DEFAULT_MICROTENANT_ID, MAX_ID, Scope
from portico.domain.errors import AccessDenied, Forbidden, SessionNotValid
from portico.domain.identity import ApiClient, Claims, Principal, Role, Tenant
from portico.services.unit_of_work import UnitOfWork
from portico.storage.connections import Connection, Database
from portico.storage.identity import IdentityRepository, Standing


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a caller is allowed at this moment: itself, its tenant and the scope it asked for.

    `links` is how many links the scope has.
    """

    principal: Principal
    tenant: Tenant
    scope: Scope
    microtenant_name: str
    links: int


async def authorise(
    connection: Connection, claims: Claims, *, customer_id: int, microtenant_id: int | None
) -> Access:
    """The access of a token to one microtenant of one tenant; None or 0 asks for Default.

    Raises SessionNotValid or Forbidden. Rules: design section 4, `microtenantId` and `customerId`.
    """
    wanted = microtenant_id or DEFAULT_MICROTENANT_ID
    standing = await IdentityRepository(connection).standing(claims, wanted)
    client = _client_in_force(standing)
    if customer_id != claims.customer_id:
        raise Forbidden(f"This API client does not belong to customer {customer_id}.")
    own = client.microtenant_id
    if own is not None and wanted != own:
        if microtenant_id is None:
            raise Forbidden(
                f"This API client belongs to microtenant {own}: pass microtenantId={own}."
            )
        raise Forbidden(f"This API client has no access to microtenant {microtenant_id}.")
    return _access(standing, wanted)


async def authorise_self(connection: Connection, claims: Claims) -> Access:
    """The access of a token to the client's own microtenant, or Default for a tenant-wide one.

    Raises SessionNotValid.
    """
    standing = await IdentityRepository(connection).standing(claims, None)
    return _access(standing, _client_in_force(standing).microtenant_id or DEFAULT_MICROTENANT_ID)


def _client_in_force(standing: Standing | None) -> ApiClient:
    if standing is None:
        raise SessionNotValid("the API client does not exist any more.")
    if standing.client.revoked_time is not None:
        raise SessionNotValid("the API client is revoked.")
    if standing.session_ended:
        raise SessionNotValid("the session was signed out.")
    return standing.client


def _access(standing: Standing | None, microtenant_id: int) -> Access:
    client = _client_in_force(standing)
    if standing is None or standing.microtenant_name is None:
        raise Forbidden(f"This API client has no access to microtenant {microtenant_id}.")
    principal = Principal(
        actor_id=client.id,
        customer_id=client.customer_id,
        role=client.role,
        microtenant_id=client.microtenant_id,
    )
    return Access(
        principal=principal,
        tenant=standing.tenant,
        scope=Scope(customer_id=client.customer_id, microtenant_id=microtenant_id),
        microtenant_name=standing.microtenant_name,
        links=standing.links,
    )


async def sign_in(
    database: Database, client_id: str, accepts: Callable[[ApiClient], bool]
) -> ApiClient:
    """The API client that signs in, if its credentials convince `accepts`. Raises AccessDenied.

    An unknown, a revoked and an unconvincing client look the same from outside.
    """
    if not re.fullmatch(r"[0-9]{1,19}", client_id, re.ASCII) or int(client_id) > MAX_ID:
        raise AccessDenied
    async with database.read() as connection:
        client = await IdentityRepository(connection).find_client(int(client_id))
    if client is None or client.revoked_time is not None or not accepts(client):
        raise AccessDenied
    return client


async def sign_out(database: Database, claims: Claims, now: int) -> None:
    """Ends a token's session at once, everywhere. Ending it twice raises SessionNotValid."""
    async with database.write(claims.customer_id) as connection:
        identity = IdentityRepository(connection)
        _client_in_force(await identity.standing(claims, None))
        await identity.end_session(claims, now)


def require_admin(work: UnitOfWork) -> None:
    """Raises Forbidden for a caller that may only read."""
    if work.principal.role is not Role.ADMIN:
        raise Forbidden("This API client may only read: its role is viewer.")


def require_default_microtenant(work: UnitOfWork) -> None:
    """Raises Forbidden outside Default: microtenants are managed from there (design section 4)."""
    confined = work.principal.microtenant_id not in (None, DEFAULT_MICROTENANT_ID)
    if confined or work.scope.microtenant_id != DEFAULT_MICROTENANT_ID:
        raise Forbidden("Microtenants are managed only from the Default microtenant.")
