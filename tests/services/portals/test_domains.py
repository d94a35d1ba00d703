"""Portals at their own domains: what the operator allows decides, at once and for one tenant."""

from __future__ import annotations

import pytest

from portico.domain.audit import Action
from portico.domain.errors import InvalidField, NotFound
from portico.domain.portals.domains import DomainState
from portico.domain.portals.portals import UserPortalSpec
from portico.services.portals import portals
from portico.services.portals.domains import (
    DomainChange,
    allow_domain,
    domain_statuses,
    find_portal_at_host,
    list_domains,
    plan_allowing,
    plan_revoking,
    revoke_domain,
)
from portico.services.undo.undo import undo_change
from tests.services.arranged import add_portal
from tests.services.world import SUFFIX, Caller, World

PUBLIC = "portico.example"


@pytest.fixture
def domain(world: World) -> str:
    """A domain that no other test has."""
    return f"d{world.tenant.id}.example"


def at(world: World, host: str, public_host: str = PUBLIC) -> int | None:
    """The id of the portal that a Host header leads to."""
    found = world.store.run(find_portal_at_host(world.store.runtime, host, public_host=public_host))
    return None if found is None else found.portal_id


def allow(world: World, name: str) -> DomainChange:
    """Allows a domain for the world's tenant."""
    return world.store.run(allow_domain(world.runtime, name, world.tenant.id, public_host=PUBLIC))


def revoke(world: World, name: str) -> DomainChange:
    """Revokes a domain."""
    return world.store.run(revoke_domain(world.runtime, name, public_host=PUBLIC))


def change_domain(caller: Caller, portal_id: int, domain: str) -> None:
    """Gives a portal another domain."""
    spec = UserPortalSpec(name="Staff", enabled=True, domain=domain)
    caller.change(lambda work: portals.update_portal(work, portal_id, spec, managed_suffix=SUFFIX))


def state(caller: Caller, portal_id: int, public_host: str = PUBLIC) -> DomainState:
    """The state of a portal's domain, as the console asks for it."""
    portal = caller.look(lambda work: portals.get_portal(work, portal_id))
    statuses = caller.look(lambda work: domain_statuses(work, [portal], public_host=public_host))
    return statuses[portal_id].state


def hosts(change: DomainChange) -> tuple[list[str], list[str]]:
    """The hosts that began and stopped."""
    return [each.host for each in change.begins], [each.host for each in change.stops]


def test_a_domain_routes_from_allowing_to_revoking(world: World, domain: str) -> None:
    portal_id = add_portal(world.admin, domain=f"Links.{domain.upper()}")
    host = f"links.{domain}"
    assert at(world, host) is None
    assert state(world.admin, portal_id) is DomainState.NOT_ALLOWED

    assert hosts(allow(world, f"{domain.title()}.")) == ([host], [])
    for written in (host, f"LINKS.{domain}:8443", f"{host}.", f"{host}.:443"):
        assert at(world, written) == portal_id
    assert state(world.admin, portal_id) is DomainState.ROUTES
    for other in (domain, f"x.{host}", f"{host}x", "", "[::1]", "\ud800", "x" * 9_999):
        assert at(world, other) is None

    assert hosts(revoke(world, domain)) == ([], [host])
    assert at(world, host) is None


def test_international_domain_is_found_as_browsers_name_it(world: World) -> None:
    label = f"b\N{LATIN SMALL LETTER U WITH DIAERESIS}ro{world.tenant.id}"
    portal_id = add_portal(world.admin, domain=f"{label.title()}.example")

    allow(world, f"{label}.example")

    assert at(world, f"xn--{label.encode('punycode').decode()}.example") == portal_id


def test_a_tenant_that_may_not_use_a_domain_cannot_block_it(world: World, domain: str) -> None:
    squatter = World(world.store)
    squatting = add_portal(squatter.admin, domain=domain)
    portal_id = add_portal(world.admin, domain=domain)

    allow(world, domain)

    assert at(world, domain) == portal_id
    assert state(squatter.admin, squatting) is DomainState.NOT_ALLOWED


def test_the_public_host_is_never_a_portal_s(world: World, domain: str) -> None:
    portal_id = add_portal(world.admin, domain=domain)
    allow(world, domain)

    assert at(world, domain.upper(), public_host=domain) is None
    assert state(world.admin, portal_id, public_host=domain) is DomainState.PUBLIC_HOST


def test_a_more_specific_domain_takes_its_names_and_gives_them_back(
    world: World, domain: str
) -> None:
    other = World(world.store)
    host = f"links.{domain}"
    mine, theirs = (add_portal(each.admin, domain=host) for each in (world, other))
    allow(world, domain)

    taken = allow(other, host)
    assert at(world, host) == theirs
    assert hosts(taken) == ([host], [host])
    assert [each.portal_id for each in (*taken.begins, *taken.stops)] == [theirs, mine]
    last = world.audit_trail()[-1]
    assert (last.action, last.object_type, last.object_name) == (
        Action.REVOKE,
        "allowedDomain",
        host,
    )

    revoke(world, host)
    assert at(world, host) == mine
    last = world.audit_trail()[-1]
    assert (last.action, last.object_name) == (Action.CREATE, host)


