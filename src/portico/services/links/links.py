"""Use-cases of user portal links: the seven operations of the vendor's reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from portico.domain.errors import InvalidField, InvalidInput, NotFound, UnknownReference
from portico.domain.links.links import (
    BULK_LIMIT,
    KIND,
    Link,
    LinkSpec,
    check_link,
    check_portal_room,
)
from portico.domain.links.presentation import PLAIN, LinkPresentation, check_presentation
from portico.domain.portals.portals import UserPortal
from portico.domain.records import Page
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin
from portico.services.links.presentation import arrange_links
from portico.services.links.shown import present_links
from portico.services.naming import require_free_names
from portico.services.work import UnitOfWork

BULK_LIST = "userPortalLinks"


@dataclass(frozen=True, kw_only=True)
class LinkPage:
    """A page of links with the portals they are on, by id."""

    page: Page[Link]
    portals: Mapping[int, UserPortal]


async def list_links(work: UnitOfWork, query: ListQuery) -> LinkPage:
    """One page of the scope's links."""
    return await _expanded(work, await work.links.page(query))


async def list_links_of_portal(work: UnitOfWork, portal_id: int, query: ListQuery) -> LinkPage:
    """One page of the links on a portal. Raises NotFound for an unknown portal."""
    page = await work.links.page_of_portal(portal_id, query)
    expanded = await _expanded(work, page, portal_id)
    if portal_id not in expanded.portals:
        raise NotFound(portal_id)
    return expanded


async def get_link(work: UnitOfWork, link_id: int, *, lock: bool = False) -> LinkPage:
    """One link, as a page of one. Raises NotFound."""
    link = await _existing(work, link_id, lock=lock)
    return await _expanded(work, Page(items=[link], total=1))


async def create_link(
    work: UnitOfWork, spec: LinkSpec, shown: LinkPresentation | None = None
) -> Link:
    """Stores a new link, and how it is shown if that is said. Raises InvalidInput or Forbidden."""
    require_admin(work)
    spec = check_link(spec)
    shown = shown and check_presentation(shown)
    await _require_portals(work, spec.portal_ids)
    await _require_room(work, spec.portal_ids)
    link = _new_link(work, spec)
    await work.links.insert(link)
    (stored,) = await arrange_links(work, [link], [shown])
    await recording.record_creation(work, KIND, stored)
    return stored


async def create_links(
    work: UnitOfWork,
    specs: Sequence[LinkSpec],
    shown: Sequence[LinkPresentation | None] | None = None,
) -> list[Link]:
    """Stores 1 to 500 new links, all of them or none, in the order given.

    `shown` says for each how it is shown, if it says anything. Raises InvalidInput naming the
    entry and field at fault, or Forbidden.
    """
    require_admin(work)
    check_bulk_size(len(specs))
    shown = [None] * len(specs) if shown is None else shown
    checked = [_check_entry(position, spec) for position, spec in enumerate(specs)]
    shown = [_check_presentation(position, each) for position, each in enumerate(shown)]
    await require_free_names(work.links, [spec.name for spec in checked], BULK_LIST)
    portal_ids = [portal_id for spec in checked for portal_id in spec.portal_ids]
    known = await work.portals.find_all(portal_ids, lock=True)
    for position, spec in enumerate(checked):
        place = f"{BULK_LIST}[{position}].userPortals"
        _require_known(spec.portal_ids, known, place)
    await _require_room(work, portal_ids)
    links = [_new_link(work, spec) for spec in checked]
    await work.links.insert(*links)
    stored = await arrange_links(work, links, shown)
    await recording.record_creation(work, KIND, *stored)
    return stored


def check_bulk_size(entries: int) -> None:
    """Raises InvalidField unless a bulk has 1 to 500 entries."""
    if not 1 <= entries <= BULK_LIMIT:
        raise InvalidField(BULK_LIST, f"It has {entries} entries; 1 to {BULK_LIMIT} are taken.")


async def update_link(
    work: UnitOfWork, link_id: int, spec: LinkSpec, shown: LinkPresentation | None = None
) -> None:
    """Replaces everything that a client may write; how the link is shown only if that is said.

    Raises NotFound, InvalidInput or Forbidden.
    """
    require_admin(work)
    before = await _existing(work, link_id, lock=True)
    spec = check_link(spec, stored_name=before.name)
    shown = shown and check_presentation(shown)
    added = [each for each in spec.portal_ids if each not in before.portal_ids]
    await _require_portals(work, added)
    await _require_room(work, added)
    after = Link(
        **vars(spec),
        **work.changed_stamps(before),
        microtenant_id=before.microtenant_id,
    )
    await work.links.replace(after)
    if shown is not None:
        (before,) = await present_links(work, [before])
    (stored,) = await arrange_links(work, [after], [shown])
    await recording.record_update(work, KIND, before, stored)


async def delete_link(work: UnitOfWork, link_id: int) -> None:
    """Deletes a link and its assignments. Raises NotFound or Forbidden."""
    require_admin(work)
    link = await _existing(work, link_id, lock=True)
    (shown,) = await present_links(work, [link])
    await work.links.remove(link_id)
    await recording.record_deletion(work, KIND, link if shown.presentation == PLAIN else shown)


async def _existing(work: UnitOfWork, link_id: int, *, lock: bool = False) -> Link:
    link = await work.links.find(link_id, lock=lock)
    if link is None:
        raise NotFound(link_id)
    return link


async def _expanded(work: UnitOfWork, page: Page[Link], *also: int) -> LinkPage:
    wanted = {portal_id for link in page.items for portal_id in link.portal_ids}
    return LinkPage(page=page, portals=await work.portals.find_all(wanted.union(also)))


async def _require_portals(work: UnitOfWork, portal_ids: Iterable[int]) -> None:
    _require_known(portal_ids, await work.portals.find_all(portal_ids, lock=True))


def _require_known(portal_ids: Iterable[int], known: Container[int], place: str = "") -> None:
    for portal_id in portal_ids:
        if portal_id not in known:
            unknown = UnknownReference(portal_id)
            raise unknown.within(place) if place else unknown


async def _require_room(work: UnitOfWork, added: Iterable[int]) -> None:
    """Checks the limit of links on each portal; a portal comes once for each link it is given."""
    new = Counter(added)
    present = await work.links.count_by_portal(new)
    for portal_id, links in new.items():
        check_portal_room(portal_id, present.get(portal_id, 0) + links)


def _check_entry(position: int, spec: LinkSpec) -> LinkSpec:
    try:
        return check_link(spec)
    except InvalidInput as error:
        raise error.within(f"{BULK_LIST}[{position}]") from None


def _check_presentation(position: int, shown: LinkPresentation | None) -> LinkPresentation | None:
    try:
        return shown and check_presentation(shown)
    except InvalidInput as error:
        raise error.within(f"{BULK_LIST}[{position}]") from None


def _new_link(work: UnitOfWork, spec: LinkSpec) -> Link:
    return Link(
        **vars(spec),
        **work.new_stamps(),
        microtenant_id=work.scope.microtenant_id,
    )
