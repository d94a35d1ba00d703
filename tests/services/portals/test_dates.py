"""Links with a start and an end: portals show, open and count them only in between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portico.domain.errors import InvalidField, NotFound
from portico.domain.links.filters import LinkFilter
from portico.domain.links.presentation import LinkPresentation
from portico.domain.portals.pages import Audience, PortalAddress, PortalPage
from portico.domain.search import ListQuery
from portico.services.links.links import create_link
from portico.services.links.lists import list_filtered_links
from portico.services.portals.activity import openings_of, record_opening
from portico.services.portals.open_portals import list_seen_portals
from portico.services.portals.portals import get_portal
from portico.services.portals.visits import (
    PortalCookies,
    PortalView,
    list_portal_links,
    view_portal,
)
from tests.services.arranged import add_link, add_portal, link_spec
from tests.services.world import START, World

HOUR = 3_600
DAY = 24 * HOUR
SOON = LinkPresentation(starts=START + HOUR)
SHORT = LinkPresentation(ends=START + 2 * HOUR)
BETWEEN = LinkPresentation(starts=START + HOUR, ends=START + 3 * HOUR)


def add_dated(world: World, name: str, portal_id: int, shown: LinkPresentation) -> int:
    """The id of a new link with dates."""
    spec = link_spec(name, portal_id)
    return world.admin.change(lambda work: create_link(work, spec, shown)).id


def view(world: World, portal_id: int) -> PortalView[None]:
    """What an anonymous visitor of a public portal sees at the world's time."""
    address = PortalAddress(address="x", customer_id=world.tenant.id, portal_id=portal_id)
    cookies = PortalCookies(session_token=lambda _: "")
    return world.store.run(view_portal(world.runtime, address, cookies, lambda _: None))


def names(world: World, portal_id: int) -> list[str]:
    """The links that the portal shows."""
    return [link.name for each in view(world, portal_id).sections for link in each.links]


def at_each_date(world: World) -> Iterator[int]:
    """Each hour, first one second before it."""
    for hour in range(4):
        for second in (hour * HOUR - 1, hour * HOUR):
            world.now = START + second
            yield second


def test_portal_shows_a_link_from_its_start_until_before_its_end(world: World) -> None:
    portal_id = add_portal(world.admin, page=PortalPage(audience=Audience.PUBLIC))
    add_link(world.admin, "Always", portal_id)
    for name, shown in (("Between", BETWEEN), ("Short", SHORT), ("Soon", SOON)):
        add_dated(world, name, portal_id, shown)

    seen = {second: names(world, portal_id) for second in at_each_date(world)}

    first, full = ["Always", "Short"], ["Always", "Between", "Short", "Soon"]
    third, last = ["Always", "Between", "Soon"], ["Always", "Soon"]
    assert seen == {
        -1: first,
        0: first,
        HOUR - 1: first,
        HOUR: full,
        2 * HOUR - 1: full,
        2 * HOUR: third,
        3 * HOUR - 1: third,
        3 * HOUR: last,
    }


def test_visit_tells_when_the_links_of_the_portal_change(world: World) -> None:
    portal_id = add_portal(world.admin, page=PortalPage(audience=Audience.PUBLIC))
    for name, shown in (("Between", BETWEEN), ("Short", SHORT)):
        add_dated(world, name, portal_id, shown)

    changes = {second: view(world, portal_id).changes for second in at_each_date(world)}

    dates = [START + hour * HOUR for hour in (1, 2, 3)]
    assert changes[0] == changes[HOUR - 1] == dates[0]
    assert changes[HOUR] == changes[2 * HOUR - 1] == dates[1]
    assert changes[2 * HOUR] == dates[2]
    assert changes[3 * HOUR] is None


def test_link_is_opened_and_counted_only_while_it_is_shown(world: World) -> None:
    portal_id = add_portal(world.admin, page=PortalPage(audience=Audience.PUBLIC))
    portal = world.admin.look(lambda work: get_portal(work, portal_id))
    link_id = add_dated(world, "Between", portal_id, BETWEEN)
    opened = []

    for second in at_each_date(world):
        try:
            world.store.run(record_opening(world.runtime, portal, link_id))
            opened.append(second)
        except NotFound:
            pass

    assert opened == [HOUR, 2 * HOUR - 1, 2 * HOUR, 3 * HOUR - 1]
    assert world.admin.look(lambda work: openings_of(work, [link_id])) == {link_id: 4}


def test_previews_show_the_links_of_the_moment(world: World) -> None:
    portal_id = add_portal(world.admin, page=PortalPage(audience=Audience.PUBLIC))
    add_dated(world, "Between", portal_id, BETWEEN)

    def shown() -> list[int]:
        own = world.admin.look(lambda work: list_portal_links(work, portal_id))
        everywhere = world.admin.look(lambda work: list_seen_portals(work, (), limit=9)).items
        return [sum(len(s.links) for s in own), sum(len(s.links) for s in everywhere[0].sections)]

    assert shown() == [0, 0]
    world.now = START + HOUR
    assert shown() == [1, 1]


def test_filter_finds_what_starts_or_ends_soon(world: World) -> None:
    portal_id = add_portal(world.admin)
    add_link(world.admin, "Always", portal_id)
    for name, shown in (
        ("Starts", LinkPresentation(starts=START + DAY)),
        ("Ends", LinkPresentation(starts=START - DAY, ends=START + 14 * DAY)),
        ("Later", LinkPresentation(starts=START + 14 * DAY + 1)),
        ("Over", LinkPresentation(ends=START)),
    ):
        add_dated(world, name, portal_id, shown)

    due = LinkFilter(due=(START, START + 14 * DAY))
    matches = world.admin.look(lambda work: list_filtered_links(work, ListQuery(natural=True), due))

    assert [link.name for link in matches.page.items] == ["Ends", "Starts"]


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        (START, START, "portico.ends"),
        (START, START - 1, "portico.ends"),
        (-1, 0, "portico.starts"),
        (0, -1, "portico.ends"),
        (10**12, 0, "portico.starts"),
    ],
)
def test_impossible_dates_are_refused(world: World, starts: int, ends: int, field: str) -> None:
    shown = LinkPresentation(starts=starts, ends=ends)
    with pytest.raises(InvalidField) as refusal:
        world.admin.change(lambda work: create_link(work, link_spec(), shown))
    assert refusal.value.field == field

    page = PortalPage(notice_starts=starts, notice_ends=ends)
    with pytest.raises(InvalidField) as refusal:
        add_portal(world.admin, page=page)
    assert refusal.value.field == field.replace(".s", ".noticeS").replace(".e", ".noticeE")
