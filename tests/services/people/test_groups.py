"""Groups belong to the tenant, and stay while a link is for them."""

from __future__ import annotations

import pytest

from portico.domain.errors import Forbidden, NameTaken, NotFound, StillReferenced
from portico.domain.tenancy.identity import Role
from portico.services.people import groups
from tests.services.arranged import add_link, all_links
from tests.services.world import Caller, World


def add(caller: Caller, name: str) -> int:
    """The id of a new group."""
    return caller.change(lambda work: groups.create_group(work, name)).id


def names(caller: Caller) -> list[str]:
    """The names of all groups."""
    return [group.name for group in caller.look(groups.list_groups).groups]


def test_groups_are_the_tenants(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    add(world.admin, "Staff")

    with pytest.raises(NameTaken):
        add(east, "STAFF")
    add(east, "Drivers")

    assert names(world.admin) == names(east) == ["Drivers", "Staff"]


def test_renamed_group_keeps_its_links(world: World) -> None:
    add_link(world.admin, groups=("Staff",))
    group = world.admin.look(groups.list_groups).groups[0]

    world.admin.change(lambda work: groups.rename_group(work, group.id, "Everybody"))

    assert all_links(world.admin)["Wiki"].presentation.groups == ("Everybody",)


def test_group_that_a_link_names_stays(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    add_link(east, groups=("Staff",))
    group = world.admin.look(groups.list_groups).groups[0]

    with pytest.raises(StillReferenced) as refusal:
        world.admin.change(lambda work: groups.delete_group(work, group.id))
    assert refusal.value.params == ("userPortalLink", "Wiki")

    unused = add(world.admin, "Unused")
    world.admin.change(lambda work: groups.delete_group(work, unused))
    assert names(world.admin) == ["Staff"]
    with pytest.raises(NotFound):
        world.admin.change(lambda work: groups.delete_group(work, unused))


def test_groups_are_managed_from_default(world: World) -> None:
    group_id = add(world.admin, "Staff")
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    viewer = world.caller(role=Role.VIEWER)

    for caller in (east, viewer):
        with pytest.raises(Forbidden):
            caller.change(lambda work: groups.rename_group(work, group_id, "Mine"))
        with pytest.raises(Forbidden):
            caller.change(lambda work: groups.delete_group(work, group_id))
    with pytest.raises(Forbidden):
        add(viewer, "Mine")
    assert names(world.admin) == ["Staff"]
