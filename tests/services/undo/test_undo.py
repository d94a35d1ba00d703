"""Undoing: everything is as it was, or nothing changes and the error names the obstacle."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from portico.domain.errors import (
    ConcurrentChange,
    Forbidden,
    InvalidField,
    NotFound,
    PorticoError,
)
from portico.domain.links.changes import ChangeKind, LinkChange, LinkSelection
from portico.domain.links.presentation import PLAIN, LinkPresentation, PresentedLink
from portico.domain.policies import AupSpec
from portico.domain.portals.pages import PortalPage, PresentedPortal
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.records import Scope
from portico.domain.tenancy.identity import Role
from portico.domain.tenancy.microtenants import MicrotenantSpec
from portico.services import policies as aups
from portico.services.links import links, sections
from portico.services.links.changes import change_links, reorder_links
from portico.services.people import groups
from portico.services.portals import portals
from portico.services.portals.pages import present_portals
from portico.services.portals.visits import find_portal_address
from portico.services.tenancy import microtenants
from portico.services.undo.undo import UNDO_SECONDS, can_undo, undo_change
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from tests.services.arranged import (
    add_link,
    add_portal,
    all_links,
    do,
    link_spec,
    section_names,
)
from tests.services.world import SUFFIX, Caller, World

UseCase = Callable[[UnitOfWork], Awaitable[object]]


def changed(world: World, use_case: UseCase, caller: Caller | None = None) -> str:
    """The transaction id of a change, which has a second of its own."""
    world.now += 1
    (caller or world.admin).change(use_case)
    transaction_id = f"transaction at {world.now}"
    world.now += 1
    return transaction_id


def undo(world: World, transaction_id: str, caller: Caller | None = None) -> str:
    """Undoes a change; the transaction id of the undoing."""
    return changed(world, lambda work: undo_change(work, transaction_id), caller)


def unstamped(world: World) -> dict[str, PresentedLink]:
    """Every link by its name, without what tells who changed it last."""
    return {
        name: replace(link, modified_time=0, modified_by=0)
        for name, link in all_links(world.admin).items()
    }


@pytest.mark.parametrize("kind", ChangeKind)
def test_change_of_many_links_is_undone_and_done_again(world: World, kind: ChangeKind) -> None:
    staff, guests = add_portal(world.admin), add_portal(world.admin, "Guests")
    ids = [
        add_link(world.admin, "A", staff, section="Work", order=2, groups=("Staff",)),
        add_link(world.admin, "B", staff, guests, enabled=False),
        add_link(world.admin, "C", section="Help"),
    ]
    before = unstamped(world)
    change = LinkChange(
        kind=kind,
        portal_ids=(guests if kind is ChangeKind.ADD_PORTALS else staff,),
        section="New",
        groups=("Drivers",),
    )
    selection = LinkSelection(link_ids=tuple(ids))
    done = changed(world, lambda work: change_links(work, selection, change))
    after = unstamped(world)
    assert after != before

    undone = undo(world, done)
    assert unstamped(world) == before
    assert section_names(world.admin) in (["Work", "Help"], ["Work", "Help", "New"])

    undo(world, undone)
    assert unstamped(world) == after


def test_undone_link_says_when_it_changed(world: World) -> None:
    link_id = add_link(world.admin, "A")
    done = changed(world, lambda work: links.update_link(work, link_id, link_spec("B")))

    undo(world, done)

    assert all_links(world.admin)["A"].modified_time == int(world.now) - 1


def test_created_links_are_taken_back_with_the_section_they_made(world: World) -> None:
    shown = LinkPresentation(section="Work", groups=("Staff",))
    specs = [link_spec("A"), link_spec("B")]
    done = changed(world, lambda work: links.create_links(work, specs, [shown, shown]))

    undone = undo(world, done)
    assert all_links(world.admin) == {}
    assert section_names(world.admin) == []
    assert world.admin.look(groups.list_groups).groups == []

    undo(world, undone)
    assert {link.presentation for link in all_links(world.admin).values()} == {shown}


def test_section_that_others_use_by_now_stays(world: World) -> None:
    shown = LinkPresentation(section="Work")
    done = changed(world, lambda work: links.create_link(work, link_spec("A"), shown))
    add_link(world.admin, "B", section="Work")

    undo(world, done)

    assert list(all_links(world.admin)) == ["B"]
    assert section_names(world.admin) == ["Work"]


def test_deleted_link_comes_back_under_its_id(world: World) -> None:
    portal_id = add_portal(world.admin)
    link_id = add_link(world.admin, "A", portal_id, section="Work", order=2, groups=("Staff",))
    before = unstamped(world)
    done = changed(world, lambda work: links.delete_link(work, link_id))

    undo(world, done)

    assert unstamped(world) == before
    assert before["A"].id == link_id


def test_plain_change_is_undone_without_its_presentation(world: World) -> None:
    link_id = add_link(world.admin, "A")
    done = changed(world, lambda work: links.update_link(work, link_id, link_spec("B")))
    do(world.admin, ChangeKind.MOVE, link_id, section="Work")

    undo(world, done)

    assert all_links(world.admin)["A"].presentation.section == "Work"


def forget_part(world: World, transaction_id: str, part: str) -> None:
    """Make the entries of a transaction look as if an earlier version had left a part out."""
    entries = [each for each in world.audit_trail() if each.transaction_id == transaction_id]

    def without(text: str) -> str:
        told = json.loads(text or "{}")
        return json.dumps({name: value for name, value in told.items() if name != part})

    async def rewrite(connection: Connection) -> None:
        statement = text("UPDATE audit_entry SET before = :before, after = :after WHERE id = :id")
        for each in entries:
            before, after = (side and without(side) for side in (each.before, each.after))
            values = {"id": each.id, "before": before, "after": after}
            await connection.run(statement, values)

    world.store.write(Scope(customer_id=world.tenant.id), rewrite)
    sides = [side for each in world.audit_trail() for side in (each.before, each.after)]
    assert not any(f'"{part}"' in side for side in sides[-2 * len(entries) :])


def test_links_of_entries_from_earlier_versions_are_restored(world: World) -> None:
    link_id = add_link(world.admin, "A", add_portal(world.admin))
    before = unstamped(world)
    renamed = changed(world, lambda work: links.update_link(work, link_id, link_spec("B")))
    forget_part(world, renamed, "presentation")
    do(world.admin, ChangeKind.MOVE, link_id, section="Work")

    undo(world, renamed)
    assert all_links(world.admin)["A"].presentation.section == "Work"

    do(world.admin, ChangeKind.MOVE, link_id, section="")
    deleted = changed(world, lambda work: links.delete_link(work, link_id))
    forget_part(world, deleted, "presentation")
    undo(world, deleted)
    assert unstamped(world) == before

    made = changed(world, lambda work: links.create_link(work, link_spec("New")))
    forget_part(world, made, "presentation")
    undo(world, made)
    assert list(all_links(world.admin)) == ["A"]


def test_portals_of_entries_from_earlier_versions_are_restored(world: World) -> None:
    slug = f"old-{world.tenant.id}"
    portal_id = add_portal(world.admin, "Staff", page=PortalPage(slug=slug, title="Hello"))

    def portal() -> PresentedPortal:
        return world.admin.look(lambda work: portals.get_presented_portal(work, portal_id))

    def update(name: str, page: PortalPage | None = None) -> str:
        spec = UserPortalSpec(name=name)
        return changed(
            world,
            lambda work: portals.update_portal(
                work, portal_id, spec, managed_suffix=SUFFIX, page=page
            ),
        )

    renamed = update("Crew")
    forget_part(world, renamed, "page")
    undo(world, renamed)
    assert (portal().name, portal().page.title) == ("Staff", "Hello")

    deleted = changed(world, lambda work: portals.delete_portal(work, portal_id))
    forget_part(world, deleted, "page")
    undo(world, deleted)
    assert (portal().name, portal().page) == ("Staff", PortalPage(slug=portal().page.slug))
    assert portal().page.slug


def test_order_and_sections_are_undone(world: World) -> None:
    ids = [add_link(world.admin, name, section="Work") for name in "AB"]
    before = all_links(world.admin)
    done = changed(world, lambda work: reorder_links(work, "Work", ids[::-1]))
    undo(world, done)
    assert all_links(world.admin) == before

    section = world.admin.look(sections.list_sections).sections[0]
    done = changed(world, lambda work: sections.delete_section(work, section.id))
    assert {link.presentation for link in all_links(world.admin).values()} == {PLAIN}
    undo(world, done)
    assert all_links(world.admin) == before

    add_link(world.admin, "C", section="Help")
    help_id = world.admin.look(sections.list_sections).sections[1].id
    done = changed(world, lambda work: sections.reorder_sections(work, [help_id]))
    undo(world, done)
    assert section_names(world.admin) == ["Work", "Help"]


def test_portal_comes_back_with_its_page_and_addresses(world: World) -> None:
    slug = f"undo-{world.tenant.id}"
    portal_id = add_portal(world.admin, page=PortalPage(slug=slug, title="Hello"))

    def found() -> int | None:
        place = world.store.run(find_portal_address(world.store.runtime, slug))
        return None if place is None else place.portal_id

    def page() -> PortalPage:
        portal = world.admin.look(lambda work: portals.get_portal(work, portal_id))
        return world.admin.look(lambda work: present_portals(work, [portal]))[0].page

    done = changed(world, lambda work: portals.delete_portal(work, portal_id))
    assert found() is None
    undo(world, done)
    assert found() == portal_id
    assert page().title == "Hello"

    spec, other = UserPortalSpec(name="Renamed"), PortalPage(slug=f"{slug}-2")
    done = changed(
        world,
        lambda work: portals.update_portal(
            work, portal_id, spec, managed_suffix=SUFFIX, page=other
        ),
    )
    undo(world, done)
    assert found() == portal_id
    assert page() == PortalPage(slug=slug, title="Hello")


def test_policies_groups_and_microtenants_are_undone(world: World) -> None:
    aup = world.admin.change(lambda work: aups.create_aup(work, AupSpec(name="Rules", aup="a")))
    done = changed(world, lambda work: aups.update_aup(work, aup.id, AupSpec(name="B", aup="b")))
    undo(world, done)
    restored = world.admin.look(lambda work: aups.get_aup(work, aup.id))
    assert (restored.name, restored.aup) == ("Rules", "a")

    group = world.admin.change(lambda work: groups.create_group(work, "Staff"))
    done = changed(world, lambda work: groups.delete_group(work, group.id))
    undo(world, done)
    assert world.admin.look(lambda work: groups.get_group(work, group.id)).name == "Staff"

    spec = MicrotenantSpec(name="East", criteria_attribute_values=("a.example",))
    made = world.admin.change(lambda work: microtenants.create_microtenant(work, spec))
    done = changed(world, lambda work: microtenants.delete_microtenant(work, made.id))
    undo(world, done)
    again = world.admin.look(lambda work: microtenants.get_microtenant(work, made.id))
    assert again.criteria_attribute_values == ("a.example",)
    add_link(world.admin.asking_for(microtenant_id=made.id))


def refused(world: World, transaction_id: str, caller: Caller | None = None) -> PorticoError:
    """The error of an undoing, which changes nothing."""
    before, trail = all_links(world.admin), world.audit_trail()
    with pytest.raises(PorticoError) as refusal:
        undo(world, transaction_id, caller)
    assert (all_links(world.admin), world.audit_trail()) == (before, trail)
    return refusal.value


def test_object_that_changed_since_is_named(world: World) -> None:
    ids = [add_link(world.admin, name) for name in "AB"]
    selection = LinkSelection(link_ids=tuple(ids))
    change = LinkChange(kind=ChangeKind.DISABLE)
    done = changed(world, lambda work: change_links(work, selection, change))
    changed(world, lambda work: links.update_link(work, ids[1], link_spec("Changed")))

    error = refused(world, done)

    assert isinstance(error, ConcurrentChange)
    assert '"Changed" has been changed since' in error.reason


def test_undoing_twice_is_refused(world: World) -> None:
    link_id = add_link(world.admin)
    done = changed(world, lambda work: links.delete_link(work, link_id))
    undo(world, done)

    assert isinstance(refused(world, done), ConcurrentChange)


def test_what_stands_in_the_way_is_named(world: World) -> None:
    portal_id = add_portal(world.admin)
    link_id = add_link(world.admin, "A", portal_id)
    done = changed(world, lambda work: links.delete_link(work, link_id))

    changed(world, lambda work: portals.delete_portal(work, portal_id))
    assert '"A" was on a portal that no longer exists' in refused(world, done).reason
    add_link(world.admin, "a")
    assert '"A" is now the name of another object' in refused(world, done).reason

    made = changed(
        world,
        lambda work: portals.create_portal(work, UserPortalSpec(name="New"), managed_suffix=SUFFIX),
    )
    page = world.admin.look(lambda work: work.portals.ids_by_name(["New"]))
    add_link(world.admin, "B", page["new"])
    assert '"New" has links now' in refused(world, made).reason


def test_change_can_be_undone_for_ten_minutes_by_who_made_it(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    link_id = add_link(world.admin)
    done = changed(world, lambda work: links.delete_link(work, link_id))
    other, viewer = world.caller(), world.caller(role=Role.VIEWER)

    assert world.admin.look(lambda work: can_undo(work, done))
    for caller, error in ((other, Forbidden), (viewer, Forbidden), (east, NotFound)):
        assert not caller.look(lambda work: can_undo(work, done))
        assert isinstance(refused(world, done, caller), error)
    assert isinstance(refused(world, "nothing"), NotFound)
    world.now += UNDO_SECONDS
    assert not world.admin.look(lambda work: can_undo(work, done))
    assert isinstance(refused(world, done), InvalidField)


def test_change_cannot_be_undone_once_its_object_changed(world: World) -> None:
    link_id = add_link(world.admin)
    first = changed(world, lambda work: links.update_link(work, link_id, link_spec("B")))
    second = changed(world, lambda work: links.update_link(work, link_id, link_spec("C")))

    assert not world.admin.look(lambda work: can_undo(work, first))
    assert world.admin.look(lambda work: can_undo(work, second))
    undone = undo(world, second)
    assert not world.admin.look(lambda work: can_undo(work, second))
    assert world.admin.look(lambda work: can_undo(work, undone))


def test_change_of_a_client_cannot_be_undone(world: World) -> None:
    error = refused(world, "operator")

    assert isinstance(error, Forbidden)


def test_two_changes_of_one_link_in_a_transaction_are_put_back_later(world: World) -> None:
    staff, crew = add_portal(world.admin), add_portal(world.admin, "Crew")
    link = add_link(world.admin, "Wiki", staff)
    before = unstamped(world)

    async def move(work: UnitOfWork) -> None:
        selection = LinkSelection(link_ids=(link,))
        for kind, portal in ((ChangeKind.REMOVE_PORTALS, staff), (ChangeKind.ADD_PORTALS, crew)):
            await change_links(work, selection, LinkChange(kind=kind, portal_ids=(portal,)))

    moved = changed(world, move)
    world.now += 60
    undo(world, moved)
    assert unstamped(world) == before
