"""Stored domains: those that the operator allows, and those that a tenant's portals claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Executable, Select, and_, bindparam, delete, select

from portico.domain.portals.domains import AllowedDomain, DomainClaim, covering_domains
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, cached, insert_into
from portico.storage.repositories import in_scope, restored
from portico.storage.schema.page_tables import allowed_domain, portal_domain
from portico.storage.schema.tables import user_portal


class AllowedDomains:
    """The allowed domains of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> list[AllowedDomain]:
        """Return every allowed domain, by name."""
        rows = await self._connection.rows(_all_allowed())
        return [restored(AllowedDomain, row) for row in rows]

    async def covering(self, hosts: Iterable[str]) -> list[AllowedDomain]:
        """Return the allowed domains that cover any of the hosts."""
        names = {name for host in hosts for name in covering_domains(host)}
        if not names:
            return []
        rows = await self._connection.rows(_allowed(), {"names": sorted(names)})
        return [restored(AllowedDomain, row) for row in rows]

    async def insert(self, domain: AllowedDomain) -> None:
        """Store a domain. Raises ConcurrentChange if another process has just stored it."""
        await self._connection.run(insert_into(allowed_domain), asdict(domain))

    async def remove(self, name: str) -> None:
        """Delete a domain."""
        await self._connection.run(_remove_allowed(), {"domain_name": name})


class PortalDomains:
    """The domains that portals of one tenant claim, allowed or not."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        # The tenant alone: portals of all its microtenants share its domains.
        self._tenant = {"scope_customer_id": customer_id}

    async def all(self) -> list[DomainClaim]:
        """Return every claim of the tenant, the oldest first."""
        rows = await self._connection.rows(_claims(), self._tenant)
        return [restored(DomainClaim, row) for row in rows]

    async def at(self, hosts: Iterable[str]) -> list[DomainClaim]:
        """Return the claims of hosts, the oldest first."""
        values = self._tenant | {"hosts": sorted(set(hosts))}
        rows = await self._connection.rows(_claims_at(), values)
        return [restored(DomainClaim, row) for row in rows]

    async def claim(self, portal_id: int, host: str, claim_id: int) -> None:
        """Make `host` the portal's domain; empty for none. The same host keeps its claim."""
        portal = self._tenant | {"portal_id": portal_id}
        stored = await self._connection.rows(_claim_of(), portal)
        if host == (stored[0].host if stored else ""):
            return
        if stored:
            await self._connection.run(_remove_claim(), portal)
        if host:
            row = {"portal_id": portal_id, "host": host, "claim_id": claim_id}
            row["customer_id"] = self._tenant["scope_customer_id"]
            await self._connection.run(insert_into(portal_domain), row)


@cached
def _all_allowed() -> Select[Any]:
    return select(allowed_domain).order_by(allowed_domain.c.name)


@cached
def _allowed() -> Select[Any]:
    return select(allowed_domain).where(Among(allowed_domain.c.name, "names"))


@cached
def _remove_allowed() -> Executable:
    return delete(allowed_domain).where(allowed_domain.c.name == bindparam("domain_name"))


@cached
def _claims() -> Select[Any]:
    same = and_(
        user_portal.c.customer_id == bindparam("scope_customer_id"),
        user_portal.c.id == portal_domain.c.portal_id,
    )
    return (
        select(
            portal_domain,
            user_portal.c.microtenant_id,
            user_portal.c.name.label("portal_name"),
        )
        .join(user_portal, same)
        .where(in_scope(portal_domain))
        .order_by(portal_domain.c.claim_id)
    )


@cached
def _claims_at() -> Select[Any]:
    return _claims().where(Among(portal_domain.c.host, "hosts"))


@cached
def _claim_of() -> Select[Any]:
    return select(portal_domain.c.host).where(
        in_scope(portal_domain), portal_domain.c.portal_id == bindparam("portal_id")
    )


@cached
def _remove_claim() -> Executable:
    return delete(portal_domain).where(
        in_scope(portal_domain), portal_domain.c.portal_id == bindparam("portal_id")
    )
