"""Deleting old records: what goes, what stays, and what the audit trail says of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from portico.domain.errors import NotFound
from portico.domain.links.links import LinkSpec
from portico.domain.people.lockout import FailureKey, Failures
from portico.domain.records import Scope
from portico.retention_schedule import run_retention
from portico.services.links.links import create_link, create_links
from portico.services.retention import Retention, remove_old_records
from portico.services.undo.undo import undo_change
from portico.settings import Settings
from portico.storage.engine.connections import Connection
from portico.storage.engine.database import sqlite_path
from portico.storage.people.lockout import SignInFailures
from portico.storage.portals.activity import Activity
from portico.storage.retention import alone
from tests.conftest import DATABASES
from tests.harness import upgrade
from tests.services.people.people import People
from tests.services.world import World
from tests.storage.store import opened

DAY = 86_400
LINKS = 600
"""More than a batch."""


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A tenant on a database of this test alone, because a removal concerns every tenant."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/portico.db"
        upgrade(url)
    else:
        url = request.getfixturevalue("own_postgres")
    with opened(url) as store:
        world = World(store)
        world.now = time.time()
        yield world


async def no_pause() -> None:
    """Go on with the next batch at once."""


def remove(world: World, **days: int) -> dict[str, int] | None:
    """Delete old records as the server does; what was deleted of each table."""
    retention = Retention(**{name: count * DAY for name, count in days.items()})
    file = sqlite_path(world.store.url)
    return world.store.run(remove_old_records(world.runtime, retention, file, no_pause))


def rows_of(world: World, table: str) -> int:
    """How many rows a table has."""

    async def count(connection: Connection) -> int:
        return int((await connection.rows(text(f"SELECT count(*) AS n FROM {table}")))[0].n)

    return world.store.read(count)


def test_old_audit_entries_go_and_the_trail_says_so(world: World) -> None:
    specs = [LinkSpec(name=f"Link {number}", link="x.example.com") for number in range(LINKS)]
    world.admin.change(lambda work: create_links(work, specs[:300], ()))
    world.admin.change(lambda work: create_links(work, specs[300:], ()))
    old = world.audit_trail()[-1]
    world.now += 800 * DAY
    kept = world.admin.change(lambda work: create_link(work, LinkSpec(name="Kept", link="x.y")))
    before = len(world.audit_trail())

    removed = remove(world, audit=730)

    trail = world.audit_trail()
    day = time.strftime("%Y-%m-%d", time.gmtime(world.now - 730 * DAY))
    assert removed == {"audit_entry": before - 1}
    assert [each.object_name for each in trail] == [kept.name, f"Entries before {day}"]
    assert (trail[-1].object_type, trail[-1].actor_id) == ("auditEntries", 0)
    assert remove(world, audit=730) == {}, "A second run on the same day finds nothing."
    assert len(world.audit_trail()) == 2
    with pytest.raises(NotFound):
        world.admin.change(lambda work: undo_change(work, old.transaction_id))


def test_old_openings_and_sign_in_events_go_and_everything_else_stays(world: World) -> None:
    link = world.admin.change(lambda work: create_link(work, LinkSpec(name="Wiki", link="x.y")))
    people = People(world)
    user = people.user()
    now = int(world.now)
    failures = Failures(key=FailureKey(scope="console", account="a"), failures=3, since=now)

    async def use(connection: Connection) -> None:
        activity = Activity(connection, world.tenant.id)
        await activity.remember_opening(user.id, link.id, now)
        for days in (0, 100):
            await activity.count_opening(link.id, now // DAY + days)
        await SignInFailures(connection).store([failures], now)

    world.store.write(Scope(customer_id=world.tenant.id), use)
    people.enter_portal()
    world.now += 101 * DAY
    audited = len(world.audit_trail())

    nothing = remove(world)
    removed = remove(world, openings=90, sign_in_events=30)

    assert nothing == {}
    assert removed == {
        "link_opening": 1,
        "recent_opening": 1,
        "portal_session": 1,
        "sign_in_failure": 1,
    }
    assert rows_of(world, "link_opening") == 1
    assert len(world.audit_trail()) == audited


def test_one_process_at_a_time_deletes(world: World) -> None:
    file = sqlite_path(world.store.url)

    async def try_while_another_does() -> list[object]:
        async with alone(world.store.database, file) as first:
            second = await remove_old_records(world.runtime, Retention(audit=DAY), file, no_pause)
        return [first, second, await remove_old_records(world.runtime, Retention(audit=DAY), file)]

    first, second, third = world.store.run(try_while_another_does())

    assert (first, second) == (True, None)
    assert third is not None


@pytest.mark.one_database
def test_server_deletes_and_logs_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path}/portico.db"
    upgrade(url)
    with opened(url) as store:
        world = World(store)
        link = world.admin.change(lambda work: create_link(work, LinkSpec(name="Wiki", link="x.y")))
        old = int(world.now) // DAY
        store.write(
            Scope(customer_id=world.tenant.id),
            lambda each: Activity(each, world.tenant.id).count_opening(link.id, old),
        )
    caplog.set_level(logging.INFO, "portico")

    asyncio.run(run_retention(Settings(database=url), Retention(openings=90 * DAY)))

    (line,) = [each for each in caplog.records if each.message == "Old records were deleted."]
    assert line.__dict__["event"] == "retention.done"
    assert line.__dict__["deleted"] == {"link_opening": 1}
