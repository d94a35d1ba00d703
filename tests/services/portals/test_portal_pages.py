"""Portals as visitors meet them: addresses in step with portals, and what a page shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.domain.errors import InvalidField, NotFound
from portico.domain.links.presentation import PortalSection, seen_by
from portico.domain.portals.pages import Audience, PortalAddress, PortalPage
from portico.domain.portals.portals import UserPortalSpec
from portico.services.links import sections
from portico.services.portals import portals
from portico.services.portals.pages import present_portals
from portico.services.portals.visits import (
    PortalCookies,
    PortalView,
    SignInRequired,
    find_portal_address,
    list_portal_links,
    view_portal,
    visit_portal,
)
from portico.services.work import UnitOfWork
from tests.contract.inside import watched_statements
from tests.services.arranged import add_link, add_portal
from tests.services.people.people import People
from tests.services.world import SUFFIX, Caller, World

ANONYMOUS = PortalCookies(session_token=lambda _: "")
PUBLIC = PortalPage(audience=Audience.PUBLIC)


def found(world: World, address: str) -> int | None:
    """The id of the portal that an address leads to."""
    place = world.store.run(find_portal_address(world.store.runtime, address))
    return None if place is None else place.portal_id


def page_of(caller: Caller, portal_id: int) -> PortalPage:
    """The settings of a portal's page."""

    portal = caller.look(lambda work: portals.get_portal(work, portal_id))
    return caller.look(lambda work: present_portals(work, [portal]))[0].page


def change(caller: Caller, portal_id: int, spec: UserPortalSpec, page: PortalPage | None) -> None:
    """Replaces a portal."""
    caller.change(
        lambda work: portals.update_portal(work, portal_id, spec, managed_suffix=SUFFIX, page=page)
    )


def unique(world: World, name: str) -> str:
    """A name that no other test's portal has: addresses are the installation's."""
    return f"{name}-{world.tenant.id}"


def test_portal_is_found_by_its_id_and_its_slug(world: World) -> None:
    name = unique(world, "Staff & Friends")
    slug = unique(world, "staff-friends")
    portal_id = add_portal(world.admin, name)

    assert page_of(world.admin, portal_id) == PortalPage(slug=slug)
    for address in (str(portal_id), slug, slug.upper()):
        assert found(world, address) == portal_id
    for address in (
        "",
        "nothing",
        str(portal_id + 1),
        "%",
        "\N{SNOWMAN}",
        "a\0",
        "\ud800",
        "x" * 9_999,
    ):
        assert found(world, address) is None


def test_slugs_are_made_unique(world: World) -> None:
    other = World(world.store)
    name = unique(world, "Team")

    slugs = [
        page_of(caller, add_portal(caller, name)).slug for caller in (world.admin, other.admin)
    ]

    assert slugs == [unique(world, "team"), unique(world, "team") + "-2"]


def test_slug_of_another_portal_is_refused(world: World) -> None:
    other = World(world.store)
    slug = unique(world, "mine")
    first = add_portal(world.admin, page=PortalPage(slug=slug))

    with pytest.raises(InvalidField) as refusal:
        add_portal(other.admin, page=PortalPage(slug=slug))
    assert refusal.value.field == "portico.slug"
    change(world.admin, first, UserPortalSpec(name="Staff"), PortalPage(slug=slug))
    assert found(world, slug) == first


