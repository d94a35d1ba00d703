"""Putting objects of one kind back as they were: what undoing needs to know of each noun.

An object is put back under its own id and by the rules that still hold: its name is free, its
portals are there and have room.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from portico.domain import policies as aups
from portico.domain.errors import ConcurrentChange, InvalidField
from portico.domain.links import links, sections
from portico.domain.links.links import Link, check_portal_room
from portico.domain.links.presentation import LinkPresentation, PresentedLink, present, unpresented
from portico.domain.links.sections import Section
from portico.domain.people import groups
from portico.domain.people.groups import Group
from portico.domain.policies import Aup
from portico.domain.portals import portals
from portico.domain.portals.pages import Audience, PortalPage, PresentedPortal, present_portal
from portico.domain.portals.portals import UserPortal
from portico.domain.records import Record, fold
from portico.domain.tenancy import microtenants
from portico.domain.tenancy.microtenants import Microtenant
from portico.services.links.presentation import store_presentations
from portico.services.links.shown import present_links
from portico.services.naming import NameIndex
from portico.services.portals.pages import present_portals, settle_page
from portico.services.work import UnitOfWork

Json = dict[str, Any]


class NamedRecord(Protocol):
    """Any record with a name."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


R = TypeVar("R", bound=Record)
N = TypeVar("N", bound=Aup | Microtenant | Section | Group)


class Restorer(ABC, Generic[R]):
    """How objects of one kind are read and put back."""

    kind: ClassVar[str]

    @abstractmethod
    async def current(self, work: UnitOfWork, ids: Iterable[int]) -> Mapping[int, R]:
        """The objects as they are now, by id."""

    @abstractmethod
    def parse(self, told: Json) -> R:
        """The object that an audit entry tells of."""

    @abstractmethod
    async def add(self, work: UnitOfWork, records: Sequence[R]) -> None:
        """Stores objects that were deleted, under their own ids. Raises ConcurrentChange."""

    @abstractmethod
    async def change(self, work: UnitOfWork, records: Sequence[R]) -> None:
        """Stores objects as they were. Raises ConcurrentChange."""

    @abstractmethod
    async def remove(self, work: UnitOfWork, records: Sequence[R]) -> Sequence[R]:
        """Deletes objects that were created; those that it deleted. Raises ConcurrentChange."""

    def tell(self, record: R, like: Json) -> Json:
        """The object as an audit entry with those members would tell it."""
        told: Json = json.loads(json.dumps(asdict(record)))
        return {name: value for name, value in told.items() if name in like}

    def comparable(self, record: R, like: Json) -> Json:
        """The same in a form that is equal for objects that are alike."""
        return self.tell(record, like)


def changed_meanwhile(kind: str, name: str, why: str = "was changed meanwhile") -> ConcurrentChange:
    """The refusal, naming the object."""
    return ConcurrentChange(kind, f'"{name}" {why}.')


async def _require_names(index: NameIndex, kind: str, records: Sequence[NamedRecord]) -> None:
    named = [record for record in records if record.name]
    holders = await index.ids_by_name([record.name for record in named])
    for record in named:
        if holders.get(fold(record.name), record.id) != record.id:
            raise changed_meanwhile(kind, record.name, "is another one's name now")


