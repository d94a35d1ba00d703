"""Restoring objects of one kind: what undoing a change needs to know about each noun.

Objects come back under their own ids and only within today's rules: their names must be free, and
their portals must exist and have room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from portico.domain import policies as aups
from portico.domain.errors import ConcurrentChange, InvalidField
from portico.domain.links import links, sections
from portico.domain.links.links import check_portal_room
from portico.domain.links.presentation import PresentedLink, unpresented
from portico.domain.links.sections import Section
from portico.domain.people import groups
from portico.domain.people.groups import Group
from portico.domain.policies import Aup, next_text_version
from portico.domain.portals import portals
from portico.domain.portals.pages import DEFAULT_PAGE, PortalPage, PresentedPortal
from portico.domain.records import Named, Record, fold
from portico.domain.tenancy import microtenants
from portico.domain.tenancy.microtenants import Microtenant
from portico.services.links.presentation import store_presentations
from portico.services.naming import NameIndex
from portico.services.portals.pages import present_portals, store_page
from portico.services.work import UnitOfWork
from portico.storage.repositories import Repository

R = TypeVar("R", bound=Record)


async def _is_never_used(work: UnitOfWork, record: Any) -> bool:  # noqa: ANN401  # of any kind
    return False


@dataclass(frozen=True, kw_only=True)
class Restorer(Generic[R]):
    """How to read and restore objects of one kind. `is_used` says whether one must stay."""

    kind: str
    record: type[R]
    repository: Callable[[UnitOfWork], Repository[Any]]
    is_used: Callable[[UnitOfWork, R], Awaitable[bool]] = _is_never_used

    async def current(self, work: UnitOfWork, ids: Iterable[int]) -> Mapping[int, R]:
        """Return the objects as they are now, by id."""
        return await self.repository(work).find_all(ids, lock=True)

    def comparable(self, record: R) -> R:
        """Return an object in a form that is equal for objects that mean the same."""
        return record

    async def add(self, work: UnitOfWork, records: Sequence[R]) -> None:
        """Store deleted objects again. Raises ConcurrentChange."""
        await _require_names(self.repository(work), self.kind, records)
        await self.repository(work).insert(*records)

    async def change(
        self, work: UnitOfWork, records: Sequence[R], current: Mapping[int, R]
    ) -> None:
        """Store earlier versions in place of the current ones. Raises ConcurrentChange."""
        await _require_names(self.repository(work), self.kind, records)
        for record in records:
            await self.repository(work).replace(record)

    async def remove(self, work: UnitOfWork, records: Sequence[R]) -> Sequence[R]:
        """Delete objects that nothing uses, and return these. Raises ConcurrentChange."""
        unused = [record for record in records if not await self.is_used(work, record)]
        for record in unused:
            await self.repository(work).remove(record.id)
        return unused


def changed_since(kind: str, name: str, why: str = "has been changed since") -> ConcurrentChange:
    """Return the error that names the object in the way."""
    return ConcurrentChange(kind, f'"{name}" {why}.')


async def _require_names(index: NameIndex, kind: str, records: Sequence[Any]) -> None:
    named: list[Named] = [record for record in records if record.name]
    holders = await index.ids_by_name([record.name for record in named])
    for record in named:
        if holders.get(fold(record.name), record.id) != record.id:
            raise changed_since(kind, record.name, "is now the name of another object")


class LinkRestorer(Restorer[PresentedLink]):
    """Links with their presentations."""

    def comparable(self, record: PresentedLink) -> PresentedLink:
        """Return the link with folded names of its section and groups, as they are looked up."""
        presentation = record.presentation
        names = tuple(sorted(map(fold, presentation.groups)))
        return replace(
            record,
            presentation=replace(presentation, section=fold(presentation.section), groups=names),
        )

    async def add(self, work: UnitOfWork, records: Sequence[PresentedLink]) -> None:
        """Store deleted links on the portals they were on."""
        await self._require(work, records, {})
        await work.links.insert(*records)
        await store_presentations(work, records)

    async def change(
        self,
        work: UnitOfWork,
        records: Sequence[PresentedLink],
        current: Mapping[int, PresentedLink],
    ) -> None:
        """Store earlier versions of links, and their presentations, where they differ."""
        await self._require(work, records, current)
        await work.link_sets.replace_all(
            [each for each in records if unpresented(each) != unpresented(current[each.id])]
        )
        await store_presentations(work, records, current.values())

    async def remove(
        self, work: UnitOfWork, records: Sequence[PresentedLink]
    ) -> Sequence[PresentedLink]:
        """Delete links."""
        await work.link_sets.remove_all([record.id for record in records])
        return records

    async def _require(
        self,
        work: UnitOfWork,
        records: Sequence[PresentedLink],
        current: Mapping[int, PresentedLink],
    ) -> None:
        await _require_names(work.links, self.kind, records)
        added: Counter[int] = Counter()
        for link in records:
            assigned = current[link.id].portal_ids if link.id in current else ()
            added.update(set(link.portal_ids).difference(assigned))
        existing = await work.portals.find_all(added, lock=True)
        for link in records:
            if any(each in added and each not in existing for each in link.portal_ids):
                raise changed_since(self.kind, link.name, "was on a portal that no longer exists")
        links_on = await work.links.count_by_portal(added)
        for portal_id, more in added.items():
            check_portal_room(
                portal_id, links_on.get(portal_id, 0) + more, existing[portal_id].name
            )


class PortalRestorer(Restorer[PresentedPortal]):
    """Portals with the settings of their pages."""

    async def current(self, work: UnitOfWork, ids: Iterable[int]) -> Mapping[int, PresentedPortal]:
        """Return the portals, each with its page."""
        portals = await work.portals.find_all(ids, lock=True)
        return {each.id: each for each in await present_portals(work, portals.values())}

    async def add(self, work: UnitOfWork, records: Sequence[PresentedPortal]) -> None:
        """Store deleted portals, at the addresses they had if these are still free."""
        await super().add(work, records)
        for portal in records:
            await _store_page(work, portal, DEFAULT_PAGE)

    async def change(
        self,
        work: UnitOfWork,
        records: Sequence[PresentedPortal],
        current: Mapping[int, PresentedPortal],
    ) -> None:
        """Store earlier versions of portals and their pages."""
        await super().change(work, records, current)
        for portal in records:
            await _store_page(work, portal, current[portal.id].page)

    async def remove(
        self, work: UnitOfWork, records: Sequence[PresentedPortal]
    ) -> Sequence[PresentedPortal]:
        """Delete portals that show no link."""
        for portal in records:
            if await work.links.first_of_portal(portal.id) is not None:
                raise changed_since(self.kind, portal.name, "has links now")
            await work.portal_pages.readdress(portal.id, [])
            await work.portals.remove(portal.id)
        return records


async def _store_page(work: UnitOfWork, portal: PresentedPortal, stored: PortalPage) -> None:
    try:
        await store_page(work, portal, portal.page, stored)
    except InvalidField:
        # Another portal has taken the slug since, so this portal gets a different one.
        await store_page(work, portal, replace(portal.page, slug=""), stored)


class PolicyRestorer(Restorer[Aup]):
    """Policies, whose versions only count up."""

    async def change(
        self, work: UnitOfWork, records: Sequence[Aup], current: Mapping[int, Aup]
    ) -> None:
        """Store earlier policies. An earlier text becomes a new version."""
        versions = {each.id: next_text_version(current[each.id], each.aup) for each in records}
        numbered = [replace(each, text_version=versions[each.id]) for each in records]
        await super().change(work, numbered, current)


async def _is_section_used(work: UnitOfWork, section: Section) -> bool:
    return section.id in await work.sections.link_counts()


async def _is_group_used(work: UnitOfWork, group: Group) -> bool:
    return await work.groups.first_link(group.id) is not None


async def _require_empty(work: UnitOfWork, microtenant: Microtenant) -> bool:
    owned = await work.microtenants.first_owned(microtenant.id)
    if owned is not None or await work.microtenants.first_client(microtenant.id) is not None:
        raise changed_since(microtenants.KIND, microtenant.name, "is in use now")
    return False


RESTORERS: Mapping[str, Restorer[Any]] = {
    each.kind: each
    for each in (
        LinkRestorer(
            kind=links.KIND, record=PresentedLink, repository=lambda work: work.presented_links
        ),
        PortalRestorer(
            kind=portals.KIND, record=PresentedPortal, repository=lambda work: work.portals
        ),
        PolicyRestorer(kind=aups.KIND, record=Aup, repository=lambda work: work.aups),
        Restorer(
            kind=microtenants.KIND,
            record=Microtenant,
            repository=lambda work: work.microtenants,
            is_used=_require_empty,
        ),
        Restorer(
            kind=sections.KIND,
            record=Section,
            repository=lambda work: work.sections,
            is_used=_is_section_used,
        ),
        Restorer(
            kind=groups.KIND,
            record=Group,
            repository=lambda work: work.groups,
            is_used=_is_group_used,
        ),
    )
}
"""The kinds of objects whose changes can be undone."""