def test_first_portal_keeps_its_domain_until_it_goes(world: World, domain: str) -> None:
    east = world.caller(microtenant_id=world.microtenant().id)
    first = add_portal(world.admin, domain=domain)
    second = add_portal(east, domain=domain)
    allow(world, domain)

    change_domain(world.admin, first, domain)
    assert at(world, domain) == first
    assert state(east, second) is DomainState.TAKEN

    change_domain(world.admin, first, "")
    assert at(world, domain) == second
    change_domain(world.admin, first, domain)
    assert state(world.admin, first) is DomainState.TAKEN

    east.change(lambda work: portals.delete_portal(work, second))
    assert at(world, domain) == first


def test_a_deleted_portal_comes_back_to_its_domain(world: World, domain: str) -> None:
    portal_id = add_portal(world.admin, domain=domain)
    allow(world, domain)
    world.now += 1
    world.admin.change(lambda work: portals.delete_portal(work, portal_id))
    assert at(world, domain) is None

    transaction = f"transaction at {world.now}"
    world.admin.change(lambda work: undo_change(work, transaction))
    assert at(world, domain) == portal_id

    world.now += 1
    change_domain(world.admin, portal_id, f"new.{domain}")
    assert [at(world, each) for each in (domain, f"new.{domain}")] == [None, portal_id]
    transaction = f"transaction at {world.now}"
    world.admin.change(lambda work: undo_change(work, transaction))
    assert [at(world, each) for each in (domain, f"new.{domain}")] == [portal_id, None]


@pytest.mark.parametrize("domain", ["portal01", "Links.Example.COM.", "foreign.example"])
def test_any_domain_is_stored_and_told_as_it_was_sent(world: World, domain: str) -> None:
    portal_id = add_portal(world.admin, domain=domain)

    portal = world.admin.look(lambda work: portals.get_portal(work, portal_id))

    assert portal.domain == domain
    expected = DomainState.NOT_ALLOWED if "." in domain else DomainState.WITHOUT_DOT
    assert state(world.admin, portal_id) is expected


def test_decisions_are_audited_once(world: World, domain: str) -> None:
    assert allow(world, domain).is_new
    assert not allow(world, domain).is_new
    revoke(world, domain)

    told = [
        (each.action, each.object_name, each.actor_id)
        for each in world.audit_trail()
        if each.object_type == "allowedDomain"
    ]
    assert told == [(Action.CREATE, domain, 0), (Action.REVOKE, domain, 0)]


def test_a_plan_changes_nothing(world: World, domain: str) -> None:
    portal_id = add_portal(world.admin, domain=domain)
    planned = world.store.run(
        plan_allowing(world.runtime, domain, world.tenant.id, public_host=PUBLIC)
    )
    assert hosts(planned) == ([domain], [])
    assert at(world, domain) is None

    allow(world, domain)
    planned = world.store.run(plan_revoking(world.runtime, domain, public_host=PUBLIC))
    assert hosts(planned) == ([], [domain])
    assert at(world, domain) == portal_id


def test_mistakes_are_refused(world: World, domain: str) -> None:
    other = World(world.store)
    allow(other, domain)

    with pytest.raises(InvalidField) as refusal:
        allow(world, domain)
    assert f"portico domain revoke {domain}" in refusal.value.reason
    with pytest.raises(InvalidField):
        allow(world, "localhost")
    with pytest.raises(InvalidField):
        revoke(world, f"x.{domain}")
    with pytest.raises(NotFound):
        world.store.run(allow_domain(world.runtime, f"y.{domain}", 1, public_host=PUBLIC))


def test_list_has_the_portals_below_the_domain_that_decides(world: World, domain: str) -> None:
    other = World(world.store)
    add_portal(world.admin, "A", domain=f"a.{domain}")
    add_portal(world.admin, "B", domain=f"b.deep.{domain}")
    allow(world, domain)
    allow(world, f"deep.{domain}")
    allow(other, f"other.{domain}")

    found = world.store.run(list_domains(world.runtime, world.tenant.id, public_host=PUBLIC))
    every = world.store.run(list_domains(world.runtime, None, public_host=PUBLIC))

    assert [(each.domain.name, [c.portal_name for c in each.reached]) for each in found] == [
        (domain, ["A"]),
        (f"deep.{domain}", ["B"]),
    ]
    assert {each.domain.name for each in every} >= {domain, f"other.{domain}"}
    with pytest.raises(NotFound):
        world.store.run(list_domains(world.runtime, 1, public_host=PUBLIC))