@pytest.mark.parametrize(
    ("page", "field"),
    [
        (PortalPage(slug="A"), "portico.slug"),
        (PortalPage(slug="-a"), "portico.slug"),
        (PortalPage(slug="a-"), "portico.slug"),
        (PortalPage(slug="a.b"), "portico.slug"),
        (PortalPage(slug="2024"), "portico.slug"),
        (PortalPage(slug="x" * 64), "portico.slug"),
        (PortalPage(slug="a\n"), "portico.slug"),
        (PortalPage(accent="red"), "portico.accent"),
        (PortalPage(accent="#12345"), "portico.accent"),
        (PortalPage(accent="#00ff7f"), "portico.accent"),
        (PortalPage(title="a\0"), "portico.title"),
        (PortalPage(title="x" * 256), "portico.title"),
        (PortalPage(favicon="x" * 70_000), "portico.favicon"),
    ],
)
def test_settings_that_break_a_rule_are_refused(world: World, page: PortalPage, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        add_portal(world.admin, page=page)

    assert refusal.value.field == field


def test_settings_are_kept_until_they_are_said_again(world: World) -> None:
    page = PortalPage(
        slug=unique(world, "kept"), audience=Audience.PUBLIC, title="Hello", accent="#00703f"
    )
    portal_id = add_portal(world.admin, page=replace(page, accent="#00703F"))

    change(world.admin, portal_id, UserPortalSpec(name="Renamed"), None)
    assert page_of(world.admin, portal_id) == page

    change(world.admin, portal_id, UserPortalSpec(name="Renamed"), PortalPage(title="Bye"))
    assert page_of(world.admin, portal_id) == PortalPage(slug=page.slug, title="Bye")


def test_addresses_follow_the_portal(world: World) -> None:
    slug, other_slug = unique(world, "one"), unique(world, "two")
    portal_id = add_portal(world.admin, page=PortalPage(slug=slug))

    change(world.admin, portal_id, UserPortalSpec(name="Staff"), PortalPage(slug=other_slug))
    assert found(world, slug) is None
    assert found(world, other_slug) == portal_id

    world.admin.change(lambda work: portals.delete_portal(work, portal_id))
    for address in (other_slug, str(portal_id)):
        assert found(world, address) is None


def visible_on(caller: Caller, portal_id: int) -> list[PortalSection]:
    """What a portal shows, as its administrator may ask."""
    return caller.look(lambda work: list_portal_links(work, portal_id))


def visited(world: World, portal_id: int) -> list[tuple[str, list[str]]]:
    """The headings and links that an anonymous visitor of a public portal sees."""
    address = PortalAddress(
        address=str(portal_id), customer_id=world.tenant.id, portal_id=portal_id
    )
    view: PortalView[None] = world.store.run(
        view_portal(People(world).runtime, address, ANONYMOUS, lambda _: None)
    )
    return [(section.name, [link.name for link in section.links]) for section in view.sections]


def test_page_shows_enabled_links_under_their_headings(world: World) -> None:
    portal_id = add_portal(world.admin, page=PUBLIC)
    add_link(world.admin, "Zulu", portal_id, section="Work", order=1)
    add_link(world.admin, "Alpha", portal_id, section="Work", order=2)
    add_link(world.admin, "new", portal_id, section="Work")
    add_link(world.admin, "Menu", portal_id, section="Canteen")
    add_link(world.admin, "Other", portal_id)
    add_link(world.admin, "Hidden", portal_id, enabled=False)
    add_link(world.admin, "Elsewhere", section="Elsewhere")
    order = {each.name: each.id for each in world.admin.look(sections.list_sections).sections}
    world.admin.change(lambda work: sections.reorder_sections(work, [order["Canteen"]]))

    assert visited(world, portal_id) == [
        ("Canteen", ["Menu"]),
        ("Work", ["Zulu", "Alpha", "new"]),
        ("", ["Other"]),
    ]


def test_page_of_a_microtenant_is_found(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    portal_id = add_portal(east, page=PUBLIC)
    add_link(east, "Wiki", portal_id, section="Work")

    assert visited(world, portal_id) == [("Work", ["Wiki"])]


def test_disabled_foreign_and_gone_portals_are_not_found(world: World) -> None:
    other = World(world.store)
    disabled = add_portal(world.admin, "Disabled", enabled=False, page=PUBLIC)
    foreign = add_portal(other.admin, page=PUBLIC)
    add_link(world.admin, "Wiki", disabled)

    for portal_id in (disabled, foreign, 1):
        with pytest.raises(NotFound):
            visited(world, portal_id)
        assert visible_on(world.admin, portal_id) == []


def test_groups_narrow_what_is_seen(world: World) -> None:
    portal_id = add_portal(world.admin)
    add_link(world.admin, "For all", portal_id, section="Work")
    add_link(world.admin, "For staff", portal_id, section="Work", groups=("Staff", "Guests"))
    add_link(world.admin, "For pay", portal_id, section="Pay", groups=("Pay",))
    shown = world.admin.look(lambda work: list_portal_links(work, portal_id))

    def names(groups: list[str] | None) -> list[str]:
        return [link.name for section in seen_by(shown, groups) for link in section.links]

    assert names([]) == ["For all"]
    assert names(["STAFF"]) == ["For all", "For staff"]
    assert names(["guests", "pay"]) == names(None) == ["For all", "For staff", "For pay"]


def test_visit_tells_the_revision_that_a_page_may_be_cached_for(world: World) -> None:
    portal_id = add_portal(world.admin, page=PUBLIC)
    address = PortalAddress(address="x", customer_id=world.tenant.id, portal_id=portal_id)

    def seen() -> int:
        visit = visit_portal(People(world).runtime, address, ANONYMOUS)
        return world.store.run(visit).revision

    before = seen()
    assert before == world.revision()
    add_link(world.admin, "Wiki", portal_id)
    assert seen() == world.revision() == before + 1


def test_portal_for_signed_in_people_asks_others_to_sign_in(world: World) -> None:
    portal_id = add_portal(world.admin)
    disabled = add_portal(world.admin, "Disabled", enabled=False)
    people, stranger = People(world), People(World(world.store))
    people.user()
    stranger.user()
    address = PortalAddress(address="x", customer_id=world.tenant.id, portal_id=portal_id)
    shut = replace(address, portal_id=disabled)

    def visitor(people: People) -> PortalCookies:
        token = people.enter_portal().token
        return PortalCookies(session_token=lambda _: token)

    user = visitor(people)
    assert world.store.run(visit_portal(people.runtime, address, user)).signed_in is not None
    for cookies in (ANONYMOUS, visitor(stranger)):
        with pytest.raises(SignInRequired):
            world.store.run(visit_portal(people.runtime, address, cookies))
    for cookies in (ANONYMOUS, visitor(stranger), user):
        with pytest.raises(NotFound):
            world.store.run(visit_portal(people.runtime, shut, cookies))


def test_links_of_a_portal_cost_two_statements(world: World) -> None:
    portal_id = add_portal(world.admin)
    for number in range(30):
        add_link(world.admin, f"Link {number}", portal_id, section=f"S{number}", groups=("Staff",))

    async def count(work: UnitOfWork) -> int:
        with watched_statements() as statements:
            await list_portal_links(work, portal_id)
        return len(statements)

    assert world.admin.look(count) == 2
