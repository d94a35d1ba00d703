"""Who may do what: from a verified token to a principal and a scope, and the roles."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from portico.domain.errors import AccessDenied, Forbidden, NotFound, SessionNotValid
from portico.domain.records import DEFAULT_MICROTENANT_ID, MAX_ID, IdSource, Scope
from portico.domain.tenancy.identity import ApiClient, Claims, Principal, Role, Tenant
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection, Database
from portico.storage.tenancy.identity import IdentityRepository, TokenStatus

logger = logging.getLogger("portico")


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

    def covers(self, customer_id: int, microtenant_id: int | None) -> bool:
        """Whether it answers who asks for that place; None or 0 asks for Default."""
        wanted = microtenant_id or DEFAULT_MICROTENANT_ID
        return self.scope.customer_id == customer_id and self.scope.microtenant_id == wanted


async def authorise(
    connection: Connection, claims: Claims, *, customer_id: int, microtenant_id: int | None
) -> Access:
    """The access of a token to one microtenant of one tenant; None or 0 asks for Default.

    Raises SessionNotValid or Forbidden. docs/vendor-api.md, "Microtenants", has the rules.
    """
    wanted = microtenant_id or DEFAULT_MICROTENANT_ID
    token_status = await IdentityRepository(connection).token_status(claims, wanted)
    client = _client_in_force(token_status)
    if customer_id != claims.customer_id:
        raise Forbidden(f"This API client does not belong to customer {customer_id}.")
    own = client.microtenant_id
    if own is not None and wanted != own:
        if microtenant_id is None:
            raise Forbidden(
                f"This API client belongs to microtenant {own}: pass microtenantId={own}."
            )
        raise Forbidden(f"This API client has no access to microtenant {microtenant_id}.")
    return _access(token_status, wanted)


async def authorise_self(connection: Connection, claims: Claims) -> Access:
    """The access of a token to the client's own microtenant, or Default for a tenant-wide one.

    Raises SessionNotValid.
    """
    token_status = await IdentityRepository(connection).token_status(claims, None)
    return _access(
        token_status, _client_in_force(token_status).microtenant_id or DEFAULT_MICROTENANT_ID
    )


def _client_in_force(token_status: TokenStatus | None) -> ApiClient:
    if token_status is None:
        raise SessionNotValid("the API client does not exist any more.")
    if token_status.client.revoked_time is not None:
        raise SessionNotValid("the API client is revoked.")
    if token_status.session_ended:
        raise SessionNotValid("the session was signed out.")
    return token_status.client


def _access(token_status: TokenStatus | None, microtenant_id: int) -> Access:
    client = _client_in_force(token_status)
    if token_status is None or token_status.microtenant_name is None:
        raise Forbidden(f"This API client has no access to microtenant {microtenant_id}.")
    principal = Principal(
        actor_id=client.id,
        customer_id=client.customer_id,
        role=client.role,
        microtenant_id=client.microtenant_id,
    )
    return Access(
        principal=principal,
        tenant=token_status.tenant,
        scope=Scope(customer_id=client.customer_id, microtenant_id=microtenant_id),
        microtenant_name=token_status.microtenant_name,
        links=token_status.links,
    )


async def open_work(
    connection: Connection,
    principal: Principal,
    *,
    microtenant_id: int = DEFAULT_MICROTENANT_ID,
    now: int,
    new_id: IdSource,
    transaction_id: str,
) -> UnitOfWork:
    """A unit of work in one microtenant of a principal's tenant. Raises NotFound."""
    place = await IdentityRepository(connection).place(principal.customer_id, microtenant_id)
    if place is None:
        raise NotFound(microtenant_id or principal.customer_id)
    return UnitOfWork(
        connection=connection,
        principal=principal,
        tenant=place.tenant,
        scope=Scope(customer_id=principal.customer_id, microtenant_id=microtenant_id),
        microtenant_name=place.microtenant_name,
        now=now,
        new_id=new_id,
        transaction_id=transaction_id,
        links_in_scope=place.links,
    )


async def client_at_revision(database: Database, client_id: str) -> tuple[ApiClient, int] | None:
    """An API client, revoked or not, and a revision of its tenant at which it was like that."""
    number = _client_number(client_id)
    if number is None:
        return None
    async with database.read() as connection:
        identity = IdentityRepository(connection)
        found = await identity.find_client(number)
        if found is None:
            return None
        revision = await database.revision(found.customer_id)
        # Read again: what was read before the revision may be older than it.
        client = await identity.find_client(number)
    return None if client is None or revision is None else (client, revision)


def _client_number(client_id: str) -> int | None:
    if not re.fullmatch(r"[0-9]{1,19}", client_id, re.ASCII) or int(client_id) > MAX_ID:
        return None
    return int(client_id)


class ClientRefused(AccessDenied):
    """An API client did not sign in. `client` is the one that was named, if there is one.

    An unknown, a revoked and an unconvincing client look the same from outside.
    """

    def __init__(self, client: ApiClient | None) -> None:
        super().__init__()
        self.client = client


async def sign_in(
    database: Database, client_id: str, accepts: Callable[[ApiClient], bool]
) -> ApiClient:
    """The API client that signs in, if its credentials convince `accepts`. Raises ClientRefused."""
    number = _client_number(client_id)
    if number is None:
        raise ClientRefused(None)
    async with database.read() as connection:
        client = await IdentityRepository(connection).find_client(number)
    if client is None or client.revoked_time is not None or not accepts(client):
        raise ClientRefused(client)
    return client


async def sign_out(database: Database, claims: Claims, now: int) -> None:
    """Ends a token's session at once, everywhere. Ending it twice raises SessionNotValid."""
    async with database.write(claims.customer_id) as connection:
        identity = IdentityRepository(connection)
        _client_in_force(await identity.token_status(claims, None))
        await identity.end_session(claims, now)


def require_admin(work: UnitOfWork) -> None:
    """Raises Forbidden for a caller that may only read."""
    if work.principal.role is not Role.ADMIN:
        raise Forbidden("You may only read: your role is viewer.")


def require_default_microtenant(work: UnitOfWork) -> None:
    """Raises Forbidden outside Default: microtenants are managed only from there."""
    confined = work.principal.microtenant_id not in (None, DEFAULT_MICROTENANT_ID)
    if confined or work.scope.microtenant_id != DEFAULT_MICROTENANT_ID:
        raise Forbidden("Microtenants are managed only from the Default microtenant.")


def require_whole_tenant(work: UnitOfWork, wanted_id: int | None = None) -> None:
    """Raises Forbidden for a caller of one microtenant: people belong to the whole tenant.

    If it asks for one of them NotFound, whether or not there is such a one: it cannot tell.
    """
    if work.principal.microtenant_id is not None:
        if wanted_id is not None:
            raise NotFound(wanted_id)
        raise Forbidden("People are managed only by administrators of the whole tenant.")
