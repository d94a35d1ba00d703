"""Sections: one order for a microtenant, and links that outlive them."""

from __future__ import annotations

import asyncio

import pytest

from portico.domain.errors import Forbidden, InvalidField, NameTaken, NotFound, UnknownReference
from portico.domain.links.presentation import LinkPresentation
from portico.domain.links.sections import SECTIONS_LIMIT
from portico.domain.tenancy.identity import Role
from portico.services.links import links, sections
from tests.services.arranged import add_link, all_links, link_spec, section_names
from tests.services.world import Caller, World


def add(caller: Caller, name: str) -> int:
    """The id of a new section."""
    return caller.change(lambda work: sections.create_section(work, name)).id


def rename(caller: Caller, section_id: int, name: str) -> None:
    """Gives a section another name."""
    caller.change(lambda work: sections.rename_section(work, section_id, name))


def test_new_sections_come_last(world: World) -> None:
    for name in ("Work", "Help", "Canteen"):
        add(world.admin, name)

    assert section_names(world.admin) == ["Work", "Help", "Canteen"]


def test_two_links_at_once_make_one_section_and_one_group(world: World) -> None:
    shown = LinkPresentation(section="Work", groups=("Staff",))

    async def add_one(name: str) -> None:
        async with world.admin.writing() as work:
            await links.create_link(work, link_spec(name), shown)

    async def add_both() -> None:
        await asyncio.gather(*(add_one(name) for name in ("A", "B", "C")))

    world.store.run(add_both())

    assert {link.presentation for link in all_links(world.admin).values()} == {shown}
    assert section_names(world.admin) == ["Work"]


def test_sections_are_reordered(world: World) -> None:
    ids = [add(world.admin, name) for name in "ABCD"]

    world.admin.change(lambda work: sections.reorder_sections(work, [ids[3], ids[1]]))

    assert section_names(world.admin) == ["D", "B", "A", "C"]
    with pytest.raises(UnknownReference):
        world.admin.change(lambda work: sections.reorder_sections(work, [1]))
    assert section_names(world.admin) == ["D", "B", "A", "C"]


def test_renamed_section_keeps_its_links(world: World) -> None:
    add_link(world.admin, section="Work")
    section = world.admin.look(sections.list_sections).sections[0]

    world.admin.change(lambda work: sections.rename_section(work, section.id, " WORK "))

    assert all_links(world.admin)["Wiki"].presentation.section == "WORK"


def test_name_of_a_section_is_unique_in_its_microtenant(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    add(world.admin, "Work")
    other = add(world.admin, "Help")

    for name, error in (("work", NameTaken), (" ", InvalidField), ("x" * 256, InvalidField)):
        with pytest.raises(error):
            add(world.admin, name)
        with pytest.raises(error):
            rename(world.admin, other, name)

    add(east, "work")
    assert section_names(east) == ["work"]


def test_links_of_a_deleted_section_go_on_without_one(world: World) -> None:
    add_link(world.admin, "One", section="Work", order=2, groups=("Staff",))
    add_link(world.admin, "Two", section="Work")
    section = world.admin.look(sections.list_sections).sections[0]

    world.admin.change(lambda work: sections.delete_section(work, section.id))

    shown = {name: link.presentation for name, link in all_links(world.admin).items()}
    assert {(each.section, each.order) for each in shown.values()} == {("", 0)}
    assert shown["One"].groups == ("Staff",)
    assert section_names(world.admin) == []
    with pytest.raises(NotFound):
        world.admin.change(lambda work: sections.delete_section(work, section.id))


def test_section_knows_how_many_links_it_has(world: World) -> None:
    add(world.admin, "Empty")
    add_link(world.admin, "One", section="Work")
    add_link(world.admin, "Two", section="Work")

    found = world.admin.look(sections.list_sections)

    assert [found.links.get(each.id, 0) for each in found.sections] == [0, 2]


def test_sections_of_another_microtenant_are_not_found(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    foreign = add(east, "Work")

    for use_case in (
        lambda work: sections.get_section(work, foreign),
        lambda work: sections.rename_section(work, foreign, "Mine"),
        lambda work: sections.delete_section(work, foreign),
    ):
        with pytest.raises(NotFound):
            world.admin.change(use_case)
    assert section_names(east) == ["Work"]


def test_viewer_changes_no_section(world: World) -> None:
    section_id = add(world.admin, "Work")
    viewer = world.caller(role=Role.VIEWER)

    for use_case in (
        lambda work: sections.create_section(work, "New"),
        lambda work: sections.rename_section(work, section_id, "New"),
        lambda work: sections.reorder_sections(work, [section_id]),
        lambda work: sections.delete_section(work, section_id),
    ):
        with pytest.raises(Forbidden):
            viewer.change(use_case)
    assert section_names(viewer) == ["Work"]


def test_microtenant_has_a_limited_number_of_sections(world: World) -> None:
    names = [f"Section {number}" for number in range(SECTIONS_LIMIT)]
    world.admin.change(lambda work: sections.require_sections(work, names))

    with pytest.raises(InvalidField):
        add(world.admin, "One more")
    assert len(section_names(world.admin)) == SECTIONS_LIMIT
