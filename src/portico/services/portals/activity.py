"""What people do on a portal page: they open links and mark favourites.

It does not raise the tenant's revision, because it changes no data that pages are cached for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from portico.domain.errors import NotFound
from portico.domain.portals.activity import day_of
from portico.domain.portals.portals import UserPortal
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from portico.storage.portals.activity import Activity

COUNTED_DAYS = 30


async def record_opening(
    runtime: Runtime,
    portal: UserPortal,
    link_id: int,
    *,
    user_id: int | None = None,
    group_ids: Collection[int] = (),
) -> None:
    """Count an opening of a link, and add the link to the user's recent links.

    Raises NotFound for a link that members of these groups do not see on the portal.
    """
    async with runtime.database.read(portal.customer_id) as connection:
        await _require_visible(connection, portal, link_id, group_ids, runtime.now)
    async with runtime.database.transaction(portal.customer_id) as connection:
        activity = Activity(connection, portal.customer_id)
        await activity.count_opening(link_id, day_of(runtime.now))
        if user_id is not None:
            await activity.remember_opening(user_id, link_id, runtime.now)
    runtime.tally.openings += 1


async def set_favourite(
    runtime: Runtime,
    portal: UserPortal,
    link_id: int,
    *,
    user_id: int,
    group_ids: Collection[int],
    is_favourite: bool | None,
) -> None:
    """Make a link a favourite of a user, or remove it from the favourites; None toggles it.

    Raises NotFound for a link that the user does not see on the portal.
    """
    async with runtime.database.read(portal.customer_id) as connection:
        await _require_visible(connection, portal, link_id, group_ids, runtime.now)
    async with runtime.database.transaction(portal.customer_id) as connection:
        activity = Activity(connection, portal.customer_id)
        if is_favourite is None:
            is_favourite = link_id not in await activity.favourites(user_id)
        if is_favourite:
            await activity.add_favourite(user_id, link_id, runtime.now)
        else:
            await activity.remove_favourite(user_id, link_id)


async def order_favourites(
    runtime: Runtime, portal: UserPortal, link_ids: Sequence[int], *, user_id: int
) -> None:
    """Put some of a user's favourites in this order; others keep their places among them.

    Ids that are no favourites have no effect.
    """
    async with runtime.database.transaction(portal.customer_id) as connection:
        await Activity(connection, portal.customer_id).order_favourites(user_id, link_ids)


async def _require_visible(
    connection: Connection,
    portal: UserPortal,
    link_id: int,
    group_ids: Collection[int],
    now: int,
) -> None:
    activity = Activity(connection, portal.customer_id)
    if not portal.enabled or not await activity.is_visible(portal.id, link_id, group_ids, now):
        raise NotFound(link_id)


async def openings_of(work: UnitOfWork, link_ids: Iterable[int]) -> Mapping[int, int]:
    """Return the openings of links in the last 30 days, by link id. It omits links without any."""
    ids = list(link_ids)
    if not ids:
        return {}
    since = day_of(work.now) - COUNTED_DAYS + 1
    return await Activity(work.connection, work.scope.customer_id).openings(ids, since)
