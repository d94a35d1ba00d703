"""What people do on a portal page: open links, keep favourites, accept the policy.

None of it is a change of the tenant's data, so none of it raises the tenant's revision.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from portico.domain.errors import ConcurrentChange, NotFound
from portico.domain.policies import KIND, Aup
from portico.domain.portals.activity import Acceptance, RecentLink, day_of, policy_version
from portico.domain.portals.portals import UserPortal
from portico.domain.records import DEFAULT_MICROTENANT_ID, Scope
from portico.domain.search import ListQuery
from portico.services.runtime import Runtime
from portico.storage.engine.connections import Connection
from portico.storage.policies import AupRepository
from portico.storage.portals.activity import Activity

POLICIES = 500


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who looks at a portal: a signed-in user, or a browser that a random mark tells apart."""

    user_id: int | None = None
    mark: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class PendingPolicy:
    """A policy that has to be accepted before the portal opens, and the version of its text."""

    aup: Aup
    version: str


async def record_opening(
    runtime: Runtime,
    portal: UserPortal,
    link_id: int,
    *,
    user_id: int | None = None,
    group_ids: Collection[int] = (),
) -> None:
    """Counts that a link was opened, and remembers it for a user.

    Raises NotFound for a link that the portal does not show to somebody of these groups.
    """
    async with runtime.database.read(portal.customer_id) as connection:
        await _require_visible(connection, portal, link_id, group_ids)
    async with runtime.database.transaction(portal.customer_id) as connection:
        activity = Activity(connection, portal.customer_id)
        await activity.count_opening(link_id, day_of(runtime.now))
        if user_id is not None:
            await activity.remember_opening(user_id, link_id, runtime.now)


async def set_favourite(
    runtime: Runtime,
    portal: UserPortal,
    link_id: int,
    *,
    user_id: int,
    group_ids: Collection[int],
    wanted: bool,
) -> None:
    """Makes a link a favourite of a user, or no favourite any more; doing so twice is the same.

    Raises NotFound for a link that the portal does not show to the user.
    """
    async with runtime.database.read(portal.customer_id) as connection:
        await _require_visible(connection, portal, link_id, group_ids)
    async with runtime.database.transaction(portal.customer_id) as connection:
        activity = Activity(connection, portal.customer_id)
        if wanted:
            await activity.add_favourite(user_id, link_id, runtime.now)
        else:
            await activity.remove_favourite(user_id, link_id)


async def _require_visible(
    connection: Connection, portal: UserPortal, link_id: int, group_ids: Collection[int]
) -> None:
    activity = Activity(connection, portal.customer_id)
    if not portal.enabled or not await activity.is_visible(portal.id, link_id, group_ids):
        raise NotFound(link_id)


async def list_favourites(runtime: Runtime, customer_id: int, user_id: int) -> list[int]:
    """The ids of a user's favourite links on all portals, oldest first."""
    async with runtime.database.read(customer_id) as connection:
        return await Activity(connection, customer_id).favourites(user_id)


async def list_recent(runtime: Runtime, customer_id: int, user_id: int) -> list[RecentLink]:
    """The links that a user opened last on all portals, newest first."""
    async with runtime.database.read(customer_id) as connection:
        return await Activity(connection, customer_id).recent(user_id)


async def aup_to_accept(
    runtime: Runtime, portal: UserPortal, visitor: Visitor
) -> PendingPolicy | None:
    """The policy that the visitor has not accepted in its present words, or None.

    It is the enabled one of the portal's microtenant that was changed last, else Default's.
    """
    async with runtime.database.read(portal.customer_id) as connection:
        aup = await _policy(connection, portal)
        if aup is None:
            return None
        version = policy_version(aup.aup)
        if visitor.user_id is None and not visitor.mark:
            return PendingPolicy(aup=aup, version=version)
        accepted = await Activity(connection, portal.customer_id).has_accepted(
            aup.id, version, user_id=visitor.user_id, visitor=visitor.mark
        )
    return None if accepted else PendingPolicy(aup=aup, version=version)


async def accept_aup(
    runtime: Runtime, portal: UserPortal, aup_id: int, version: str, visitor: Visitor
) -> None:
    """Records that the visitor accepted the policy in the words that were shown.

    Raises ConcurrentChange when the portal's policy has other words by now.
    """
    pending = await aup_to_accept(runtime, portal, visitor)
    if pending is None:
        return
    if (pending.aup.id, pending.version) != (aup_id, version):
        raise ConcurrentChange(KIND, "The policy has changed; read it again.")
    async with runtime.database.transaction(portal.customer_id) as connection:
        acceptance = Acceptance(
            customer_id=portal.customer_id,
            id=runtime.new_id(),
            aup_id=aup_id,
            version=version,
            user_id=visitor.user_id,
            visitor=visitor.mark,
            name=visitor.name,
            time=runtime.now,
        )
        await Activity(connection, portal.customer_id).accept(acceptance)


async def _policy(connection: Connection, portal: UserPortal) -> Aup | None:
    query = ListQuery(sort_attribute="modified_time", descending=True, page_size=POLICIES)
    for microtenant_id in dict.fromkeys((portal.microtenant_id, DEFAULT_MICROTENANT_ID)):
        scope = Scope(customer_id=portal.customer_id, microtenant_id=microtenant_id)
        page = await AupRepository(connection, scope).page(query)
        enabled = [each for each in page.items if each.enabled and each.aup.strip()]
        if enabled:
            return enabled[0]
    return None
