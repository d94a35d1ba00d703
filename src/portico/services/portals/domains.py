"""Use-cases of portals' own domains: the portal of a host, and the domains that are allowed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from portico.domain.audit import Action
from portico.domain.errors import InvalidField, NotFound
from portico.domain.portals.domains import (
    AllowedDomain,
    DomainClaim,
    DomainStatus,
    check_allowed_domain,
    covering_domains,
    domain_status,
    host_of,
    owner_of,
    routes,
)
from portico.domain.portals.pages import PortalAddress
from portico.domain.portals.portals import UserPortal
from portico.domain.tenancy.identity import Tenant
from portico.services import recording
from portico.services.access import operator_writing
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from portico.storage.portals.domains import AllowedDomains, PortalDomains
from portico.storage.tenancy.identity import IdentityRepository


async def find_portal_at_host(
    runtime: Runtime, authority: str, *, public_host: str
) -> PortalAddress | None:
    """Return whose portal a Host header leads to, or None. The portal may be disabled.

    It reads the database each time, so allowing or revoking a domain takes effect on every server
    at once.
    """
    host = host_of(authority)
    if "." not in host or host == public_host:
        return None
    async with runtime.database.read() as connection:
        allowed = await AllowedDomains(connection).covering([host])
        owner = owner_of(host, {each.name: each for each in allowed})
        if owner is None:
            return None
        claims = await PortalDomains(connection, owner).at([host])
    claim = routes(claims, allowed, public_host=public_host).get(host)
    if claim is None:
        return None
    return PortalAddress(address=host, customer_id=claim.customer_id, portal_id=claim.portal_id)


async def domain_statuses(
    work: UnitOfWork, portals: Iterable[UserPortal], *, public_host: str
) -> dict[int, DomainStatus]:
    """Return, for each of the portals that has a domain, whether the domain opens it."""
    hosts = {portal.id: host_of(portal.domain) for portal in portals if portal.domain}
    if not hosts:
        return {}
    allowed = await AllowedDomains(work.connection).covering(hosts.values())
    claims = await work.portal_domains.at(hosts.values())
    routed = routes(claims, allowed, public_host=public_host)
    customer_id = work.scope.customer_id
    return {
        portal_id: domain_status(portal_id, customer_id, host, routed, public_host=public_host)
        for portal_id, host in hosts.items()
    }


@dataclass(frozen=True, kw_only=True)
class DomainChange:
    """An allowed or revoked domain, and the portals that it begins or stops to open.

    `is_new` is False if the tenant already had the domain.
    """

    domain: AllowedDomain
    tenant: Tenant
    begins: list[DomainClaim]
    stops: list[DomainClaim]
    is_new: bool = True


async def plan_allowing(
    runtime: Runtime, name: str, customer_id: int, *, public_host: str
) -> DomainChange:
    """Return what `allow_domain` would do. Raises InvalidField or NotFound."""
    async with runtime.database.read() as connection:
        return await _plan_allowing(runtime, connection, name, customer_id, public_host)


async def allow_domain(
    runtime: Runtime, name: str, customer_id: int, *, public_host: str
) -> DomainChange:
    """Allow a domain and every name below it for a tenant.

    Raises NotFound for an unknown tenant, InvalidField for a domain that another tenant has.
    """
    async with operator_writing(runtime, customer_id) as work:
        change = await _plan_allowing(runtime, work.connection, name, customer_id, public_host)
        if change.is_new:
            await AllowedDomains(work.connection).insert(change.domain)
            await recording.record_domain(work, Action.CREATE, None, change.domain)
            for other in _others(change.stops, customer_id):
                lost = replace(change.domain, customer_id=other)
                await recording.record_domain(work, Action.REVOKE, lost, None)
    return change


async def plan_revoking(runtime: Runtime, name: str, *, public_host: str) -> DomainChange:
    """Return what `revoke_domain` would do. Raises InvalidField."""
    async with runtime.database.read() as connection:
        return await _plan_revoking(connection, name, public_host)


async def revoke_domain(runtime: Runtime, name: str, *, public_host: str) -> DomainChange:
    """Revoke a domain from its tenant. Raises InvalidField for one that is not allowed."""
    planned = await plan_revoking(runtime, name, public_host=public_host)
    async with operator_writing(runtime, planned.domain.customer_id) as work:
        change = await _plan_revoking(work.connection, name, public_host)
        await AllowedDomains(work.connection).remove(change.domain.name)
        await recording.record_domain(work, Action.REVOKE, change.domain, None)
        for other in _others(change.begins, change.domain.customer_id):
            gained = replace(change.domain, customer_id=other)
            await recording.record_domain(work, Action.CREATE, None, gained)
    return change


@dataclass(frozen=True, kw_only=True)
class ListedDomain:
    """An allowed domain with its tenant and the portals that it opens."""

    domain: AllowedDomain
    tenant_name: str
    reached: list[DomainClaim]


async def list_domains(
    runtime: Runtime, customer_id: int | None, *, public_host: str
) -> list[ListedDomain]:
    """Return the allowed domains of one tenant, or of all, by name.

    Raises NotFound for an unknown tenant.
    """
    async with runtime.database.read() as connection:
        identity = IdentityRepository(connection)
        if customer_id is not None and await identity.find_tenant(customer_id) is None:
            raise NotFound(customer_id)
        allowed = await AllowedDomains(connection).all()
        listed = [each for each in allowed if customer_id in {None, each.customer_id}]
        owners = {each.customer_id for each in listed}
        claims = await _claims_of(connection, owners)
        names = {each.id: each.name for each in await identity.tenants(owners)}
    by_name = {each.name: each for each in allowed}
    reached: dict[str, list[DomainClaim]] = {}
    for host, claim in sorted(routes(claims, allowed, public_host=public_host).items()):
        decisive = next(name for name in covering_domains(host) if name in by_name)
        reached.setdefault(decisive, []).append(claim)
    return [
        ListedDomain(
            domain=each,
            tenant_name=names.get(each.customer_id, ""),
            reached=reached.get(each.name, []),
        )
        for each in listed
    ]


async def _plan_allowing(
    runtime: Runtime, connection: Connection, name: str, customer_id: int, public_host: str
) -> DomainChange:
    domain = AllowedDomain(
        name=check_allowed_domain(name), customer_id=customer_id, creation_time=runtime.now
    )
    identity = IdentityRepository(connection)
    tenant = await identity.find_tenant(customer_id)
    if tenant is None:
        raise NotFound(customer_id)
    before = await AllowedDomains(connection).all()
    stored = next((each for each in before if each.name == domain.name), None)
    if stored is None:
        return await _change(
            connection, domain, tenant, before, [*before, domain], public_host=public_host
        )
    if stored.customer_id != customer_id:
        (holder,) = await identity.tenants([stored.customer_id])
        raise InvalidField(
            "domain",
            f"{domain.name} is allowed for tenant {holder.name} ({holder.id}). Run "
            f"`portico domain revoke {domain.name}` first.",
        )
    return DomainChange(domain=stored, tenant=tenant, begins=[], stops=[], is_new=False)


async def _plan_revoking(connection: Connection, name: str, public_host: str) -> DomainChange:
    before = await AllowedDomains(connection).all()
    host = host_of(name.strip())
    domain = next((each for each in before if each.name == host), None)
    if domain is None:
        raise InvalidField(
            "domain", f"{name} is not allowed for any tenant; see `portico domain list`."
        )
    (tenant,) = await IdentityRepository(connection).tenants([domain.customer_id])
    after = [each for each in before if each is not domain]
    return await _change(connection, domain, tenant, before, after, public_host=public_host)


async def _change(
    connection: Connection,
    domain: AllowedDomain,
    tenant: Tenant,
    before: list[AllowedDomain],
    after: list[AllowedDomain],
    *,
    public_host: str,
) -> DomainChange:
    """Return the change with its effect, by the rule that also routes requests."""
    above = set(covering_domains(domain.name))
    affected = {domain.customer_id} | {e.customer_id for e in before if e.name in above}
    claims = await _claims_of(connection, affected)
    old = routes(claims, before, public_host=public_host)
    new = routes(claims, after, public_host=public_host)
    return DomainChange(
        domain=domain,
        tenant=tenant,
        begins=[new[host] for host in sorted(new) if old.get(host) != new[host]],
        stops=[old[host] for host in sorted(old) if new.get(host) != old[host]],
    )


async def _claims_of(connection: Connection, customer_ids: Iterable[int]) -> list[DomainClaim]:
    return [
        claim
        for customer_id in sorted(customer_ids)
        for claim in await PortalDomains(connection, customer_id).all()
    ]


def _others(claims: Iterable[DomainClaim], customer_id: int) -> list[int]:
    return sorted({claim.customer_id for claim in claims} - {customer_id})
