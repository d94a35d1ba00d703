"""Changes of many links at once: the preview tells what is done, and limits hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.domain.audit import Action
from portico.domain.errors import (
    Forbidden,
    InvalidField,
    LinkLimitExceeded,
    NotFound,
    UnknownReference,
)
from portico.domain.links import links as link_rules
from portico.domain.links.changes import ChangeKind, LinkChange, LinkSelection
from portico.domain.links.filters import LinkFilter
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import Role
from portico.services.links import links
from portico.services.links.changes import (
    LinkChangePreview,
    change_links,
    preview_link_change,
    reorder_links,
)
from portico.services.portals.visits import list_portal_links
from tests.services.arranged import (
    add_link,
    add_portal,
    all_links,
    do,
    link_spec,
    section_names,
)
from tests.services.world import START, Caller, World


def preview(caller: Caller, selection: LinkSelection, change: LinkChange) -> LinkChangePreview:
    """What a change would do."""
    return caller.look(lambda work: preview_link_change(work, selection, change))


def disable(caller: Caller, selection: LinkSelection) -> LinkChangePreview:
    """Disables the links that are selected."""
    change = LinkChange(kind=ChangeKind.DISABLE)
    return caller.change(lambda work: change_links(work, selection, change))


def test_links_are_enabled_and_disabled(world: World) -> None:
    ids = [add_link(world.admin, name, enabled=name == "A") for name in "ABC"]
    world.now += 60

    done = do(world.admin, ChangeKind.ENABLE, *ids)

    found = all_links(world.admin)
    assert [link.enabled for link in found.values()] == [True] * 3
    assert [link.modified_time for link in found.values()] == [START, START + 60, START + 60]
    assert [each.before.name for each in done.changed] == ["B", "C"]
    assert [link.name for link in done.unchanged] == ["A"]
    do(world.admin, ChangeKind.DISABLE, ids[0])
    assert not all_links(world.admin)["A"].enabled


def test_links_are_put_on_portals_and_taken_off(world: World) -> None:
    staff, guests, press = (add_portal(world.admin, name) for name in ("S", "G", "P"))
    ids = [add_link(world.admin, "A", staff), add_link(world.admin, "B", guests)]

    done = do(world.admin, ChangeKind.ADD_PORTALS, *ids, portal_ids=(staff, press))
    assert {link.portal_ids for link in all_links(world.admin).values()} == {
        (staff, press),
        (staff, guests, press),
    }
    rooms = {room.portal.name: (room.before, room.after) for room in done.portals.values()}
    assert rooms == {"S": (1, 2), "P": (0, 2)}

    do(world.admin, ChangeKind.REMOVE_PORTALS, *ids, portal_ids=(staff, guests))
    assert {link.portal_ids for link in all_links(world.admin).values()} == {(press,)}


def test_links_move_to_a_section_that_is_made(world: World) -> None:
    ids = [add_link(world.admin, "A", section="Old", order=4), add_link(world.admin, "B")]
    world.now += 60

    done = do(world.admin, ChangeKind.MOVE, *ids, section=" New ")

    shown = [link.presentation for link in all_links(world.admin).values()]
    assert [(each.section, each.order) for each in shown] == [("New", 0)] * 2
    assert done.new_sections == ("New",)
    assert {link.modified_time for link in all_links(world.admin).values()} == {START}
    do(world.admin, ChangeKind.MOVE, ids[0])
    assert all_links(world.admin)["A"].presentation.section == ""


def test_groups_of_links_are_set(world: World) -> None:
    ids = [add_link(world.admin, "A", groups=("Old",)), add_link(world.admin, "B")]

    done = do(world.admin, ChangeKind.SET_GROUPS, *ids, groups=("staff", "Pay", "STAFF", "old"))

    assert done.new_groups == ("Pay", "staff")
    for link in all_links(world.admin).values():
        assert link.presentation.groups == ("Old", "Pay", "staff")
    again = do(world.admin, ChangeKind.SET_GROUPS, *ids, groups=("OLD", "STAFF", "pay"))
    assert again.changed == ()


def test_links_are_deleted(world: World) -> None:
    portal_id = add_portal(world.admin)
    ids = [add_link(world.admin, name, portal_id, section="Work") for name in "ABC"]

    done = do(world.admin, ChangeKind.DELETE, *ids[:2])

    assert list(all_links(world.admin)) == ["C"]
    assert [(room.before, room.after) for room in done.portals.values()] == [(3, 1)]


def test_preview_changes_nothing_and_tells_the_same(world: World) -> None:
    portal_id = add_portal(world.admin)
    link_id = add_link(world.admin, "A", portal_id)
    before, trail = all_links(world.admin), world.audit_trail()
    selection = LinkSelection(link_ids=(link_id,))

    for kind in ChangeKind:
        change = LinkChange(kind=kind, portal_ids=(portal_id,), section="New", groups=("Staff",))
        told = preview(world.admin, selection, change)
        assert all_links(world.admin) == before
        assert section_names(world.admin) == []
        assert world.audit_trail() == trail
        if kind is not ChangeKind.DELETE:
            assert told.refusal is None
    done = world.admin.change(lambda work: change_links(work, selection, change))
    assert done == told


def test_change_of_everything_that_passes_a_filter(world: World) -> None:
    for name in ("Wiki one", "Wiki two", "Mail"):
        add_link(world.admin, name, section="Work")
    wanted = LinkSelection(filter=LinkFilter(text="WIKI"))
    change = LinkChange(kind=ChangeKind.DISABLE)

    world.admin.change(lambda work: change_links(work, wanted, change))

    enabled = {name: link.enabled for name, link in all_links(world.admin).items()}
    assert enabled == {"Mail": True, "Wiki one": False, "Wiki two": False}


def test_chosen_links_are_in_the_order_of_the_list_whatever_their_composition(
    world: World,
) -> None:
    """An accent of its own code point sorts as the composed letter does."""
    ids = [add_link(world.admin, name) for name in ("Fa", "E\u0301a", "\u00c9b", "Ea")]
    listed = world.admin.look(lambda work: links.list_links(work, ListQuery())).page.items

    done = do(world.admin, ChangeKind.ENABLE, *ids)

    assert [link.name for link in done.unchanged] == [link.name for link in listed]


def test_full_portal_takes_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_rules, "LINKS_PER_PORTAL", 2)
    portal_id = add_portal(world.admin)
    add_link(world.admin, "A", portal_id)
    ids = [add_link(world.admin, name) for name in "BC"]
    selection = LinkSelection(link_ids=tuple(ids))
    change = LinkChange(kind=ChangeKind.ADD_PORTALS, portal_ids=(portal_id,))

    told = preview(world.admin, selection, change)
    assert isinstance(told.refusal, LinkLimitExceeded)
    assert [(room.before, room.after) for room in told.portals.values()] == [(1, 3)]
    with pytest.raises(LinkLimitExceeded):
        world.admin.change(lambda work: change_links(work, selection, change))
    do(world.admin, ChangeKind.ADD_PORTALS, ids[0], portal_ids=(portal_id,))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (LinkChange(kind=ChangeKind.ADD_PORTALS), InvalidField),
        (LinkChange(kind=ChangeKind.ADD_PORTALS, portal_ids=(7,)), UnknownReference),
        (LinkChange(kind=ChangeKind.MOVE, section="a\0"), InvalidField),
        (LinkChange(kind=ChangeKind.SET_GROUPS, groups=("",)), InvalidField),
    ],
)
def test_change_that_breaks_a_rule_is_refused(
    world: World, change: LinkChange, error: type[Exception]
) -> None:
    selection = LinkSelection(link_ids=(add_link(world.admin),))

    assert isinstance(preview(world.admin, selection, change).refusal, error)
    with pytest.raises(error):
        world.admin.change(lambda work: change_links(work, selection, change))


def test_foreign_links_and_portals_are_not_found(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    mine, theirs = add_link(world.admin), add_link(east)

    with pytest.raises(NotFound):
        do(world.admin, ChangeKind.DELETE, mine, theirs)
    with pytest.raises(UnknownReference):
        do(world.admin, ChangeKind.ADD_PORTALS, mine, portal_ids=(add_portal(east),))

    assert list(all_links(world.admin)) == list(all_links(east)) == ["Wiki"]


def test_change_reaches_500_links(world: World) -> None:
    specs = [link_spec(f"Link {number:03}") for number in range(501)]
    made = world.admin.change(lambda work: links.create_links(work, specs[:500]))
    last = world.admin.change(lambda work: links.create_link(work, specs[500]))
    everything = LinkSelection(filter=LinkFilter())

    for selection in (everything, LinkSelection(link_ids=(*(link.id for link in made), last.id))):
        with pytest.raises(InvalidField) as refusal:
            disable(world.admin, selection)
        assert refusal.value.field == "links"
    do(world.admin, ChangeKind.DELETE, last.id)
    done = disable(world.admin, everything)

    assert len(done.changed) == 500
    entries = [each for each in world.audit_trail() if each.action is Action.UPDATE]
    assert len(entries) == 500
    assert len({each.transaction_id for each in entries}) == 1


def test_viewer_changes_nothing(world: World) -> None:
    link_id = add_link(world.admin)
    viewer = world.caller(role=Role.VIEWER)
    selection = LinkSelection(link_ids=(link_id,))
    change = LinkChange(kind=ChangeKind.DELETE)

    with pytest.raises(Forbidden):
        preview(viewer, selection, change)
    with pytest.raises(Forbidden):
        viewer.change(lambda work: change_links(work, selection, change))
    with pytest.raises(Forbidden):
        viewer.change(lambda work: reorder_links(work, "Work", [link_id]))


def test_links_are_put_in_order(world: World) -> None:
    portal_id = add_portal(world.admin)
    ids = {name: add_link(world.admin, name, portal_id, section="Work") for name in "ABCD"}
    other = add_link(world.admin, "E", portal_id, section="Other")
    wanted = [ids["C"], other, ids["A"]]

    world.admin.change(lambda work: reorder_links(work, "work", wanted))

    shown = world.admin.look(lambda work: list_portal_links(work, portal_id))
    assert [[link.name for link in section.links] for section in shown] == [list("CEABD")]
    with pytest.raises(NotFound):
        world.admin.change(lambda work: reorder_links(work, "Work", [1]))
    world.admin.change(lambda work: reorder_links(work, "", [ids["D"]]))
    assert all_links(world.admin)["D"].presentation.section == ""
    assert replace(all_links(world.admin)["A"].presentation, order=0).section == "Work"