class LinkRestorer(Restorer[Link]):
    """Links, with how they are shown when the entry tells it."""

    kind = links.KIND

    async def current(self, work: UnitOfWork, ids: Iterable[int]) -> Mapping[int, Link]:
        """The links, each with how it is shown."""
        found = await work.links.find_all(ids, lock=True)
        return {link.id: link for link in await present_links(work, found.values())}

    def parse(self, told: Json) -> Link:
        """The link; with how it is shown when that is told."""
        values = {name: value for name, value in told.items() if name != "presentation"}
        link = Link(**values | {"portal_ids": tuple(told["portal_ids"])})
        if "presentation" not in told:
            return link
        shown = told["presentation"]
        return present(link, LinkPresentation(**shown | {"groups": tuple(shown["groups"])}))

    def comparable(self, record: Link, like: Json) -> Json:
        """Names of sections and groups go without regard to case, as they are looked up."""
        return _folded_presentation(self.tell(record, like))

    async def add(self, work: UnitOfWork, records: Sequence[Link]) -> None:
        """Stores links anew, on the portals they were on."""
        await self._require(work, records, {})
        await work.links.insert(*map(unpresented, records))
        await _show(work, records)

    async def change(self, work: UnitOfWork, records: Sequence[Link]) -> None:
        """Stores links as they were; how they are shown only where that is told."""
        now = await work.links.find_all(record.id for record in records)
        await self._require(work, records, now)
        differing = [link for link in map(unpresented, records) if link != now.get(link.id)]
        await work.link_sets.replace_all(differing)
        await _show(work, records)

    async def remove(self, work: UnitOfWork, records: Sequence[Link]) -> Sequence[Link]:
        """Deletes links."""
        await work.link_sets.remove_all([record.id for record in records])
        return records

    async def _require(
        self, work: UnitOfWork, records: Sequence[Link], now: Mapping[int, Link]
    ) -> None:
        await _require_names(work.links, self.kind, records)
        added: Counter[int] = Counter()
        for link in records:
            known = set(now[link.id].portal_ids) if link.id in now else set()
            added.update(set(link.portal_ids) - known)
        there = await work.portals.find_all(added, lock=True)
        for link in records:
            if any(each in added and each not in there for each in link.portal_ids):
                raise changed_meanwhile(self.kind, link.name, "was on a portal that is gone")
        present_links_of = await work.links.count_by_portal(added)
        for portal_id, more in added.items():
            check_portal_room(portal_id, present_links_of.get(portal_id, 0) + more)


def _folded_presentation(told: Json) -> Json:
    if "presentation" not in told:
        return told
    shown = told["presentation"]
    folded = {"section": fold(shown["section"]), "groups": sorted(map(fold, shown["groups"]))}
    return told | {"presentation": shown | folded}


async def _show(work: UnitOfWork, records: Sequence[Link]) -> None:
    shown = {each.id: each.presentation for each in records if isinstance(each, PresentedLink)}
    await store_presentations(work, shown)


class PortalRestorer(Restorer[UserPortal]):
    """Portals, with the settings of their pages when the entry tells them."""

    kind = portals.KIND

    async def current(self, work: UnitOfWork, ids: Iterable[int]) -> Mapping[int, UserPortal]:
        """The portals, each with its page."""
        found = await work.portals.find_all(ids, lock=True)
        return {each.id: each for each in await present_portals(work, found.values())}

    def parse(self, told: Json) -> UserPortal:
        """The portal; with its page when that is told."""
        portal = UserPortal(**{name: value for name, value in told.items() if name != "page"})
        if "page" not in told:
            return portal
        page = told["page"]
        return present_portal(portal, PortalPage(**page | {"audience": Audience(page["audience"])}))

    async def add(self, work: UnitOfWork, records: Sequence[UserPortal]) -> None:
        """Stores portals anew, at the addresses they had if those are still free."""
        await _require_names(work.portals, self.kind, records)
        await work.portals.insert(*records)
        for portal in records:
            await _settle(work, portal)

    async def change(self, work: UnitOfWork, records: Sequence[UserPortal]) -> None:
        """Stores portals as they were."""
        await _require_names(work.portals, self.kind, records)
        for portal in records:
            await work.portals.replace(portal)
            await _settle(work, portal)

    async def remove(self, work: UnitOfWork, records: Sequence[UserPortal]) -> Sequence[UserPortal]:
        """Deletes portals on which no link is."""
        for portal in records:
            if await work.links.first_of_portal(portal.id) is not None:
                raise changed_meanwhile(self.kind, portal.name, "has links now")
            await work.portal_pages.readdress(portal.id, [])
            await work.portals.remove(portal.id)
        return records


