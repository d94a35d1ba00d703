"""Stored settings of portals' pages, and the addresses of portals."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BigInteger,
    Executable,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
    true,
)

from portico.domain.portals.pages import (
    DEFAULT_PAGE,
    OpenPortal,
    PortalAddress,
    PortalPage,
    PresentedPortal,
    present_portal,
)
from portico.domain.portals.portals import UserPortal
from portico.domain.records import Scope
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import Among, cached, insert_into
from portico.storage.repositories import in_scope, plain_columns, restored
from portico.storage.schema.page_tables import portal_address, portal_page
from portico.storage.schema.tables import user_portal
from portico.storage.tenancy.identity import revision_of


class PortalPageRepository:
    """The pages of one tenant's portals. The caller must find the portals in its scope first."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def of_portals(self, portal_ids: Iterable[int]) -> dict[int, PortalPage]:
        """Return the stored settings of portals, by portal id."""
        ids = sorted(set(portal_ids))
        if not ids:
            return {}
        parameters = {"scope_customer_id": self._scope.customer_id, "portal_ids": ids}
        rows = await self._connection.rows(_of_portals(), parameters)
        return {row.portal_id: restored(PortalPage, row) for row in rows}

    async def store(self, portal_id: int, page: PortalPage) -> None:
        """Store the settings of a portal's page and replace the earlier ones."""
        tenant = {"scope_customer_id": self._scope.customer_id}
        await self._connection.run(_delete_page(), tenant | {"portal_id": portal_id})
        row = {"customer_id": self._scope.customer_id, "portal_id": portal_id, **asdict(page)}
        await self._connection.run(insert_into(portal_page), [row])

    async def holders(self, addresses: Collection[str]) -> dict[str, PortalAddress]:
        """Return those of the addresses that are in use, by any tenant, with their portals."""
        rows = await self._connection.rows(_holders(), {"addresses": sorted(addresses)})
        return {row.address: PortalAddress(**row._asdict()) for row in rows}

    async def readdress(self, portal_id: int, addresses: Collection[str]) -> None:
        """Replace the portal's addresses, ids and slugs. A deleted portal has none.

        Addresses of other portals stay theirs. If another portal takes an address at the same time,
        the transaction fails with ConcurrentChange.
        """
        tenant = {"scope_customer_id": self._scope.customer_id}
        await self._connection.run(_delete_addresses(), tenant | {"portal_id": portal_id})
        taken = await self.holders(addresses) if addresses else {}
        rows = [
            {
                "address": address,
                "customer_id": self._scope.customer_id,
                "portal_id": portal_id,
            }
            for address in dict.fromkeys(addresses)
            if address not in taken
        ]
        if rows:
            await self._connection.run(insert_into(portal_address), rows)


async def find_address(connection: Connection, address: str) -> PortalAddress | None:
    """Return whose portal an id or slug leads to, or None. It needs no tenant."""
    rows = await connection.rows(_holders(), {"addresses": [address]})
    return PortalAddress(**rows[0]._asdict()) if rows else None


async def find_enabled_portal(
    connection: Connection, address: PortalAddress
) -> tuple[PresentedPortal, int] | None:
    """Return the enabled portal at an address and its tenant's revision, or None."""
    parameters = {"scope_customer_id": address.customer_id, "portal_id": address.portal_id}
    rows = await connection.rows(_enabled_portal(), parameters)
    if not rows:
        return None
    row = rows[0]
    page = DEFAULT_PAGE if row.slug is None else restored(PortalPage, row)
    return present_portal(restored(UserPortal, row), page), row.revision


async def is_enabled(connection: Connection, address: PortalAddress) -> bool:
    """Return whether an address leads to an enabled portal."""
    parameters = {"scope_customer_id": address.customer_id, "portal_id": address.portal_id}
    rows = await connection.rows(_enabled(), parameters)
    return bool(rows) and bool(rows[0].enabled)


async def open_portals(
    connection: Connection, customer_id: int, *, limit: int, offset: int = 0
) -> tuple[list[OpenPortal], int]:
    """Return a page of the enabled portals of a whole tenant, by name, and their number."""
    tenant: dict[str, object] = {"scope_customer_id": customer_id}
    window = {"page_size": limit, "page_offset": offset}
    rows = await connection.rows(_open_portals(), tenant | window)
    counted = await connection.rows(_open_portal_count(), tenant)
    portals = [
        OpenPortal(
            id=row.id,
            microtenant_id=row.microtenant_id,
            name=row.name,
            title=row.title or row.name,
            address=row.slug or str(row.id),
        )
        for row in rows
    ]
    return portals, counted[0].total


@cached
def _open_portals() -> Select[Any]:
    portal, page = user_portal, portal_page
    settings = and_(page.c.customer_id == portal.c.customer_id, page.c.portal_id == portal.c.id)
    return (
        select(portal.c.id, portal.c.microtenant_id, portal.c.name, page.c.title, page.c.slug)
        .select_from(portal.outerjoin(page, settings))
        .where(portal.c.customer_id == bindparam("scope_customer_id"), portal.c.enabled == true())
        .order_by(portal.c.name_folded, portal.c.id)
        .limit(bindparam("page_size"))
        .offset(bindparam("page_offset"))
    )


@cached
def _open_portal_count() -> Select[Any]:
    of_tenant = user_portal.c.customer_id == bindparam("scope_customer_id")
    counted = select(func.count().label("total")).select_from(user_portal)
    return counted.where(of_tenant, user_portal.c.enabled == true())


@cached
def _enabled() -> Select[Any]:
    return (
        select(user_portal.c.enabled)
        .where(user_portal.c.customer_id == bindparam("scope_customer_id"))
        .where(user_portal.c.id == bindparam("portal_id"))
    )


@cached
def _enabled_portal() -> Select[Any]:
    portal, page = user_portal, portal_page
    customer_id = bindparam("scope_customer_id", type_=BigInteger)
    settings = and_(page.c.customer_id == customer_id, page.c.portal_id == portal.c.id)
    return (
        select(
            *plain_columns(portal),
            *(column for column in page.c if column.name not in {"customer_id", "portal_id"}),
            revision_of(customer_id).label("revision"),
        )
        .select_from(portal.outerjoin(page, settings))
        .where(portal.c.customer_id == customer_id, portal.c.enabled == true())
        .where(portal.c.id == bindparam("portal_id"))
    )


@cached
def _of_portals() -> Select[Any]:
    among = Among(portal_page.c.portal_id, "portal_ids")
    return select(portal_page).where(in_scope(portal_page), among)


@cached
def _delete_page() -> Executable:
    return delete(portal_page).where(
        in_scope(portal_page), portal_page.c.portal_id == bindparam("portal_id")
    )


@cached
def _holders() -> Select[Any]:
    among = Among(portal_address.c.address, "addresses")
    return select(portal_address).where(among)


@cached
def _delete_addresses() -> Executable:
    return delete(portal_address).where(
        in_scope(portal_address), portal_address.c.portal_id == bindparam("portal_id")
    )
