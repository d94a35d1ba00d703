"""Use-cases of microtenants: managed from Default alone, and Default itself never changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from portico.domain.errors import (
    AuthDomainTaken,
    Forbidden,
    ForeignAuthDomain,
    InvalidField,
    InvalidInput,
    MicrotenantLimitExceeded,
    NameTaken,
    NotFound,
    StillReferenced,
)
from portico.domain.links.links import LinkSpec
from portico.domain.policies import AupSpec
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.records import Scope
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import Role
from portico.domain.tenancy.microtenants import (
    MICROTENANTS_PER_TENANT,
    Microtenant,
    MicrotenantSpec,
)
from portico.services import policies as aups
from portico.services.links import links
from portico.services.portals import portals
from portico.services.tenancy import microtenants
from portico.services.work import UnitOfWork
from portico.storage.tenancy.microtenants import MicrotenantRepository
from tests.harness import revoke_client
from tests.services.world import START, SUFFIX, Caller, World
from tests.storage.store import Store

EAST = MicrotenantSpec(name="East")


def create(caller: Caller, spec: MicrotenantSpec = EAST) -> Microtenant:
    """A new microtenant."""
    return caller.change(lambda work: microtenants.create_microtenant(work, spec))


def update(caller: Caller, microtenant_id: int, spec: MicrotenantSpec) -> None:
    """Replaces a microtenant."""
    caller.change(lambda work: microtenants.update_microtenant(work, microtenant_id, spec))


def delete(caller: Caller, microtenant_id: int) -> None:
    """Deletes a microtenant."""
    caller.change(lambda work: microtenants.delete_microtenant(work, microtenant_id))


def names(caller: Caller) -> list[str]:
    """The names in the summary that the caller gets."""
    return [each.name for each in caller.look(microtenants.summarise_microtenants)]


def test_new_microtenant_comes_just_before_default(world: World) -> None:
    made = [create(world.admin, MicrotenantSpec(name=name)) for name in ("West", "East")]

    assert [each.scope_order for each in made] == [1, 2]
    assert names(world.admin) == ["West", "East", "Default"]
    assert made[0].modified_by == world.admin.claims.client_id
    assert made[0].creation_time == made[0].modified_time == START


def test_update_replaces_all_but_the_stamps_and_the_order(world: World) -> None:
    before = create(world.admin, replace(EAST, description="old", enabled=True))
    world.now += 60
    spec = MicrotenantSpec(name="West", privileged_approvals_enabled=True)

    update(world.admin, before.id, spec)

    after = world.admin.look(lambda work: microtenants.get_microtenant(work, before.id))
    assert after == replace(
        before,
        name="West",
        description="",
        enabled=False,
        privileged_approvals_enabled=True,
        modified_time=START + 60,
    )


def test_default_is_neither_changed_nor_deleted(world: World) -> None:
    before = world.admin.look(lambda work: microtenants.get_microtenant(work, 0))

    with pytest.raises(InvalidField, match="Default microtenant cannot be changed"):
        update(world.admin, 0, EAST)
    with pytest.raises(InvalidField, match="Default microtenant cannot be changed"):
        delete(world.admin, 0)

    assert world.admin.look(lambda work: microtenants.get_microtenant(work, 0)) == before


@pytest.mark.parametrize("name", ["East", "EAST", " east ", "Default", "DEFAULT"])
def test_name_of_a_microtenant_is_unique(world: World, name: str) -> None:
    create(world.admin)
    west = create(world.admin, MicrotenantSpec(name="West"))

    with pytest.raises(NameTaken):
        create(world.admin, MicrotenantSpec(name=name))
    with pytest.raises(NameTaken):
        update(world.admin, west.id, MicrotenantSpec(name=name))

    assert names(world.admin) == ["East", "West", "Default"]


def test_microtenant_may_change_the_case_of_its_own_name(world: World) -> None:
    made = create(world.admin)

    update(world.admin, made.id, MicrotenantSpec(name="EAST"))

    assert names(world.admin) == ["EAST", "Default"]


def test_two_tenants_may_have_microtenants_of_one_name(world: World, store: Store) -> None:
    create(world.admin)

    assert create(World(store).admin).name == "East"


@pytest.mark.parametrize("kind", ["userPortal", "userPortalLink", "userPortalAup"])
def test_microtenant_that_owns_resources_stays(world: World, kind: str) -> None:
    made = create(world.admin)
    inside = world.admin.asking_for(microtenant_id=made.id)
    use_cases: dict[str, Callable[[UnitOfWork], Awaitable[object]]] = {
        "userPortal": lambda work: portals.create_portal(
            work, UserPortalSpec(name="Thing"), managed_suffix=SUFFIX
        ),
        "userPortalLink": lambda work: links.create_link(
            work, LinkSpec(name="Thing", link="wiki.example.com")
        ),
        "userPortalAup": lambda work: aups.create_aup(work, AupSpec(name="Thing")),
    }
    inside.change(use_cases[kind])

    with pytest.raises(StillReferenced) as refusal:
        delete(world.admin, made.id)

    assert refusal.value.params == (kind, "Thing")
    assert names(world.admin) == ["East", "Default"]


def test_microtenant_with_a_client_in_force_stays(world: World) -> None:
    made = create(world.admin)
    client = world.client(microtenant_id=made.id)

    with pytest.raises(StillReferenced) as refusal:
        delete(world.admin, made.id)
    assert refusal.value.params == ("apiClient", client.name)

    world.store.run(revoke_client(world.runtime, client.id))
    delete(world.admin, made.id)
    assert names(world.admin) == ["Default"]


def test_deleted_microtenant_is_gone_for_everyone(world: World) -> None:
    made = create(world.admin)
    delete(world.admin, made.id)

    with pytest.raises(NotFound):
        delete(world.admin, made.id)
    with pytest.raises(NotFound):
        world.admin.look(lambda work: microtenants.get_microtenant(work, made.id))
    with pytest.raises(Forbidden):
        world.admin.asking_for(microtenant_id=made.id).granted()
    assert create(world.admin).id != made.id


def test_microtenants_are_managed_from_default_alone(world: World) -> None:
    made = create(world.admin)
    confined = world.caller(microtenant_id=made.id)
    inside = world.admin.asking_for(microtenant_id=made.id)

    for caller in (confined, inside):
        for change in (
            lambda each: create(each, MicrotenantSpec(name="West")),
            lambda each: update(each, made.id, EAST),
            lambda each: delete(each, made.id),
        ):
            with pytest.raises(Forbidden, match="only from the Default microtenant"):
                change(caller)
    assert names(world.admin) == ["East", "Default"]


def test_client_of_default_manages_the_microtenants_that_it_sees(world: World) -> None:
    made = create(world.caller(microtenant_id=0))

    assert names(world.admin) == ["East", "Default"]
    assert made.modified_by != world.admin.claims.client_id


def test_confined_client_sees_its_own_microtenant_alone(world: World) -> None:
    east, west = create(world.admin), create(world.admin, MicrotenantSpec(name="West"))
    confined = world.caller(microtenant_id=east.id, role=Role.VIEWER)

    page = confined.look(lambda work: microtenants.list_microtenants(work, ListQuery()))

    assert ([each.id for each in page.items], page.total) == ([east.id], 1)
    assert names(confined) == ["East"]
    assert confined.look(lambda work: microtenants.get_microtenant(work, east.id)) == east
    with pytest.raises(NotFound):
        confined.look(lambda work: microtenants.get_microtenant(work, west.id))
    with pytest.raises(NotFound):
        confined.look(lambda work: microtenants.get_microtenant(work, 0))


def test_auth_domains_are_the_tenant_s(store: Store) -> None:
    world = World(store, "a.example.com", "B.example.com")

    made = create(world.admin, replace(EAST, criteria_attribute_values=("A.Example.com",)))
    with pytest.raises(ForeignAuthDomain) as refusal:
        update(world.admin, made.id, replace(EAST, criteria_attribute_values=("evil.example",)))

    assert refusal.value.params == ("evil.example",)
    assert made.criteria_attribute_values == ("A.Example.com",)
    update(world.admin, made.id, replace(EAST, criteria_attribute_values=("b.EXAMPLE.com",)))


def test_tenant_without_auth_domains_takes_any(world: World) -> None:
    spec = replace(EAST, criteria_attribute_values=("any.example.com",))

    assert create(world.admin, spec).criteria_attribute_values == ("any.example.com",)


@pytest.mark.parametrize("domain", ["corp.example.com", "CORP.example.com", " corp.example.com"])
def test_auth_domain_belongs_to_one_microtenant(world: World, domain: str) -> None:
    create(world.admin, replace(EAST, criteria_attribute_values=("corp.example.com",)))
    other = create(world.admin, MicrotenantSpec(name="North"))
    spec = MicrotenantSpec(name="West", criteria_attribute_values=("free.example.com", domain))

    with pytest.raises(InvalidInput):
        create(world.admin, spec)
    with pytest.raises(InvalidInput):
        update(world.admin, other.id, spec)

    assert names(world.admin) == ["East", "North", "Default"]


def test_taken_auth_domain_is_told(world: World) -> None:
    made = create(world.admin, replace(EAST, criteria_attribute_values=("corp.example.com",)))
    spec = MicrotenantSpec(name="West", criteria_attribute_values=("corp.example.com",))

    with pytest.raises(AuthDomainTaken) as refusal:
        create(world.admin, spec)
    assert refusal.value.params == ("corp.example.com",)

    # Its own domains never stand in its way, and a deleted microtenant's are free again.
    update(world.admin, made.id, replace(spec, name="East"))
    delete(world.admin, made.id)
    create(world.admin, spec)


def test_tenant_has_500_microtenants_at_most(world: World) -> None:
    first = create(world.admin)
    scope = Scope(customer_id=world.tenant.id)
    more = [
        replace(first, id=first.id + number, name=f"Part {number}", scope_order=number + 1)
        for number in range(1, MICROTENANTS_PER_TENANT)
    ]
    world.store.write(scope, lambda each: MicrotenantRepository(each, scope).insert(*more))

    with pytest.raises(MicrotenantLimitExceeded) as refusal:
        create(world.admin, MicrotenantSpec(name="One too many"))

    assert MICROTENANTS_PER_TENANT == 500
    assert refusal.value.params == ("500",)
    delete(world.admin, first.id)
    assert create(world.admin, MicrotenantSpec(name="The last")).scope_order == 501


def test_every_change_of_a_microtenant_is_audited(world: World) -> None:
    made = create(world.admin)
    update(world.admin, made.id, MicrotenantSpec(name="West"))
    delete(world.admin, made.id)

    entries = world.audit_trail()[-3:]
    assert [entry.action for entry in entries] == ["create", "update", "delete"]
    assert [entry.object_name for entry in entries] == ["East", "West", "West"]
    assert {entry.object_type for entry in entries} == {"microtenant"}
    assert {entry.actor_id for entry in entries} == {world.admin.claims.client_id}
    assert [bool(entry.before) for entry in entries] == [False, True, True]
    assert [bool(entry.after) for entry in entries] == [True, True, False]
    assert entries[0].after == entries[1].before
    assert entries[1].after == entries[2].before
