"""Use-cases of portals' pages: their settings and their addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from portico.domain.errors import InvalidField
from portico.domain.portals.domains import host_of
from portico.domain.portals.pages import (
    DEFAULT_PAGE,
    PortalPage,
    PresentedPortal,
    addresses_of,
    check_page,
    present_portal,
    slugs_for,
)
from portico.domain.portals.portals import UserPortal
from portico.services.work import UnitOfWork

_SLUGS_TRIED = 50
_ADDRESS = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)


async def present_portals(work: UnitOfWork, portals: Iterable[UserPortal]) -> list[PresentedPortal]:
    """Return portals with the settings of their pages."""
    portals = list(portals)
    pages = await work.portal_pages.of_portals(portal.id for portal in portals)
    return [present_portal(portal, pages.get(portal.id, DEFAULT_PAGE)) for portal in portals]


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
