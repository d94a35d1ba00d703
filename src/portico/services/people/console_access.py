"""The access that grants give to administrators, and the scopes that they can choose."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from portico.domain.errors import NotFound, Unavailable
from portico.domain.people.administrators import Grant
from portico.domain.records import DEFAULT_MICROTENANT_ID, Scope
from portico.domain.tenancy.identity import Principal, Role, Tenant
from portico.domain.tenancy.microtenants import Microtenant
from portico.services.access import Access, scope_access
from portico.services.people.sessions import SignedInAdministrator, find_console_session
from portico.services.runtime import Runtime
from portico.storage.engine.connections import Connection
from portico.storage.tenancy.identity import IdentityRepository
from portico.storage.tenancy.microtenants import MicrotenantRepository

logger = logging.getLogger("portico")


@dataclass(frozen=True, kw_only=True)
class AllowedTenant:
    """A tenant and those of its microtenants that an administrator can work in.

    `sees_everything` says whether the administrator may list all microtenants at once.
    """

    tenant: Tenant
    microtenants: tuple[Microtenant, ...]
    sees_everything: bool


async def administrator_access(
    connection: Connection,
    signed_in: SignedInAdministrator,
    customer_id: int | None = None,
    microtenant_id: int | None = None,
) -> Access:
    """Return the access of an administrator to one microtenant of one tenant.

    Without ids it is the microtenant used last, or else the first one with a grant.
    Raises NotFound for a tenant or microtenant without a grant, whether it exists or not.
    """
    if customer_id is None:
        customer_id, microtenant_id = _last_microtenant(signed_in)
    granted = [each for each in signed_in.grants if each.customer_id == customer_id]
    requested = _own_microtenant(granted) if microtenant_id is None else microtenant_id
    best = _best_grant(granted, requested)
    if best is None:
        raise NotFound(requested if granted else customer_id)
    principal = Principal(
        actor_id=signed_in.administrator.id,
        customer_id=customer_id,
        role=best.role,
        microtenant_id=best.microtenant_id,
    )
    return await scope_access(connection, principal, requested)


def _best_grant(granted: Sequence[Grant], microtenant_id: int) -> Grant | None:
    """Return the grant that counts in a microtenant: an admin's, then one for the whole tenant."""
    applying = [each for each in granted if each.microtenant_id in (None, microtenant_id)]
    return min(
        applying,
        key=lambda each: (each.role is not Role.ADMIN, each.microtenant_id is not None),
        default=None,
    )


async def may_change(runtime: Runtime, token: str, scope: Scope) -> bool:
    """Return whether a console session's token belongs to an administrator of a microtenant."""
    signed_in = await find_console_session(runtime, token) if token else None
    return signed_in is not None and any(
        grant.customer_id == scope.customer_id
        and grant.role is Role.ADMIN
        and grant.microtenant_id in (None, scope.microtenant_id)
        for grant in signed_in.grants
    )


def _last_microtenant(signed_in: SignedInAdministrator) -> tuple[int, int | None]:
    """Return the microtenant used last, if the grants still allow it, or else the first one."""
    session = signed_in.session
    for grant in signed_in.grants:
        if grant.customer_id == session.customer_id and grant.microtenant_id in (
            None,
            session.microtenant_id,
        ):
            return grant.customer_id, session.microtenant_id
    return signed_in.grants[0].customer_id, None


def _own_microtenant(granted: Sequence[Grant]) -> int:
    """Return Default for a grant for the whole tenant, else the first microtenant with a grant."""
    return min((each.microtenant_id or DEFAULT_MICROTENANT_ID for each in granted), default=0)


async def list_accessible_microtenants(
    runtime: Runtime, signed_in: SignedInAdministrator, *, first: int
) -> list[AllowedTenant]:
    """Return the tenants and microtenants that an administrator can switch to. Reads `first` first.

    Each tenant is read by itself, because each can be on another worker. If one does not answer,
    the rest is left out, so that one worker that is away does not block the other tenants.
    """
    places: list[AllowedTenant] = []
    requested = sorted({each.customer_id for each in signed_in.grants})
    async with runtime.database.read() as connection:
        for customer_id in sorted(requested, key=lambda each: each != first):
            try:
                places += await _accessible_microtenants(connection, signed_in, customer_id)
            except Unavailable as error:
                logger.warning("Tenant %s is left out of the switcher: %s", customer_id, error)
                break
    return sorted(places, key=lambda each: each.tenant.name)


async def _accessible_microtenants(
    connection: Connection, signed_in: SignedInAdministrator, customer_id: int
) -> list[AllowedTenant]:
    """Return the microtenants of a tenant that an administrator can switch to, if any."""
    granted = [each for each in signed_in.grants if each.customer_id == customer_id]
    allowed = {each.microtenant_id for each in granted}
    best = _best_grant(granted, DEFAULT_MICROTENANT_ID)
    tenants = await IdentityRepository(connection).tenants([customer_id])
    every = await MicrotenantRepository(connection, Scope(customer_id=customer_id)).all()
    accessible = tuple(each for each in every if None in allowed or each.id in allowed)
    whole = best is not None and best.microtenant_id is None
    return [
        AllowedTenant(
            tenant=tenant, microtenants=accessible, sees_everything=whole and len(accessible) > 1
        )
        for tenant in tenants
    ]
