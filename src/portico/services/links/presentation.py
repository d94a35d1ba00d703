"""Storing the presentations of links, by the names of sections and groups."""

from __future__ import annotations

from collections.abc import Iterable

from portico.domain.links.presentation import PLAIN, PresentedLink
from portico.domain.records import fold
from portico.services.links.sections import require_sections
from portico.services.people.groups import require_groups
from portico.services.work import UnitOfWork
from portico.storage.links.presentation import StoredPresentation


async def store_presentations(
    work: UnitOfWork, links: Iterable[PresentedLink], before: Iterable[PresentedLink] = ()
) -> None:
    """Store the checked presentations of links, where they differ from those `before`.

    Links that are not in `before` are new. Creates sections and groups that do not exist yet. The
    caller writes the audit entry.
    """
    known = {link.id: link.presentation for link in before}
    changed = {
        link.id: link.presentation
        for link in links
        if link.presentation != known.get(link.id, PLAIN)
    }
    if not changed:
        return
    sections = await require_sections(work, [each.section for each in changed.values()])
    groups = await require_groups(work, [name for each in changed.values() for name in each.groups])
    stored = [
        StoredPresentation(
            link_id=link_id,
            presentation=each,
            section_id=sections[fold(each.section)] if each.section else None,
            group_ids=tuple(groups[fold(name)] for name in each.groups),
        )
        for link_id, each in changed.items()
    ]
    await work.presentation.store(*stored)
