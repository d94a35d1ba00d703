"""Use-cases of groups of portal users. They belong to the tenant, whatever the microtenant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from portico.domain.errors import Forbidden, InvalidField, StillReferenced
from portico.domain.links import links
from portico.domain.people.groups import GROUPS_LIMIT, KIND, Group
from portico.domain.records import DEFAULT_MICROTENANT_ID, check_new_name, natural_key
from portico.services import recording
from portico.services.access import require_admin
from portico.services.naming import require_free_name, require_named
from portico.services.work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class GroupList:
    """Groups by name, and the number of the tenant's links for each, by its id."""

    groups: Sequence[Group]
    links: Mapping[int, int]


async def list_groups(work: UnitOfWork) -> GroupList:
    """Return all groups of the tenant."""
    groups = sorted(await work.groups.all(), key=lambda group: natural_key(group.name))
    return GroupList(groups=groups, links=await work.groups.link_counts())


async def get_group(work: UnitOfWork, group_id: int, *, lock: bool = False) -> Group:
    """Return one group, locked until the transaction ends if asked. Raises NotFound."""
    return await work.groups.get(group_id, lock=lock)


async def create_group(work: UnitOfWork, name: str) -> Group:
    """Store a new group. Raises InvalidInput or Forbidden."""
    require_admin(work)
    name = check_new_name(name)
    await require_free_name(work.groups, name)
    (group,) = await _add(work, [name])
    return group


async def rename_group(work: UnitOfWork, group_id: int, name: str) -> None:
    """Rename a group, on all links. Raises NotFound, InvalidInput or Forbidden."""
    _require_manager(work)
    before = await get_group(work, group_id, lock=True)
    name = check_new_name(name, stored=before.name)
    await require_free_name(work.groups, name, holder=group_id)
    after = replace(before, name=name, **work.changed_stamps(before))
    await work.groups.replace(after)
    await recording.record_update(work, KIND, before, after)


async def delete_group(work: UnitOfWork, group_id: int, *, locked: Group | None = None) -> None:
    """Delete a group without links. Deleting one with links would show those to more people.

    The caller may have `locked` it. Raises NotFound, StillReferenced or Forbidden.
    """
    _require_manager(work)
    group = locked or await get_group(work, group_id, lock=True)
    link_name = await work.groups.first_link(group_id)
    if link_name is not None:
        raise StillReferenced(links.KIND, link_name)
    await work.groups.remove(group_id)
    await recording.record_deletion(work, KIND, group)


async def require_groups(work: UnitOfWork, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of groups by their folded names. Creates those that do not exist.

    Raises InvalidField.
    """
    return await require_named(
        work.groups,
        names,
        lock=partial(work.microtenants.lock, DEFAULT_MICROTENANT_ID),
        create=partial(_add, work),
        field="portico.groups",
    )


async def _add(work: UnitOfWork, names: Sequence[str]) -> list[Group]:
    if len(await work.groups.all()) + len(names) > GROUPS_LIMIT:
        raise InvalidField("portico.groups", f"A tenant has at most {GROUPS_LIMIT} groups.")
    made = [Group(**work.new_stamps(), name=name) for name in names]
    await work.groups.insert(*made)
    await recording.record_creation(work, KIND, *made)
    return made


def _require_manager(work: UnitOfWork) -> None:
    """Raise Forbidden for a caller whose change would affect links of other microtenants."""
    require_admin(work)
    if work.scope.microtenant_id != DEFAULT_MICROTENANT_ID:
        raise Forbidden("Groups are renamed and deleted only from the Default microtenant.")