async def _settle(work: UnitOfWork, portal: UserPortal) -> None:
    page = portal.page if isinstance(portal, PresentedPortal) else None
    try:
        await settle_page(work, portal, page)
    except InvalidField:
        # Another portal took the slug meanwhile: the portal gets one of its own.
        await settle_page(work, portal, page and replace(page, slug=""))


class PlainRestorer(Restorer[N]):
    """Objects of which the record is everything."""

    record: ClassVar[type[Any]]

    @abstractmethod
    def repository(self, work: UnitOfWork) -> Any:  # noqa: ANN401  # the noun's own repository
        """Where the objects are stored."""

    @abstractmethod
    async def is_used(self, work: UnitOfWork, record: N) -> bool:
        """Whether something refers to the object, so that it has to stay."""

    async def current(self, work: UnitOfWork, ids: Iterable[int]) -> Mapping[int, N]:
        """The objects."""
        found: Mapping[int, N] = await self.repository(work).find_all(ids, lock=True)
        return found

    def parse(self, told: Json) -> N:
        """The object."""
        lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
        record: N = self.record(**told | lists)
        return record

    async def add(self, work: UnitOfWork, records: Sequence[N]) -> None:
        """Stores the objects anew."""
        await _require_names(self.repository(work), self.kind, records)
        await self.repository(work).insert(*records)

    async def change(self, work: UnitOfWork, records: Sequence[N]) -> None:
        """Stores the objects as they were."""
        await _require_names(self.repository(work), self.kind, records)
        for record in records:
            await self.repository(work).replace(record)

    async def remove(self, work: UnitOfWork, records: Sequence[N]) -> Sequence[N]:
        """Deletes those of the objects that nothing refers to."""
        unused = [record for record in records if not await self.is_used(work, record)]
        for record in unused:
            await self.repository(work).remove(record.id)
        return unused


class AupRestorer(PlainRestorer[Aup]):
    """Acceptable use policies."""

    kind = aups.KIND
    record = Aup

    def repository(self, work: UnitOfWork) -> Any:  # noqa: ANN401
        """The policies."""
        return work.aups

    async def is_used(self, work: UnitOfWork, record: Aup) -> bool:
        """Nothing refers to a policy."""
        return False


class MicrotenantRestorer(PlainRestorer[Microtenant]):
    """Microtenants."""

    kind = microtenants.KIND
    record = Microtenant

    def repository(self, work: UnitOfWork) -> Any:  # noqa: ANN401
        """The microtenants."""
        return work.microtenants

    async def is_used(self, work: UnitOfWork, record: Microtenant) -> bool:
        """Raises ConcurrentChange for a microtenant that owns something by now."""
        owned = await work.microtenants.first_owned(record.id)
        if owned is not None or await work.microtenants.first_client(record.id) is not None:
            raise changed_meanwhile(self.kind, record.name, "is in use now")
        return False


class SectionRestorer(PlainRestorer[Section]):
    """Sections. One that was made along with a link stays when other links are in it by now."""

    kind = sections.KIND
    record = Section

    def repository(self, work: UnitOfWork) -> Any:  # noqa: ANN401
        """The sections."""
        return work.sections

    async def is_used(self, work: UnitOfWork, record: Section) -> bool:
        """Whether a link is in the section."""
        return record.id in await work.sections.link_counts()


class GroupRestorer(PlainRestorer[Group]):
    """Groups. One that was made along with a link stays when other links name it by now."""

    kind = groups.KIND
    record = Group

    def repository(self, work: UnitOfWork) -> Any:  # noqa: ANN401
        """The groups."""
        return work.groups

    async def is_used(self, work: UnitOfWork, record: Group) -> bool:
        """Whether a link names the group."""
        return await work.groups.first_link(record.id) is not None


RESTORERS: Mapping[str, Restorer[Any]] = {
    restorer.kind: restorer
    for restorer in (
        LinkRestorer(),
        PortalRestorer(),
        AupRestorer(),
        MicrotenantRestorer(),
        SectionRestorer(),
        GroupRestorer(),
    )
}
"""How to put back objects of each kind that can be."""
