"""The dashboard counts what is there: portals, days, openings, of one microtenant."""

from __future__ import annotations

from sqlalchemy import insert

from portico.services.portals.dashboard import DAYS, read_dashboard
from portico.storage.schema.people_tables import link_opening
from tests.services.arranged import add_link, add_portal
from tests.services.world import START, World

DAY = 86_400


def open_link(world: World, link_id: int, day: int, openings: int) -> None:
    """Notes that a link was opened on a day."""
    row = {"customer_id": world.tenant.id, "link_id": link_id, "day": day, "openings": openings}

    async def write() -> None:
        async with world.store.database.transaction() as connection:
            await connection.run(insert(link_opening), [row])

    world.store.run(write())


def test_portals_come_fullest_first(world: World) -> None:
    other = World(world.store)
    staff, guests = add_portal(world.admin), add_portal(world.admin, "Guests", enabled=False)
    add_portal(world.admin, "Empty")
    add_link(other.admin, "Foreign", add_portal(other.admin))
    for name in "ABC":
        add_link(world.admin, name, guests, *((staff,) if name == "A" else ()))

    found = world.admin.look(read_dashboard)

    told = [(each.name, each.links, each.enabled) for each in found.portals]
    assert told == [("Guests", 3, False), ("Staff", 1, True), ("Empty", 0, True)]
    assert (found.links, found.portal_count, found.portal_limit) == (3, 3, 500)


def test_links_that_nobody_sees_are_counted(world: World) -> None:
    other = World(world.store)
    add_link(other.admin, "Foreign", enabled=False)
    add_link(world.admin, "Seen", add_portal(world.admin))
    add_link(world.admin, "Off", enabled=False)
    add_link(world.admin, "Nowhere")

    found = world.admin.look(read_dashboard)

    assert (found.disabled_links, found.unplaced_links) == (1, 2)


def test_every_day_has_its_changes(world: World) -> None:
    before = len(world.audit_trail())
    add_link(world.admin, "A")
    world.now += 2 * DAY
    add_link(world.admin, "B")
    add_link(world.admin, "C")

    found = world.admin.look(read_dashboard).changes

    assert [each.changes for each in found] == [0] * (DAYS - 3) + [before + 1, 0, 2]
    assert found[-1].day == (START // DAY + 2) * DAY
    world.now += DAYS * DAY
    assert sum(each.changes for each in world.admin.look(read_dashboard).changes) == 0


def test_links_that_are_opened_most(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    today = START // DAY
    ids = [add_link(world.admin, name) for name in "AB"]
    elsewhere = add_link(east, "C")
    open_link(world, ids[0], today, 2)
    open_link(world, ids[0], today - 1, 1)
    open_link(world, ids[0], today - DAYS, 50)
    open_link(world, ids[1], today - DAYS + 1, 7)
    open_link(world, elsewhere, today, 9)

    found = world.admin.look(read_dashboard).opened

    assert [(each.name, each.openings) for each in found] == [("B", 7), ("A", 3)]
    assert [each.name for each in east.look(read_dashboard).opened] == ["C"]
