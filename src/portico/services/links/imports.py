"""Use-cases that store links from a list: new ones, and changes of those that exist."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from portico.domain.links.links import KIND, LinkSpec, check_link
from portico.domain.links.presentation import (
    LinkPresentation,
    PresentedLink,
    check_presentation,
)
from portico.domain.records import fold
from portico.services import recording
from portico.services.access import require_admin
from portico.services.links.checks import check_rows
from portico.services.links.links import create_links
from portico.services.links.presentation import store_presentations
from portico.services.work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class ImportedLink:
    """A link as a list has it, and the stored link that it changes, or None for a new one."""

    spec: LinkSpec
    presentation: LinkPresentation
    before: PresentedLink | None = None


@dataclass(frozen=True, kw_only=True)
class KnownLinks:
    """Stored links by id and by folded name."""

    by_id: Mapping[int, PresentedLink]
    by_name: Mapping[str, PresentedLink]


async def find_known_links(
    work: UnitOfWork, ids: Collection[int], names: Collection[str], *, lock: bool = False
) -> KnownLinks:
    """Return the links of the microtenant that have one of the ids or names.

    They are locked until the transaction ends if asked.
    """
    named = await work.links.ids_by_name(list(names)) if names else {}
    found = await work.presented_links.find_all({*ids, *named.values()}, lock=lock)
    return KnownLinks(
        by_id=found,
        by_name={name: found[each] for name, each in named.items() if each in found},
    )


async def import_links(work: UnitOfWork, links: Sequence[ImportedLink]) -> None:
    """Store 1 to 500 links, all of them or none. The caller has locked those that change.

    Raises the first error of `check_rows`, or Forbidden.
    """
    require_admin(work)
    portal_ids = {portal_id for link in links for portal_id in link.spec.portal_ids}
    await work.portals.lock(*portal_ids)
    errors = await check_rows(
        work,
        [link.spec for link in links],
        [link.presentation for link in links],
        [link.before for link in links],
    )
    for error in errors:
        if error is not None:
            raise error
    changes = [(link.before, _changed(work, link, link.before)) for link in links if link.before]
    if changes:
        after = [stored for _, stored in changes]
        await work.link_sets.replace_all(after)
        await store_presentations(work, after, [before for before, _ in changes])
        await recording.record_updates(work, KIND, changes)
    new = [link for link in links if link.before is None]
    if new:
        await create_links(work, [link.spec for link in new], [link.presentation for link in new])


def _changed(work: UnitOfWork, link: ImportedLink, before: PresentedLink) -> PresentedLink:
    presentation = check_presentation(link.presentation)
    if fold(presentation.section) != fold(before.presentation.section) and (
        presentation.order == before.presentation.order
    ):
        # Its position counts in the section that it leaves.
        presentation = replace(presentation, order=0)
    return PresentedLink(
        **vars(check_link(link.spec, stored_name=before.name)),
        **work.changed_stamps(before),
        microtenant_id=before.microtenant_id,
        presentation=presentation,
    )
