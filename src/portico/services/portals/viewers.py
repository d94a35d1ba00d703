"""Counts the people who would see a link on chosen portals with chosen groups."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from portico.domain.portals.pages import Audience
from portico.domain.portals.portals import UserPortal
from portico.domain.records import fold
from portico.services.portals.pages import present_portals
from portico.services.work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class LinkViewers:
    """The enabled portals that show a link, and the number of enabled users who see it there.

    Those of `public` show it to everybody who has their address. `more` means that there may be
    further users, whose groups only their providers know.
    """

    open: tuple[UserPortal, ...]
    public: tuple[UserPortal, ...]
    users: int
    more: bool = False


async def count_link_viewers(
    work: UnitOfWork, portal_ids: Collection[int], groups: Collection[str]
) -> LinkViewers:
    """Return who sees a link on the portals, if it is enabled. `groups` are names, none is all.

    Portals and groups that this scope does not have count for nothing.
    """
    known = await work.portals.find_all(portal_ids)
    shown = [portal for portal in await present_portals(work, known.values()) if portal.enabled]
    if not shown:
        return LinkViewers(open=(), public=(), users=0)
    public = tuple(each for each in shown if each.page.audience is Audience.PUBLIC)
    if not groups:
        return LinkViewers(open=tuple(shown), public=public, users=await work.users.count_enabled())
    ids = set((await work.groups.ids_by_name(groups)).values())
    users, claims = await work.users.count_members(ids)
    mine = {fold(name) for name in groups}
    users += sum(
        number for names, number in claims.items() if not mine.isdisjoint(map(fold, names))
    )
    return LinkViewers(
        open=tuple(shown), public=(), users=users, more=len(claims) >= work.users.CLAIMS_LIMIT
    )
