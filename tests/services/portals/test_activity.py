"""What people do on a portal: openings, favourites, recent links, and accepting the policy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from portico.domain.errors import ConcurrentChange, NotFound
from portico.domain.links.links import LinkSpec
from portico.domain.policies import AupSpec
from portico.domain.portals.activity import RECENT_LINKS, RecentLink, policy_version
from portico.domain.portals.portals import UserPortal
from portico.services import policies as aups
from portico.services.links import links
from portico.services.portals.acceptance import (
    PendingPolicy,
    Visitor,
    accept_policy,
    find_pending_policy,
)
from portico.services.portals.activity import order_favourites, record_opening, set_favourite
from portico.storage.portals.activity import Activity
from portico.storage.schema.people_tables import aup_acceptance
from tests.services.people.people import People
from tests.services.world import World

POLICY = AupSpec(name="Rules", enabled=True, aup="Lock your screen.")


def link(people: People, portal: UserPortal, name: str = "Wiki", *, enabled: bool = True) -> int:
    """The id of a new link on a portal."""
    spec = LinkSpec(name=name, link="wiki", enabled=enabled, portal_ids=(portal.id,))
    return people.world.admin.change(lambda work: links.create_link(work, spec)).id


def opened(people: People, portal: UserPortal, link_id: int, user_id: int | None = None) -> None:
    """Somebody opens a link."""
    people.world.store.run(record_opening(people.runtime, portal, link_id, user_id=user_id))


def starred(people: People, portal: UserPortal, link_id: int, user_id: int, wanted: bool) -> None:
    """A user makes a link a favourite, or no more."""
    people.world.store.run(
        set_favourite(
            people.runtime, portal, link_id, user_id=user_id, group_ids=(), is_favourite=wanted
        )
    )


def favourites(people: People, user_id: int) -> list[int]:
    """A user's favourites, in order."""
    tenant_id = people.world.tenant.id
    return people.world.store.read(lambda each: Activity(each, tenant_id).favourites(user_id))


def recent_links(people: People, user_id: int) -> list[RecentLink]:
    """The links that a user opened last, newest first."""
    tenant_id = people.world.tenant.id
    return people.world.store.read(lambda each: Activity(each, tenant_id).recent(user_id))


def pending_policy(people: People, portal: UserPortal, visitor: Visitor) -> PendingPolicy | None:
    """The policy that a visitor has not accepted."""
    return people.world.store.read(lambda each: find_pending_policy(each, portal, visitor))


def test_favourites_keep_their_order(people: People) -> None:
    user, portal, world = people.user(), people.portal(), people.world
    ids = [link(people, portal, f"Link {number}") for number in range(3)]
    for each in (ids[2], ids[0], ids[2], ids[1]):
        starred(people, portal, each, user.id, True)
        world.now += 1
    starred(people, portal, ids[0], user.id, False)
    starred(people, portal, ids[0], user.id, False)

    found = favourites(people, user.id)
    others = favourites(people, people.user("other").id)

    assert found == [ids[2], ids[1]]
    assert others == []


def test_favourites_are_moved_and_come_back_where_they_were(people: People) -> None:
    user, portal = people.user(), people.portal()
    a, b, c, d = [link(people, portal, f"Link {number}") for number in range(4)]
    for each in (a, b, c):
        starred(people, portal, each, user.id, True)
    moved = order_favourites(people.runtime, portal, [c, d, a], user_id=user.id)
    people.world.store.run(moved)

    assert favourites(people, user.id) == [c, b, a]
    starred(people, portal, b, user.id, False)
    starred(people, portal, d, user.id, True)
    starred(people, portal, b, user.id, True)

    assert favourites(people, user.id) == [c, b, a, d]


def test_recent_links_are_the_newest_and_few(people: People) -> None:
    user, portal, world = people.user(), people.portal(), people.world
    ids = [link(people, portal, f"Link {number}") for number in range(RECENT_LINKS + 3)]
    for each in [*ids, ids[-2]]:
        world.now += 1
        opened(people, portal, each, user.id)

    recent = recent_links(people, user.id)

    assert [each.link_id for each in recent[:3]] == [ids[-2], ids[-1], ids[-3]]
    assert len(recent) == RECENT_LINKS
    assert recent[0].time == int(world.now)


