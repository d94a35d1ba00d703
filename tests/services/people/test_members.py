"""The members of a group: assigned here or claimed at a provider; many are changed at once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from portico.domain.errors import Forbidden, InvalidField, NotFound
from portico.domain.people.administrators import GrantSpec
from portico.domain.people.groups import MEMBERS_AT_ONCE, Group
from portico.domain.people.users import USER_FIELDS, PortalUser
from portico.domain.search import ListQuery, compare
from portico.domain.tenancy.identity import Role
from portico.services.people import groups, members
from tests.services.people.people import People
from tests.services.world import World


def names(people: People, group: Group, text: str = "") -> list[str]:
    """The names of a group's members that contain a text."""
    condition = compare(USER_FIELDS["name"], "LIKE", text) if text else None
    query = ListQuery(condition=condition)
    page = people.operate(lambda work: members.list_members(work, group, query))
    assert page.total == len(page.items)
    return [each.name for each in page.items]


def claim(people: People, user: PortalUser, *claimed: str) -> None:
    """Lets a provider name groups of a user."""
    people.operate(lambda work: work.users.note_sign_in(replace(user, claimed_groups=claimed)))


def test_many_are_added_and_taken_out(people: People) -> None:
    group = people.operate(lambda work: groups.create_group(work, "Finance"))
    other = people.operate(lambda work: groups.create_group(work, "Crew"))
    everyone = [people.user(name, other.id) for name in ("ada", "bo", "cy")]
    ids = [each.id for each in everyone]

    added = people.operate(lambda work: members.add_members(work, group.id, ids))
    again = people.operate(lambda work: members.add_members(work, group.id, ids[:1]))
    assert (added, again) == (3, 0)
    assert names(people, group) == ["ada", "bo", "cy"]
    assert names(people, group, "b") == ["bo"]
    assert len(people.world.audit_trail()[-3:]) == 3
    assert {each.object_name for each in people.world.audit_trail()[-3:]} == {"ada", "bo", "cy"}

    assert people.operate(lambda work: members.remove_members(work, group.id, ids[1:])) == 2
    left = people.operate(lambda work: members.list_other_users(work, group.id, ListQuery()))
    assert names(people, group) == ["ada"]
    assert [each.name for each in left.items] == ["bo", "cy"]
    assert names(people, other) == ["ada", "bo", "cy"]


@pytest.mark.parametrize(
    ("group_name", "claimed", "is_member"),
    [
        ("Finance", "FINANCE", True),
        ("Finance", "Finance and more", False),
        ('The "best" 100%_', 'the "BEST" 100%_', True),
        ("Ärzte", "ärzte", True),
        ("Ärzte", "ÄRZTE", True),
        ("100%", "1000", False),
    ],
)
def test_claims_make_members(
    people: People, group_name: str, claimed: str, *, is_member: bool
) -> None:
    group = people.operate(lambda work: groups.create_group(work, group_name))
    uma = people.user("uma")
    claim(people, uma, "Somebody", claimed)
    assert names(people, group) == (["uma"] if is_member else [])
    counted = people.operate(lambda work: members.groups_of_user(work, uma.id))
    assert (group.id in counted) is is_member


def test_only_people_and_groups_of_the_tenant(people: People) -> None:
    group = people.operate(lambda work: groups.create_group(work, "Finance"))
    other = People(World(people.world.store))
    uma, far = people.user("uma"), other.user("far")
    for group_id, user_id in ((group.id, far.id), (5, uma.id)):
        with pytest.raises(NotFound):
            people.operate(
                partial(members.add_members, group_id=group_id, user_ids=[uma.id, user_id])
            )
    assert names(people, group) == []
    with pytest.raises(InvalidField):
        people.operate(
            lambda work: members.add_members(work, group.id, list(range(MEMBERS_AT_ONCE + 1)))
        )
    people.administrator("vic", GrantSpec(role=Role.VIEWER))
    with pytest.raises(Forbidden):
        people.as_administrator("vic", lambda work: members.add_members(work, group.id, [uma.id]))
