"""Use-cases of user portals."""

from __future__ import annotations

from dataclasses import asdict, replace

from portico.domain.errors import StillReferenced
from portico.domain.links import links
from portico.domain.portals.pages import DEFAULT_PAGE, PortalPage, PresentedPortal
from portico.domain.portals.portals import KIND, UserPortal, UserPortalSpec, check_portal
from portico.domain.records import Page, natural_key
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin
from portico.services.naming import require_free_name
from portico.services.portals.pages import present_portals, store_page
from portico.services.work import UnitOfWork


async def list_portals(work: UnitOfWork, query: ListQuery) -> Page[UserPortal]:
    """Return one page of the scope's user portals."""
    return await work.portals.page(query)


async def name_portals(work: UnitOfWork, most: int) -> dict[int, str]:
    """Return the names of at most `most` user portals of the scope by id, in natural order.

    Use it where people choose a portal: whole portals have pictures of up to 128 KiB.
    """
    found = await work.portals.texts(("name",), None, most)
    names = {portal_id: name for portal_id, (name,) in found.items()}
    return dict(sorted(names.items(), key=lambda each: natural_key(each[1])))


async def count_portals(work: UnitOfWork) -> int:
    """Return the number of user portals in the scope."""
    return await work.portals.count()


async def get_portal(work: UnitOfWork, portal_id: int, *, lock: bool = False) -> UserPortal:
    """Return one user portal. Raises NotFound."""
    return await work.portals.get(portal_id, lock=lock)


async def get_presented_portal(
    work: UnitOfWork, portal_id: int, *, lock: bool = False
) -> PresentedPortal:
    """Return one user portal with the settings of its page. Raises NotFound."""
    (portal,) = await present_portals(work, [await get_portal(work, portal_id, lock=lock)])
    return portal


async def create_portal(
    work: UnitOfWork, spec: UserPortalSpec, *, managed_suffix: str, page: PortalPage | None = None
) -> PresentedPortal:
    """Store a new user portal, with computed domains and the settings of its page; return it.

    Raises InvalidInput or Forbidden.
    """
    require_admin(work)
    spec = await _checked(work, spec, managed_suffix)
    await require_free_name(work.portals, spec.name)
    portal = UserPortal(
        **asdict(spec),
        **work.new_stamps(),
        microtenant_id=work.scope.microtenant_id,
    )
    await work.portals.insert(portal)
    stored = await store_page(work, portal, page or DEFAULT_PAGE)
    await recording.record_creation(work, KIND, stored)
    return stored


async def update_portal(
    work: UnitOfWork,
    portal_id: int,
    spec: UserPortalSpec,
    *,
    managed_suffix: str,
    page: PortalPage | None = None,
) -> None:
    """Replace all that a client can write; without `page`, the page keeps its settings.

    Raises NotFound, InvalidInput or Forbidden.
    """
    require_admin(work)
    before = await get_presented_portal(work, portal_id, lock=True)
    spec = await _checked(work, spec, managed_suffix, stored_name=before.name)
    await require_free_name(work.portals, spec.name, holder=portal_id)
    after = UserPortal(
        **asdict(spec),
        **work.changed_stamps(before),
        microtenant_id=before.microtenant_id,
    )
    await work.portals.replace(after)
    stored = await store_page(work, after, page or before.page, before.page)
    await recording.record_update(work, KIND, before, stored)


async def delete_portal(
    work: UnitOfWork, portal_id: int, *, locked: PresentedPortal | None = None
) -> None:
    """Delete a portal without links, which the caller may have `locked`.

    Raises NotFound, StillReferenced or Forbidden.
    """
    require_admin(work)
    portal = locked or await get_presented_portal(work, portal_id, lock=True)
    link_name = await work.links.first_of_portal(portal_id)
    if link_name is not None:
        raise StillReferenced(links.KIND, link_name)
    await work.portal_pages.readdress(portal_id, [])
    await work.portals.remove(portal_id)
    await recording.record_deletion(work, KIND, portal)


async def _checked(
    work: UnitOfWork, spec: UserPortalSpec, managed_suffix: str, *, stored_name: str = ""
) -> UserPortalSpec:
    """Return the spec as it will be stored, with the name of its certificate if it exists."""
    spec = check_portal(spec, managed_suffix, stored_name=stored_name)
    if spec.certificate_id is None:
        return spec
    certificate = await work.certificates.find(spec.certificate_id, lock=True)
    return replace(spec, certificate_name=certificate.name) if certificate else spec
