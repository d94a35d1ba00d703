"""Authorisation: what a caller has access to, its unit of work, and the checks of roles."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from portico.domain.errors import AccessDenied, Forbidden, NotFound, SessionNotValid
from portico.domain.records import DEFAULT_MICROTENANT_ID, MAX_ID, Scope
from portico.domain.tenancy.identity import ApiClient, Claims, Principal, Role, Tenant
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection, Database
from portico.storage.tenancy.identity import IdentityRepository, TokenStatus

OPERATOR_ID = 0
"""The actor id of the operator, who has no account."""

_CLIENT_ID = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, kw_only=True)
class Access:
    """The access of one caller to one scope of its tenant.

    `links` is the number of links in the scope.
    """

    principal: Principal
    tenant: Tenant
    scope: Scope
    microtenant_name: str
    links: int

    def covers(self, customer_id: int, microtenant_id: int | None) -> bool:
        """Return whether this is the access to that microtenant; None or 0 means Default."""
        requested = microtenant_id or DEFAULT_MICROTENANT_ID
        return self.scope.customer_id == customer_id and self.scope.microtenant_id == requested


async def authorise(
    connection: Connection, claims: Claims, *, customer_id: int, microtenant_id: int | None
) -> Access:
    """Return the access of a token to one microtenant of one tenant; None or 0 means Default.

    Raises SessionNotValid or Forbidden. The rules: docs/explanation/vendor-api.md, "Microtenants".
    """
    requested = microtenant_id or DEFAULT_MICROTENANT_ID
    token_status = _in_force(await IdentityRepository(connection).token_status(claims, requested))
    if customer_id != claims.customer_id:
        raise Forbidden(f"This API client does not belong to customer {customer_id}.")
    own = token_status.client.microtenant_id
    if own is not None and requested != own:
        if microtenant_id is None:
            raise Forbidden(
                f"This API client belongs to microtenant {own}: pass microtenantId={own}."
            )
        raise Forbidden(f"This API client has no access to microtenant {microtenant_id}.")
    return _access(token_status, requested)


async def authorise_self(connection: Connection, claims: Claims) -> Access:
    """Return the access of a token to its client's microtenant; Default for a tenant-wide client.

    Raises SessionNotValid.
    """
    token_status = _in_force(await IdentityRepository(connection).token_status(claims, None))
    return _access(token_status, token_status.client.microtenant_id or DEFAULT_MICROTENANT_ID)


def _in_force(token_status: TokenStatus | None) -> TokenStatus:
    if token_status is None:
        raise SessionNotValid("the API client no longer exists.")
    if token_status.client.revoked_time is not None:
        raise SessionNotValid("the API client is revoked.")
    if token_status.session_ended:
        raise SessionNotValid("the session was signed out.")
    return token_status


def _access(token_status: TokenStatus, microtenant_id: int) -> Access:
    client = token_status.client
    if token_status.microtenant_name is None:
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


async def scope_access(
    connection: Connection, principal: Principal, microtenant_id: int = DEFAULT_MICROTENANT_ID
) -> Access:
    """Return the access of a principal to one microtenant of its tenant.

    The caller makes sure that the principal has this access. Raises NotFound.
    """
    details = await IdentityRepository(connection).scope_details(
        principal.customer_id, microtenant_id
    )
    if details is None:
        raise NotFound(microtenant_id or principal.customer_id)
    return Access(
        principal=principal,
        tenant=details.tenant,
        scope=Scope(customer_id=principal.customer_id, microtenant_id=microtenant_id),
        microtenant_name=details.microtenant_name,
        links=details.links,
    )


def open_work(
    runtime: Runtime,
    connection: Connection,
    access: Access,
    *,
    transaction_id: str,
    client_transaction_id: str | None = None,
) -> UnitOfWork:
    """Return the unit of work of a caller, whoever it is, on an open connection.

    Whoever opened the connection commits it.
    """
    return UnitOfWork(
        connection=connection,
        principal=access.principal,
        tenant=access.tenant,
        scope=access.scope,
        microtenant_name=access.microtenant_name,
        now=int(runtime.clock()),
        new_id=runtime.new_id,
        transaction_id=transaction_id,
        client_transaction_id=client_transaction_id,
        links_in_scope=access.links,
    )


@asynccontextmanager
async def operator_reading(
    runtime: Runtime, customer_id: int, microtenant_id: int = DEFAULT_MICROTENANT_ID
) -> AsyncIterator[UnitOfWork]:
    """Open a unit of work in which the operator reads. Raises NotFound."""
    async with runtime.database.read() as connection:
        yield await _operator_work(runtime, connection, customer_id, microtenant_id)


@asynccontextmanager
async def operator_writing(
    runtime: Runtime, customer_id: int, microtenant_id: int = DEFAULT_MICROTENANT_ID
) -> AsyncIterator[UnitOfWork]:
    """Open a unit of work in which the operator writes; it commits when the block ends.

    Raises NotFound for an unknown tenant or microtenant.
    """
    async with runtime.database.write(customer_id) as connection:
        yield await _operator_work(runtime, connection, customer_id, microtenant_id)


async def _operator_work(
    runtime: Runtime, connection: Connection, customer_id: int, microtenant_id: int
) -> UnitOfWork:
    operator = Principal(
        actor_id=OPERATOR_ID, customer_id=customer_id, role=Role.ADMIN, microtenant_id=None
    )
    access = await scope_access(connection, operator, microtenant_id)
    return open_work(runtime, connection, access, transaction_id=runtime.transaction_id)


async def client_at_revision(database: Database, client_id: str) -> tuple[ApiClient, int] | None:
    """Return an API client, revoked or not, and a revision of its tenant at which it is current."""
    number = client_number(client_id)
    if number is None:
        return None
    async with database.read() as connection:
        identity = IdentityRepository(connection)
        client = await identity.find_client(number)
        if client is None:
            return None
        revision = await database.revision(client.customer_id)
        # Read again, because the first read can be older than the revision.
        client = await identity.find_client(number)
    return None if client is None or revision is None else (client, revision)


def client_number(client_id: str) -> int | None:
    """Return the number in a client id that a program sends, or None if no client can have it."""
    if not _CLIENT_ID.fullmatch(client_id) or int(client_id) > MAX_ID:
        return None
    return int(client_id)


class ClientRefused(AccessDenied):
    """An API client failed to sign in. `client` is the client with the given id, or None.

    The response does not tell an unknown client from a revoked one or from a wrong secret.
    """

    def __init__(self, client: ApiClient | None) -> None:
        super().__init__()
        self.client = client


async def sign_in(
    runtime: Runtime, client_id: str, accepts: Callable[[ApiClient], bool]
) -> ApiClient:
    """Return the API client that signs in, if `accepts` approves it. Raises ClientRefused."""
    number = client_number(client_id)
    if number is None:
        raise ClientRefused(None)
    async with runtime.database.read() as connection:
        client = await IdentityRepository(connection).find_client(number)
    if client is None or client.revoked_time is not None or not accepts(client):
        raise ClientRefused(client)
    return client


async def sign_out(runtime: Runtime, claims: Claims) -> None:
    """End a token's session at once, on every server. Raises SessionNotValid the second time."""
    async with runtime.database.write(claims.customer_id) as connection:
        identity = IdentityRepository(connection)
        _in_force(await identity.token_status(claims, None))
        await identity.end_session(claims, runtime.now)


