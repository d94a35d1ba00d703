"""Use-cases of links: the seven operations of the vendor's reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from portico.domain.errors import (
    InvalidField,
    InvalidInput,
    LinkLimitExceeded,
    NotFound,
    UnknownReference,
)
from portico.domain.links.links import (
    BULK_LIMIT,
    KIND,
    Link,
    LinkSpec,
    check_link,
    check_portal_room,
)
from portico.domain.links.presentation import (
    PLAIN,
    LinkPresentation,
    PresentedLink,
    check_presentation,
)
from portico.domain.portals.portals import UserPortal
from portico.domain.records import Page
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin
from portico.services.links.presentation import store_presentations
from portico.services.naming import require_free_names
from portico.services.work import UnitOfWork

BULK_LIST = "userPortalLinks"


@dataclass(frozen=True, kw_only=True)
class LinkPage:
    """A page of links, and the portals that they are on by id."""

    page: Page[Link]
    portals: Mapping[int, UserPortal]


async def list_links(work: UnitOfWork, query: ListQuery) -> LinkPage:
    """Return one page of the scope's links."""
    return await _expanded(work, await work.links.page(query))


async def list_links_of_portal(work: UnitOfWork, portal_id: int, query: ListQuery) -> LinkPage:
    """Return one page of the links on a portal. Raises NotFound for an unknown portal."""
    page = await work.links.page_of_portal(portal_id, query)
    expanded = await _expanded(work, page, portal_id)
    if portal_id not in expanded.portals:
        raise NotFound(portal_id)
    return expanded


async def get_link(work: UnitOfWork, link_id: int, *, lock: bool = False) -> LinkPage:
    """Return a page with one link, locked until the transaction ends if asked. Raises NotFound."""
    link = await work.links.get(link_id, lock=lock)
    return await _expanded(work, Page(items=[link], total=1))


async def create_link(
    work: UnitOfWork, spec: LinkSpec, presentation: LinkPresentation | None = None
) -> PresentedLink:
    """Store a new link with its presentation, and return it. Raises InvalidInput or Forbidden."""
    require_admin(work)
    spec = check_link(spec)
    presentation = check_presentation(presentation) if presentation else PLAIN
    await _require_portals(work, spec.portal_ids)
    await _require_room(work, spec.portal_ids)
    link = _new_link(work, spec, presentation)
    await _insert(work, link)
    return link


async def create_links(
    work: UnitOfWork,
    specs: Sequence[LinkSpec],
    presentations: Sequence[LinkPresentation | None] | None = None,
) -> list[PresentedLink]:
    """Store 1 to 500 new links, all of them or none, and return them in the order given.

    `presentations` has one for each link, or None. Raises InvalidInput naming the entry and
    field at fault, or Forbidden.
    """
    require_admin(work)
    check_bulk_size(len(specs))
    checked = [_check_entry(position, spec) for position, spec in enumerate(specs)]
    checked_presentations = [
        _check_presentation(position, each) if each else PLAIN
        for position, each in enumerate(presentations or [None] * len(specs))
    ]
    await require_free_names(work.links, [spec.name for spec in checked], BULK_LIST)
    portal_ids = [portal_id for spec in checked for portal_id in spec.portal_ids]
    known = await work.portals.lock_existing(portal_ids)
    for position, spec in enumerate(checked):
        _require_known(spec.portal_ids, known, f"{BULK_LIST}[{position}].userPortals")
    await _require_room(work, portal_ids)
    links = [
        _new_link(work, spec, each)
        for spec, each in zip(checked, checked_presentations, strict=True)
    ]
    await _insert(work, *links)
    return links


def check_bulk_size(entries: int) -> None:
    """Raise InvalidField unless a bulk has 1 to 500 entries."""
    if not 1 <= entries <= BULK_LIMIT:
        raise InvalidField(BULK_LIST, f"It has {entries} entries; 1 to {BULK_LIMIT} are allowed.")


async def update_link(
    work: UnitOfWork, link_id: int, spec: LinkSpec, presentation: LinkPresentation | None = None
) -> None:
    """Replace all that a client can write; without `presentation`, the link keeps its own.

    Raises NotFound, InvalidInput or Forbidden.
    """
    require_admin(work)
    before = await work.presented_links.get(link_id, lock=True)
    spec = check_link(spec, stored_name=before.name)
    presentation = check_presentation(presentation) if presentation else before.presentation
    added = [each for each in spec.portal_ids if each not in before.portal_ids]
    await _require_portals(work, added)
    await _require_room(work, added)
    after = PresentedLink(
        **vars(spec),
        **work.changed_stamps(before),
        microtenant_id=before.microtenant_id,
        presentation=presentation,
    )
    await work.links.replace(after, before)
    await store_presentations(work, [after], [before])
    await recording.record_update(work, KIND, before, after)


async def delete_link(
    work: UnitOfWork, link_id: int, *, locked: PresentedLink | None = None
) -> None:
    """Delete a link, which the caller may have `locked`, and its assignments.

    Raises NotFound or Forbidden.
    """
    require_admin(work)
    link = locked or await work.presented_links.get(link_id, lock=True)
    await work.links.remove(link_id)
    await recording.record_deletion(work, KIND, link)


async def _expanded(work: UnitOfWork, page: Page[Link], *also: int) -> LinkPage:
    portal_ids = {portal_id for link in page.items for portal_id in link.portal_ids}
    return LinkPage(page=page, portals=await work.portals.find_all(portal_ids.union(also)))


async def _require_portals(work: UnitOfWork, portal_ids: Iterable[int]) -> None:
    _require_known(portal_ids, await work.portals.lock_existing(portal_ids))


def _require_known(portal_ids: Iterable[int], known: Container[int], field: str = "") -> None:
    for portal_id in portal_ids:
        if portal_id not in known:
            unknown = UnknownReference(portal_id)
            raise unknown.within(field) if field else unknown


async def _require_room(work: UnitOfWork, added: Iterable[int]) -> None:
    """Require room on each portal, which is in `added` once for each link that it gets."""
    new = Counter(added)
    present = await work.links.count_by_portal(new)
    for portal_id, links in new.items():
        try:
            check_portal_room(portal_id, present.get(portal_id, 0) + links)
        except LinkLimitExceeded as error:
            portal = await work.portals.get(portal_id)
            raise LinkLimitExceeded(portal_id, error.limit, portal.name) from error


def _check_entry(position: int, spec: LinkSpec) -> LinkSpec:
    try:
        return check_link(spec)
    except InvalidInput as error:
        raise error.within(f"{BULK_LIST}[{position}]") from None


def _check_presentation(position: int, presentation: LinkPresentation) -> LinkPresentation:
    try:
        return check_presentation(presentation)
    except InvalidInput as error:
        raise error.within(f"{BULK_LIST}[{position}]") from None


def _new_link(work: UnitOfWork, spec: LinkSpec, presentation: LinkPresentation) -> PresentedLink:
    return PresentedLink(
        **vars(spec),
        **work.new_stamps(),
        microtenant_id=work.scope.microtenant_id,
        presentation=presentation,
    )


async def _insert(work: UnitOfWork, *links: PresentedLink) -> None:
    await work.links.insert(*links)
    await store_presentations(work, links)
    await recording.record_creation(work, KIND, *links)
