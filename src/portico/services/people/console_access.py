"""Where an administrator may work: the access that grants give, and the scopes to choose from."""

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
    """A tenant that an administrator may work in, and which of its microtenants."""

    tenant: Tenant
    microtenants: tuple[Microtenant, ...]


async def administrator_access(
    connection: Connection,
    signed_in: SignedInAdministrator,
    customer_id: int | None = None,
    microtenant_id: int | None = None,
) -> Access:
    """The access of an administrator to one microtenant of one tenant.

    Without ids it is where the administrator worked last, else the first place that a grant names.
    Raises NotFound for a tenant or microtenant without a grant, whether it exists or not.
    """
    if customer_id is None:
        customer_id, microtenant_id = _last_microtenant(signed_in)
    granted = [each for each in signed_in.grants if each.customer_id == customer_id]
    wanted = _own_microtenant(granted) if microtenant_id is None else microtenant_id
    applying = [each for each in granted if each.microtenant_id in (None, wanted)]
    if not applying:
        raise NotFound(wanted if granted else customer_id)
    # Writing beats reading; of two that say the same, the whole tenant beats a part of it.
    best = min(applying, key=lambda each: (each.role is not Role.ADMIN, each.microtenant_id or -1))
    principal = Principal(
        actor_id=signed_in.administrator.id,
        customer_id=customer_id,
        role=best.role,
        microtenant_id=best.microtenant_id,
    )
    return await scope_access(connection, principal, wanted)


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
    """Where the administrator worked last, as far as the grants still allow it."""
    session = signed_in.session
    for grant in signed_in.grants:
        if grant.customer_id == session.customer_id and grant.microtenant_id in (
            None,
            session.microtenant_id,
        ):
            return grant.customer_id, session.microtenant_id
    return signed_in.grants[0].customer_id, None


def _own_microtenant(granted: Sequence[Grant]) -> int:
    """Default for somebody of the whole tenant, else the first microtenant with a grant."""
    return min((each.microtenant_id or DEFAULT_MICROTENANT_ID for each in granted), default=0)


async def list_accessible_microtenants(
    runtime: Runtime, signed_in: SignedInAdministrator, *, first: int
) -> list[AllowedTenant]:
    """The tenants and microtenants that an administrator may switch to; `first` is looked at first.

    Each tenant is asked for alone, as each lives elsewhere. After one that does not answer, the
    rest is left out: a worker that is away must not keep administrators from their other tenants.
    """
    places: list[AllowedTenant] = []
    wanted = sorted({each.customer_id for each in signed_in.grants})
    async with runtime.database.read() as connection:
        for customer_id in sorted(wanted, key=lambda each: each != first):
            try:
                places += await _accessible_microtenants(connection, signed_in, customer_id)
            except Unavailable as error:
                logger.warning("Tenant %s is left out of the switcher: %s", customer_id, error)
                break
    return sorted(places, key=lambda each: each.tenant.name)


async def _accessible_microtenants(
    connection: Connection, signed_in: SignedInAdministrator, customer_id: int
) -> list[AllowedTenant]:
    """The microtenants of one tenant that an administrator may switch to; none when it is gone."""
    allowed = {each.microtenant_id for each in signed_in.grants if each.customer_id == customer_id}
    found = await IdentityRepository(connection).tenants([customer_id])
    every = await MicrotenantRepository(connection, Scope(customer_id=customer_id)).all()
    shown = tuple(each for each in every if None in allowed or each.id in allowed)
    return [AllowedTenant(tenant=tenant, microtenants=shown) for tenant in found]
