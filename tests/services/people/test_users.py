"""Portal users and their groups: assigned here, or claimed by a provider."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.domain.errors import InvalidField, NameTaken, NotFound, UnknownReference
from portico.domain.people.users import USER_FIELDS, PortalUser, PortalUserSpec
from portico.domain.search import ListQuery, parse_search
from portico.services.people import groups, sessions, users
from tests.services.people.people import People
from tests.services.world import World


def group(people: People, name: str) -> int:
    """The id of a new group."""
    return people.operate(lambda work: groups.create_group(work, name)).id


def test_user_is_kept_as_written(people: People) -> None:
    staff = group(people, "Staff")
    spec = PortalUserSpec(
        name=" uma ", display_name="Uma Ö", email="uma@a.example", group_ids=(staff,)
    )

    made = people.operate(lambda work: users.create_user(work, spec))
    read = people.operate(lambda work: users.get_user(work, made.id))

    assert read == made
    assert (read.name, read.display_name, read.group_ids) == ("uma", "Uma Ö", (staff,))


def test_lists_are_paged_and_searched(people: People) -> None:
    for number in range(7):
        people.user(f"user {number}")
    query = ListQuery(condition=parse_search("name LIKE USER", USER_FIELDS), page=2, page_size=3)

    page = people.operate(lambda work: users.list_users(work, query))

    assert page.total == 7
    assert [each.name for each in page.items] == ["user 3", "user 4", "user 5"]


def test_names_are_unique_in_the_tenant_alone(people: People) -> None:
    people.user("uma")
    bo = people.user("bo")

    with pytest.raises(NameTaken):
        people.user("UMA")
    spec = PortalUserSpec(name="Uma")
    with pytest.raises(NameTaken):
        people.operate(lambda work: users.update_user(work, bo.id, spec))
    assert People(World(people.world.store)).user("uma").name == "uma"


def test_foreign_users_and_groups_are_not_found(people: People) -> None:
    other = People(World(people.world.store))
    foreign, foreign_group = other.user("far"), group(other, "Staff")
    uma = people.user("uma")
    spec = PortalUserSpec(name="uma", group_ids=(foreign_group,))

    with pytest.raises(NotFound):
        people.operate(lambda work: users.get_user(work, foreign.id))
    with pytest.raises(NotFound):
        people.operate(lambda work: users.delete_user(work, foreign.id))
    with pytest.raises(UnknownReference):
        people.operate(lambda work: users.update_user(work, uma.id, spec))


def test_groups_are_replaced_and_go_with_the_group(people: People) -> None:
    staff, crew = group(people, "Staff"), group(people, "Crew")
    uma = people.user("uma", staff)

    spec = PortalUserSpec(name="uma", group_ids=(crew, staff, crew))
    changed = people.operate(lambda work: users.update_user(work, uma.id, spec))
    people.operate(lambda work: groups.delete_group(work, staff))
    left = people.operate(lambda work: users.get_user(work, uma.id))

    assert changed.group_ids == tuple(sorted((staff, crew)))
    assert left.group_ids == (crew,)


def test_claimed_groups_count_by_name(people: People) -> None:
    staff, crew = group(people, "Staff"), group(people, "Crew")
    group(people, "Board")
    uma = replace(people.user("uma", staff), claimed_groups=("CREW", "nobody"))

    found = people.operate(lambda work: sessions.effective_groups(work.users, uma))

    assert found == {staff, crew}


def test_deleted_user_is_gone_with_everything(people: People) -> None:
    uma = people.user("uma")
    token = people.enter_portal().token

    people.operate(lambda work: users.delete_user(work, uma.id))

    assert people.visitor(token) is None
    with pytest.raises(NotFound):
        people.operate(lambda work: users.get_user(work, uma.id))


@pytest.mark.parametrize(
    "spec",
    [
        PortalUserSpec(name=" "),
        PortalUserSpec(name="x" * 256),
        PortalUserSpec(name="x", display_name="a\0b"),
        PortalUserSpec(name="x", email="nobody"),
    ],
)
def test_bad_specs_are_refused(people: People, spec: PortalUserSpec) -> None:
    with pytest.raises(InvalidField):
        people.operate(lambda work: users.create_user(work, spec))


def test_update_keeps_what_administrators_do_not_write(people: People) -> None:
    uma = people.user("uma")
    people.enter_portal()
    spec = PortalUserSpec(name="uma", display_name="Uma")

    after: PortalUser = people.operate(lambda work: users.update_user(work, uma.id, spec))

    assert after.password_hash == uma.password_hash
    assert after.last_sign_in == int(people.world.now)
    assert people.enter_portal().token
