"""How links are shown: named sections and groups are made, and a plain write leaves it alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from portico.domain.errors import InvalidField
from portico.domain.links.presentation import PLAIN, LinkPresentation
from portico.services.links import links
from portico.services.people import groups
from tests.services.arranged import add_link, all_links, link_spec, section_names
from tests.services.world import World

SHOWN = LinkPresentation(section="Tools", order=3, groups=("Pay", "Staff"), icon_is_dark=True)


def test_link_is_plain_until_it_is_arranged(world: World) -> None:
    link_id = add_link(world.admin)
    assert all_links(world.admin)["Wiki"].presentation == PLAIN

    world.admin.change(lambda work: links.update_link(work, link_id, link_spec(), SHOWN))

    assert all_links(world.admin)["Wiki"].presentation == SHOWN
    assert section_names(world.admin) == ["Tools"]
    made = world.admin.look(groups.list_groups)
    assert {group.name: made.links[group.id] for group in made.groups} == {"Pay": 1, "Staff": 1}


def test_write_that_says_nothing_keeps_how_a_link_is_shown(world: World) -> None:
    made = world.admin.change(lambda work: links.create_link(work, link_spec(), SHOWN))

    world.admin.change(lambda work: links.update_link(work, made.id, link_spec("Wiki 2")))

    assert all_links(world.admin)["Wiki 2"].presentation == SHOWN


def test_presentation_is_replaced_whole(world: World) -> None:
    made = world.admin.change(lambda work: links.create_link(work, link_spec(), SHOWN))

    world.admin.change(lambda work: links.update_link(work, made.id, link_spec(), PLAIN))

    assert all_links(world.admin)["Wiki"].presentation == PLAIN


def test_names_are_looked_up_without_regard_to_case(world: World) -> None:
    add_link(world.admin, "One", section="Straße", groups=("Été",))
    add_link(world.admin, "Two", section="STRASSE", groups=("e\u0301te\u0301", "ÉTÉ"))

    shown = all_links(world.admin)["Two"].presentation
    assert (shown.section, shown.groups) == ("Straße", ("Été",))
    assert section_names(world.admin) == ["Straße"]


def test_bulk_says_how_each_link_is_shown(world: World) -> None:
    specs = [link_spec("One"), link_spec("Two"), link_spec("Three")]
    said = [SHOWN, None, replace(SHOWN, section="News")]

    world.admin.change(lambda work: links.create_links(work, specs, said))

    shown = {name: link.presentation for name, link in all_links(world.admin).items()}
    assert shown == {"One": SHOWN, "Two": PLAIN, "Three": replace(SHOWN, section="News")}
    assert section_names(world.admin) == ["Tools", "News"]


@pytest.mark.parametrize(
    ("shown", "field"),
    [
        (LinkPresentation(section="x" * 256), "portico.section"),
        (LinkPresentation(section="a\nb"), "portico.section"),
        (LinkPresentation(order=-1), "portico.order"),
        (LinkPresentation(order=1_000_001), "portico.order"),
        (LinkPresentation(groups=("",)), "portico.groups"),
        (LinkPresentation(groups=tuple(map(str, range(101)))), "portico.groups"),
    ],
)
def test_presentation_that_breaks_a_rule_is_refused(
    world: World, shown: LinkPresentation, field: str
) -> None:
    with pytest.raises(InvalidField) as refusal:
        world.admin.change(lambda work: links.create_link(work, link_spec(), shown))
    assert refusal.value.field == field

    with pytest.raises(InvalidField) as refusal:
        world.admin.change(lambda work: links.create_links(work, [link_spec()], [shown]))
    assert refusal.value.field == f"userPortalLinks[0].{field}"

    assert all_links(world.admin) == {}
    assert section_names(world.admin) == []


def test_audit_tells_how_links_were_shown(world: World) -> None:
    made = world.admin.change(lambda work: links.create_link(work, link_spec(), SHOWN))
    world.admin.change(lambda work: links.update_link(work, made.id, link_spec(), PLAIN))
    world.admin.change(lambda work: links.update_link(work, made.id, link_spec(), SHOWN))
    world.admin.change(lambda work: links.delete_link(work, made.id))

    told = [
        [
            json.loads(side).get("presentation") if side else None
            for side in (each.before, each.after)
        ]
        for each in world.audit_trail()
        if each.object_id == made.id
    ]
    orders = [[side and side["order"] for side in sides] for sides in told]
    assert orders == [[None, 3], [3, 0], [0, 3], [3, None]]


def test_deleted_link_leaves_nothing_of_its_presentation(world: World) -> None:
    made = world.admin.change(lambda work: links.create_link(work, link_spec(), SHOWN))

    world.admin.change(lambda work: links.delete_link(work, made.id))

    assert world.admin.look(groups.list_groups).links == {}


def test_presentation_of_another_tenant_is_not_seen(world: World) -> None:
    other = World(world.store)
    made = world.admin.change(lambda work: links.create_link(work, link_spec(), SHOWN))

    found = other.admin.look(lambda work: work.presentation.of_links([made.id]))

    assert found == {}
    assert section_names(other.admin) == []
    assert other.admin.look(groups.list_groups).groups == []
