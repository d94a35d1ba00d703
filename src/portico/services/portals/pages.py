"""Portals as visitors meet them: the settings of a page, and the addresses that lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from portico.domain.errors import InvalidField, NotFound
from portico.domain.links.presentation import PortalSection, arranged
from portico.domain.portals.domains import host_of
from portico.domain.portals.pages import (
    DEFAULT_PAGE,
    PortalAddress,
    PortalPage,
    PresentedPortal,
    addresses_of,
    check_page,
    present_portal,
    slugs_for,
)
from portico.domain.portals.portals import UserPortal
from portico.domain.records import Scope
from portico.domain.tenancy.identity import Principal, Role, Tenant
from portico.services.access import Access, open_work
from portico.services.links.shown import present_links
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from portico.storage.portals.pages import (
    PortalPageRepository,
    find_address,
    find_microtenant,
    is_enabled,
)
from portico.storage.portals.portals import UserPortalRepository
from portico.storage.tenancy.identity import IdentityRepository

_SLUGS_TRIED = 50
_ADDRESS = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)


async def find_portal_address(runtime: Runtime, address: str) -> PortalAddress | None:
    """Return whose portal an id or a slug leads to, or None. The portal may be disabled.

    `domains.find_portal_at_host` does the same for a portal's own domain.
    """
    wanted = address.lower()
    if not _ADDRESS.fullmatch(wanted):
        return None
    async with runtime.database.read() as connection:
        return await find_address(connection, wanted)


async def find_open_portal(runtime: Runtime, address: str) -> PortalAddress | None:
    """Return whose enabled portal an id or a slug leads to, or None."""
    place = await find_portal_address(runtime, address)
    if place is None:
        return None
    async with runtime.database.read(place.customer_id) as connection:
        return place if await is_enabled(connection, place) else None


async def present_portals(work: UnitOfWork, portals: Iterable[UserPortal]) -> list[PresentedPortal]:
    """The portals together with the settings of their pages."""
    found = list(portals)
    pages = await work.portal_pages.of_portals(portal.id for portal in found)
    return [present_portal(portal, pages.get(portal.id, DEFAULT_PAGE)) for portal in found]


async def store_page(
    work: UnitOfWork, portal: UserPortal, page: PortalPage, stored: PortalPage = DEFAULT_PAGE
) -> PresentedPortal:
    """Store the settings of a portal's page and its addresses, and return it with both.

    `stored` are the settings until now. A page without a slug keeps that of `stored`, or gets one
    made from the portal's name. Raises InvalidField.
    """
    if page != stored:
        page = check_page(page)
    if not page.slug:
        page = replace(page, slug=stored.slug or await _free_slug(work, portal))
    elif page.slug != stored.slug:
        await _require_free_slug(work, portal, page.slug)
    if page != stored:
        await work.portal_pages.store(portal.id, page)
    await work.portal_pages.readdress(portal.id, addresses_of(portal, page))
    await work.portal_domains.claim(portal.id, host_of(portal.domain), work.new_id())
    return present_portal(portal, page)


async def _free_slug(work: UnitOfWork, portal: UserPortal) -> str:
    candidates = list(islice(slugs_for(portal.name), _SLUGS_TRIED))
    taken = await work.portal_pages.holders(candidates)
    free = [slug for slug in candidates if slug not in taken]
    return free[0] if free else f"{candidates[0]}-{portal.id}"


async def _require_free_slug(work: UnitOfWork, portal: UserPortal, slug: str) -> None:
    holder = (await work.portal_pages.holders([slug])).get(slug)
    if holder is not None and holder.portal_id != portal.id:
        raise InvalidField("portico.slug", f"Another portal has the address {slug}.")


@dataclass(frozen=True, kw_only=True)
class PortalVisit:
    """An enabled portal that somebody visits, and the part of the database that it may read."""

    portal: PresentedPortal
    tenant: Tenant
    scope: Scope
    microtenant_name: str


async def visit_portal(connection: Connection, place: PortalAddress) -> PortalVisit:
    """The portal at an address. Raises NotFound for one that is disabled or gone.

    Whether the visitor may see it depends on its audience, which the caller looks at.
    """
    microtenant_id = await find_microtenant(connection, place)
    if microtenant_id is None:
        raise NotFound(place.address)
    home = await IdentityRepository(connection).scope_details(place.customer_id, microtenant_id)
    scope = Scope(customer_id=place.customer_id, microtenant_id=microtenant_id)
    portal = await UserPortalRepository(connection, scope).find(place.portal_id)
    if home is None or portal is None or not portal.enabled:
        raise NotFound(place.address)
    pages = await PortalPageRepository(connection, scope).of_portals([portal.id])
    return PortalVisit(
        portal=present_portal(portal, pages.get(portal.id, DEFAULT_PAGE)),
        tenant=home.tenant,
        scope=scope,
        microtenant_name=home.microtenant_name,
    )


def visitors_work(
    runtime: Runtime,
    connection: Connection,
    visit: PortalVisit,
    *,
    user_id: int = 0,
    transaction_id: str,
) -> UnitOfWork:
    """What a visitor works with: the portal's microtenant, to read. 0 is nobody's user id."""
    principal = Principal(
        actor_id=user_id,
        customer_id=visit.scope.customer_id,
        role=Role.VIEWER,
        microtenant_id=visit.scope.microtenant_id,
    )
    access = Access(
        principal=principal,
        tenant=visit.tenant,
        scope=visit.scope,
        microtenant_name=visit.microtenant_name,
        links=0,
    )
    return open_work(runtime, connection, access, transaction_id=transaction_id)


async def list_portal_links(work: UnitOfWork, portal_id: int) -> list[PortalSection]:
    """All enabled links of an enabled portal under their headings, whatever their groups.

    `domain.links.presentation.seen_by` leaves what one visitor sees. Runs three statements at most,
    and returns nothing for a portal that is disabled, foreign or gone.
    """
    links = await work.link_sets.visible_on(portal_id)
    sections = await work.sections.all() if links else []
    return arranged(await present_links(work, links), [section.name for section in sections])
