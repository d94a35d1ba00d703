"""Use-cases of sections: the headings of a microtenant's portals, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from portico.domain.errors import InvalidField, UnknownReference
from portico.domain.links.filters import LinkFilter
from portico.domain.links.links import KIND as LINK_KIND
from portico.domain.links.sections import KIND, SECTIONS_LIMIT, Section
from portico.domain.records import check_new_name
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin
from portico.services.naming import require_free_name, require_named
from portico.services.work import UnitOfWork

_FIRST = ListQuery(page_size=500)


@dataclass(frozen=True, kw_only=True)
class SectionList:
    """Sections in the order of the portals, and their numbers of links by id."""

    sections: Sequence[Section]
    links: Mapping[int, int]


async def list_sections(work: UnitOfWork) -> SectionList:
    """Return all sections of the microtenant."""
    return SectionList(sections=await work.sections.all(), links=await work.sections.link_counts())


async def get_section(work: UnitOfWork, section_id: int, *, lock: bool = False) -> Section:
    """Return one section, locked until the transaction ends if asked. Raises NotFound."""
    return await work.sections.get(section_id, lock=lock)


async def create_section(work: UnitOfWork, name: str) -> Section:
    """Store a new section after the others. Raises InvalidInput or Forbidden."""
    require_admin(work)
    name = check_new_name(name)
    await require_free_name(work.sections, name)
    (section,) = await _append(work, [name])
    return section


async def rename_section(work: UnitOfWork, section_id: int, name: str) -> None:
    """Rename a section on all portals. Raises NotFound, InvalidInput or Forbidden."""
    require_admin(work)
    before = await get_section(work, section_id, lock=True)
    name = check_new_name(name, stored=before.name)
    await require_free_name(work.sections, name, holder=section_id)
    after = replace(before, name=name, **work.changed_stamps(before))
    await work.sections.replace(after)
    await recording.record_update(work, KIND, before, after)


async def reorder_sections(work: UnitOfWork, section_ids: Sequence[int]) -> None:
    """Put sections in the order given, followed by all others in their old order.

    Raises UnknownReference or Forbidden.
    """
    require_admin(work)
    sections = {section.id: section for section in await work.sections.all()}
    for section_id in section_ids:
        if section_id not in sections:
            raise UnknownReference(section_id)
    ordered = dict.fromkeys((*section_ids, *sections))
    await work.sections.order(list(ordered))
    for position, section_id in enumerate(ordered, 1):
        before = sections[section_id]
        if before.position != position:
            await recording.record_update(work, KIND, before, replace(before, position=position))


async def delete_section(
    work: UnitOfWork, section_id: int, *, locked: Section | None = None
) -> None:
    """Delete a section, which the caller may have `locked`. Its links stay, without a section.

    Raises NotFound or Forbidden.
    """
    require_admin(work)
    section = locked or await get_section(work, section_id, lock=True)
    await _vacate(work, section_id)
    await work.sections.remove(section_id)
    await recording.record_deletion(work, KIND, section)


async def _vacate(work: UnitOfWork, section_id: int) -> None:
    """Remove all links from a section, each with an audit entry."""
    inside = LinkFilter(section_id=section_id)
    while links := (await work.link_sets.filtered(_FIRST, inside)).items:
        before = await work.presentation.present(links)
        await work.sections.vacate(section_id, [link.id for link in links])
        outside = [
            replace(link, presentation=replace(link.presentation, section="", order=0))
            for link in before
        ]
        await recording.record_updates(work, LINK_KIND, zip(before, outside, strict=True))


async def require_sections(work: UnitOfWork, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of sections by their folded names. Creates those that do not exist.

    Raises InvalidField.
    """
    return await require_named(
        work.sections,
        filter(None, names),
        lock=partial(work.microtenants.lock, work.scope.microtenant_id),
        create=partial(_append, work),
        field="portico.section",
    )


async def _append(work: UnitOfWork, names: Sequence[str]) -> list[Section]:
    present = await work.sections.all()
    if len(present) + len(names) > SECTIONS_LIMIT:
        raise InvalidField(
            "portico.section", f"A microtenant has at most {SECTIONS_LIMIT} sections."
        )
    last = max((section.position for section in present), default=0)
    created = [
        Section(
            **work.new_stamps(),
            microtenant_id=work.scope.microtenant_id,
            name=name,
            position=last + number,
        )
        for number, name in enumerate(names, 1)
    ]
    await work.sections.insert(*created)
    await recording.record_creation(work, KIND, *created)
    return created