def require_admin(work: UnitOfWork) -> None:
    """Raise Forbidden unless the caller can write."""
    if work.principal.role is not Role.ADMIN:
        raise Forbidden("You can only read: your role is viewer.")


def require_default_microtenant(work: UnitOfWork) -> None:
    """Raise Forbidden outside Default, the only microtenant from which microtenants are managed."""
    confined = work.principal.microtenant_id not in (None, DEFAULT_MICROTENANT_ID)
    if confined or work.scope.microtenant_id != DEFAULT_MICROTENANT_ID:
        raise Forbidden("Microtenants are managed only from the Default microtenant.")


def require_all_microtenants(work: UnitOfWork) -> None:
    """Raise Forbidden unless the caller may read every microtenant, from Default."""
    is_default = work.scope.microtenant_id == DEFAULT_MICROTENANT_ID
    if work.principal.microtenant_id is not None or not is_default:
        raise Forbidden("Only administrators of the whole tenant see all microtenants.")


def require_whole_tenant(work: UnitOfWork, requested_id: int | None = None) -> None:
    """Raise Forbidden for a caller of one microtenant, because people belong to the whole tenant.

    With a requested id it raises NotFound instead, which does not tell whether the id exists.
    """
    if work.principal.microtenant_id is not None:
        if requested_id is not None:
            raise NotFound(requested_id)
        raise Forbidden("People are managed only by administrators of the whole tenant.")
