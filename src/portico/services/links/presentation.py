"""Storing how links are shown, by the names of sections and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portico.domain.links.links import Link
from portico.domain.links.presentation import LinkPresentation, present
from portico.domain.records import fold
from portico.services.links.sections import require_sections
from portico.services.people.groups import require_groups
from portico.services.work import UnitOfWork
from portico.storage.links.presentation import StoredPresentation


async def store_presentations(work: UnitOfWork, shown: Mapping[int, LinkPresentation]) -> None:
    """Stores how links of the scope are shown, by their ids, each already checked.

    Sections and groups that do not exist yet are made. The caller writes the audit entry.
    """
    sections = await require_sections(work, [each.section for each in shown.values()])
    groups = await require_groups(work, [name for each in shown.values() for name in each.groups])
    stored = [
        StoredPresentation(
            link_id=link_id,
            presentation=each,
            section_id=sections[fold(each.section)] if each.section else None,
            group_ids=tuple(groups[fold(name)] for name in each.groups),
        )
        for link_id, each in shown.items()
    ]
    await work.presentation.store(*stored)


async def arrange_links(
    work: UnitOfWork, links: Sequence[Link], shown: Sequence[LinkPresentation | None]
) -> list[Link]:
    """Stores how links are shown of whom it was said; the links, those with their presentation.

    Costs nothing when nothing was said.
    """
    said = {
        link.id: presentation
        for link, presentation in zip(links, shown, strict=True)
        if presentation is not None
    }
    if not said:
        return list(links)
    await store_presentations(work, said)
    return [present(link, said[link.id]) if link.id in said else link for link in links]
