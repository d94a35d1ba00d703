"""Use-cases of the members of a group: users that Portico assigns, and those who claim it.

A claim is a group that a provider names at sign-in. Only the provider can take it away.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from portico.domain.errors import InvalidField, NotFound
from portico.domain.people.groups import MEMBERS_AT_ONCE, Group
from portico.domain.people.users import KIND, PortalUser
from portico.domain.records import Page
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin, require_whole_tenant
from portico.services.people.groups import get_group
from portico.services.people.sessions import effective_groups
from portico.services.people.users import get_user
from portico.services.work import UnitOfWork


async def list_members(work: UnitOfWork, group: Group, query: ListQuery) -> Page[PortalUser]:
    """Return a page of a group's members (`domain.people.users.USER_FIELDS`). Raises Forbidden."""
    require_whole_tenant(work)
    return await work.users.members(group, query)


async def list_other_users(work: UnitOfWork, group_id: int, query: ListQuery) -> Page[PortalUser]:
    """Return a page of the users whom Portico does not assign to a group. Raises Forbidden."""
    require_whole_tenant(work)
    return await work.users.others(group_id, query)


async def groups_of_user(work: UnitOfWork, user_id: int) -> frozenset[int]:
    """Return the ids of the groups that count for a user: assigned or claimed. Raises NotFound."""
    return await effective_groups(work.users, await get_user(work, user_id))


async def add_members(work: UnitOfWork, group_id: int, user_ids: Collection[int]) -> int:
    """Assign users to a group, and return how many were not assigned before.

    Raises NotFound, also for an unknown user, InvalidField for too many at once, or Forbidden.
    """
    users = await _locked(work, group_id, user_ids)
    changes = [
        (each, _changed(work, each, (*each.group_ids, group_id)))
        for each in users.values()
        if group_id not in each.group_ids
    ]
    if changes:
        await work.users.assign([after for _, after in changes], group_id)
        await recording.record_updates(work.in_default(), KIND, changes)
    return len(changes)


async def remove_members(work: UnitOfWork, group_id: int, user_ids: Collection[int]) -> int:
    """Take users out of a group, and return how many were assigned to it. Claims remain.

    Raises NotFound, also for an unknown user, InvalidField for too many at once, or Forbidden.
    """
    users = await _locked(work, group_id, user_ids)
    changes = [
        (each, _changed(work, each, [other for other in each.group_ids if other != group_id]))
        for each in users.values()
        if group_id in each.group_ids
    ]
    if changes:
        await work.users.unassign([after for _, after in changes], group_id)
        await recording.record_updates(work.in_default(), KIND, changes)
    return len(changes)


async def _locked(
    work: UnitOfWork, group_id: int, user_ids: Collection[int]
) -> Mapping[int, PortalUser]:
    """Return the users, locked together with the group."""
    require_admin(work)
    require_whole_tenant(work)
    if len(user_ids) > MEMBERS_AT_ONCE:
        raise InvalidField("users", f"Choose at most {MEMBERS_AT_ONCE} people at once.")
    await get_group(work, group_id, lock=True)
    users = await work.users.find_all(user_ids, lock=True)
    for user_id in user_ids:
        if user_id not in users:
            raise NotFound(user_id)
    return users


def _changed(work: UnitOfWork, user: PortalUser, group_ids: Collection[int]) -> PortalUser:
    return replace(user, group_ids=tuple(sorted(group_ids)), **work.changed_stamps(user))