def test_links_that_the_portal_does_not_show_are_not_found(people: People) -> None:
    user, portal, other = people.user(), people.portal(), people.portal(name="Other")
    stranger = People(World(people.world.store))
    far = stranger.portal()
    hidden = [
        link(people, portal, "Disabled", enabled=False),
        link(people, other, "Elsewhere"),
        link(stranger, far, "Foreign"),
        5,
    ]
    shown = link(people, portal)

    for each in hidden:
        with pytest.raises(NotFound):
            opened(people, portal, each)
        with pytest.raises(NotFound):
            starred(people, portal, each, user.id, True)
    with pytest.raises(NotFound):
        opened(people, replace(portal, enabled=False), shown)


def test_activity_leaves_the_revision_alone_and_goes_with_the_link(people: People) -> None:
    user, portal, world = people.user(), people.portal(), people.world
    link_id = link(people, portal)
    before = world.revision()

    opened(people, portal, link_id, user.id)
    opened(people, portal, link_id)
    starred(people, portal, link_id, user.id, True)
    assert world.revision() == before
    world.admin.change(lambda work: links.delete_link(work, link_id))

    assert favourites(people, user.id) == []
    assert recent_links(people, user.id) == []


def policy(people: People, spec: AupSpec = POLICY, microtenant_id: int | None = None) -> int:
    """The id of a new policy."""
    caller = people.world.admin.asking_for(microtenant_id=microtenant_id)
    return caller.change(lambda work: aups.create_aup(work, spec)).id


def test_policy_is_asked_once_and_again_when_its_text_changes(people: People) -> None:
    user, portal, world = people.user(), people.portal(), people.world
    me = Visitor(user_id=user.id, name="Uma")
    run = world.store.run
    assert pending_policy(people, portal, me) is None
    aup_id = policy(people)

    pending = pending_policy(people, portal, me)
    assert pending is not None
    assert pending.version == policy_version(POLICY.aup)
    with pytest.raises(ConcurrentChange):
        run(accept_policy(people.runtime, portal, aup_id, "other words", me))
    run(accept_policy(people.runtime, portal, aup_id, pending.version, me))
    run(accept_policy(people.runtime, portal, aup_id, pending.version, me))
    assert pending_policy(people, portal, me) is None

    renamed = replace(POLICY, description="The same words.")
    world.admin.change(lambda work: aups.update_aup(work, aup_id, renamed))
    assert pending_policy(people, portal, me) is None
    reworded = replace(POLICY, aup="Lock your door.")
    world.admin.change(lambda work: aups.update_aup(work, aup_id, reworded))
    assert pending_policy(people, portal, me) is not None
    stored = select(aup_acceptance).where(aup_acceptance.c.aup_id == aup_id)
    kept = world.store.read(lambda each: each.rows(stored))
    assert [(each.user_id, each.name, each.time) for each in kept] == [
        (user.id, "Uma", int(world.now))
    ]


def test_anonymous_visitors_differ_by_their_token(people: People) -> None:
    portal, run = people.portal(), people.world.store.run
    aup_id = policy(people)
    version = policy_version(POLICY.aup)

    run(accept_policy(people.runtime, portal, aup_id, version, Visitor(token="a")))

    assert pending_policy(people, portal, Visitor(token="a")) is None
    assert pending_policy(people, portal, Visitor(token="b")) is not None
    assert pending_policy(people, portal, Visitor()) is not None


def test_microtenants_own_policy_comes_before_defaults(people: People) -> None:
    east = people.world.microtenant("East")
    portal = people.portal(east.id)
    default_id = policy(people)
    pending = pending_policy(people, portal, Visitor(token="a"))
    assert pending is not None
    assert pending.aup.id == default_id

    policy(people, replace(POLICY, name="Off", enabled=False), east.id)
    own_id = policy(people, replace(POLICY, name="Own"), east.id)

    pending = pending_policy(people, portal, Visitor(token="a"))
    assert pending is not None
    assert pending.aup.id == own_id


def test_policy_in_force_is_the_last_changed_that_is_enabled_and_has_a_text(people: People) -> None:
    portal, nobody = people.portal(), Visitor()
    first = policy(people)
    for spec in (
        replace(POLICY, name="Off", enabled=False),
        replace(POLICY, name="Empty", aup=""),
        replace(POLICY, name="Blank", aup=" \n\u2003"),
    ):
        people.world.now += 1
        policy(people, spec)
    pending = pending_policy(people, portal, nobody)
    assert pending is not None
    assert pending.aup.id == first

    people.world.now += 1
    last = policy(people, replace(POLICY, name="Newer", aup="\n Lock your door. "))
    pending = pending_policy(people, portal, nobody)
    assert pending is not None
    assert (pending.aup.id, pending.version) == (last, policy_version("\n Lock your door. "))
