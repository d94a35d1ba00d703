"""Administrators: where each may do what, who may change them, and what a tenant cannot touch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from portico.domain.audit import Action, AuditFilter
from portico.domain.errors import (
    Forbidden,
    InvalidField,
    NameTaken,
    NotFound,
    PorticoError,
    UnknownReference,
)
from portico.domain.links.links import LinkSpec
from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.users import PortalUserSpec
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.audit.log import list_audit
from portico.services.links import links
from portico.services.people import administrators, users
from portico.services.people.console_access import list_accessible_microtenants
from portico.services.people.sessions import choose_microtenant
from portico.services.tenancy import microtenants
from portico.services.work import UnitOfWork
from tests.services.people.people import People
from tests.services.world import World

WIDE = GrantSpec(role=Role.ADMIN)
LINK = LinkSpec(name="Wiki", link="wiki.example.com")


def test_administrator_works_by_the_rules_of_the_api(people: People) -> None:
    people.administrator("ada")
    people.administrator("vic", GrantSpec(role=Role.VIEWER))

    made = people.as_administrator("ada", lambda work: links.create_link(work, LINK))

    entry = people.world.audit_trail()[-1]
    assert (entry.object_id, entry.object_name) == (made.id, "Wiki")
    assert entry.actor_id == people.as_administrator("ada", _own_id)
    with pytest.raises(Forbidden):
        people.as_administrator("vic", lambda work: links.create_link(work, LINK))


async def _own_id(work: UnitOfWork) -> int:
    return work.principal.actor_id


async def _place(work: UnitOfWork) -> tuple[int, int]:
    return work.scope.customer_id, work.scope.microtenant_id


def test_grant_of_a_microtenant_leads_there_and_nowhere_else(people: People) -> None:
    east, west = people.world.microtenant("East"), people.world.microtenant("West")
    people.administrator("eve", GrantSpec(role=Role.ADMIN, microtenant_id=east.id))
    tenant_id = people.world.tenant.id

    assert people.as_administrator("eve", _place) == (tenant_id, east.id)
    for microtenant_id in (0, west.id, 5):
        with pytest.raises(NotFound):
            people.as_administrator(
                "eve", _place, customer_id=tenant_id, microtenant_id=microtenant_id
            )


def test_other_tenants_look_like_none(people: People) -> None:
    people.administrator("ada")
    foreign = World(people.world.store)
    refusals = set()

    for customer_id in (foreign.tenant.id, 5):
        with pytest.raises(NotFound) as refusal:
            people.as_administrator("ada", _place, customer_id=customer_id, microtenant_id=0)
        refusals.add(refusal.value.reason.replace(str(customer_id), "ID"))

    assert len(refusals) == 1


def test_writing_in_one_part_is_no_power_over_the_whole(people: People) -> None:
    east = people.world.microtenant("East")
    people.administrator(
        "mix",
        GrantSpec(role=Role.VIEWER),
        GrantSpec(role=Role.ADMIN, microtenant_id=east.id),
    )

    def at(microtenant_id: int, use_case: Callable[[UnitOfWork], Awaitable[object]]) -> object:
        return people.as_administrator(
            "mix", use_case, customer_id=people.world.tenant.id, microtenant_id=microtenant_id
        )

    at(east.id, lambda work: links.create_link(work, LINK))
    with pytest.raises(Forbidden):
        at(0, lambda work: links.create_link(work, LINK))
    with pytest.raises(Forbidden):
        at(east.id, lambda work: users.create_user(work, PortalUserSpec(name="uma")))


def test_switcher_offers_what_grants_allow_and_is_remembered(people: People) -> None:
    east = people.world.microtenant("East")
    other = People(World(people.world.store))
    ada = people.administrator("ada", GrantSpec(role=Role.ADMIN, microtenant_id=east.id))
    people.operate(lambda work: administrators.add_grant(work, ada.id, WIDE), other.world.tenant.id)
    store = people.world.store
    opened = people.enter_console("ada")
    signed_in = people.console(opened.token)
    assert signed_in is not None

    places = store.run(list_accessible_microtenants(store.runtime, signed_in, first=0))
    store.run(choose_microtenant(people.runtime, opened.session, other.world.tenant.id, 0))
    again = people.console(opened.token)

    assert {each.tenant.id: [one.name for one in each.microtenants] for each in places} == {
        people.world.tenant.id: ["East"],
        other.world.tenant.id: ["Default"],
    }
    assert again is not None
    assert (again.session.customer_id, again.session.microtenant_id) == (other.world.tenant.id, 0)


MANAGING: dict[str, Callable[[UnitOfWork, int], Awaitable[object]]] = {
    "create_administrator": lambda work, _: administrators.create_administrator(
        work, AdministratorSpec(name="new"), [WIDE]
    ),
    "update_administrator": lambda work, each: administrators.update_administrator(
        work, each, AdministratorSpec(name="other")
    ),
    "set_grants": lambda work, each: administrators.set_grants(work, each, [WIDE]),
    "disable_administrator": administrators.disable_administrator,
    "enable_administrator": administrators.enable_administrator,
    "set_administrator_password": lambda work, each: administrators.set_administrator_password(
        work, each, "hash"
    ),
    "create_user": lambda work, _: users.create_user(work, PortalUserSpec(name="new")),
    "update_user": lambda work, each: users.update_user(work, each, PortalUserSpec(name="x")),
    "set_user_password": lambda work, each: users.set_user_password(work, each, "hash"),
    "delete_user": users.delete_user,
}
READING: dict[str, Callable[[UnitOfWork, int], Awaitable[object]]] = {
    "list_administrators": lambda work, _: administrators.list_administrators(work),
    "get_administrator": administrators.get_administrator,
    "list_users": lambda work, _: users.list_users(work, ListQuery()),
    "get_user": users.get_user,
}


NAMING_NOBODY = {"create_administrator", "create_user", "list_administrators", "list_users"}


def refused(name: str) -> pytest.RaisesExc[PorticoError]:
    """What a caller of one microtenant is told: people whom it names are not there for it."""
    if name in NAMING_NOBODY:
        return pytest.raises(Forbidden, match="whole tenant")
    return pytest.raises(NotFound, match="No resource exists")


def managing(name: str, administrator_id: int) -> Callable[[UnitOfWork], Awaitable[object]]:
    """A use-case on one administrator, as a caller runs it."""
    return lambda work: MANAGING[name](work, administrator_id)


@pytest.mark.parametrize("name", MANAGING)
def test_viewer_changes_nobody(people: People, name: str) -> None:
    ada = people.administrator("ada")
    people.administrator("vic", GrantSpec(role=Role.VIEWER))
    before = people.world.audit_trail()

    with pytest.raises(Forbidden):
        people.as_administrator("vic", lambda work: MANAGING[name](work, ada.id))

    assert people.world.audit_trail() == before


@pytest.mark.parametrize("name", [*MANAGING, *READING])
def test_microtenants_administrator_manages_no_people(people: People, name: str) -> None:
    ada = people.administrator("ada")
    east = people.world.microtenant("East")
    people.administrator("eve", GrantSpec(role=Role.ADMIN, microtenant_id=east.id))
    people.administrator("def", GrantSpec(role=Role.ADMIN, microtenant_id=0))

    for confined in ("eve", "def"):
        with refused(name):
            people.as_administrator(confined, lambda work: (MANAGING | READING)[name](work, ada.id))


@pytest.mark.parametrize("name", MANAGING)
def test_api_client_of_a_microtenant_manages_no_people(people: People, name: str) -> None:
    confined = people.world.caller(microtenant_id=0)

    with refused(name):
        confined.change(lambda work: MANAGING[name](work, 5))


def test_tenant_sees_and_changes_only_its_own(people: People) -> None:
    other = People(World(people.world.store))
    foreign = other.administrator("far")
    people.administrator("ada")

    listed = people.as_administrator("ada", administrators.list_administrators)

    assert [each.name for each in listed] == [people.named("ada")]
    for name in ("set_grants", "disable_administrator", "set_administrator_password"):
        with pytest.raises(NotFound):
            people.as_administrator("ada", managing(name, foreign.id))


def test_account_that_works_elsewhere_too_is_the_operators(people: People) -> None:
    other = People(World(people.world.store))
    shared = other.administrator("both")
    people.administrator("ada")
    people.operate(lambda work: administrators.add_grant(work, shared.id, WIDE))

    for name in ("update_administrator", "disable_administrator", "set_administrator_password"):
        with pytest.raises(Forbidden, match="other tenants"):
            people.as_administrator("ada", managing(name, shared.id))
    people.as_administrator("ada", lambda work: administrators.set_grants(work, shared.id, []))
    with pytest.raises(Forbidden):
        people.as_administrator("ada", lambda work: administrators.add_grant(work, shared.id, WIDE))
    (left,) = other.operate(administrators.list_administrators)
    assert left.grants
    assert not left.works_elsewhere


def test_nobody_shuts_oneself_out(people: People) -> None:
    ada = people.administrator("ada")

    for name in ("disable_administrator", "set_grants"):
        with pytest.raises(Forbidden):
            people.as_administrator("ada", managing(name, ada.id))


def test_name_is_unique_in_the_installation(people: People) -> None:
    ada = people.administrator("ada")
    bo = people.administrator("bo")
    other = People(World(people.world.store))
    spec = AdministratorSpec(name=ada.name.upper())

    with pytest.raises(NameTaken):
        other.operate(lambda work: administrators.create_administrator(work, spec, [WIDE]))
    with pytest.raises(NameTaken):
        people.operate(lambda work: administrators.update_administrator(work, bo.id, spec))
    people.operate(lambda work: administrators.update_administrator(work, ada.id, spec))


def test_grants_name_microtenants_of_the_tenant_once(people: People) -> None:
    foreign = World(people.world.store).microtenant("East")
    spec = AdministratorSpec(name=people.named("new"))

    with pytest.raises(UnknownReference):
        people.operate(
            lambda work: administrators.create_administrator(
                work, spec, [GrantSpec(role=Role.ADMIN, microtenant_id=foreign.id)]
            )
        )
    with pytest.raises(InvalidField, match="grants"):
        people.operate(lambda work: administrators.create_administrator(work, spec, [WIDE, WIDE]))
    with pytest.raises(InvalidField, match="at least one microtenant"):
        people.operate(lambda work: administrators.create_administrator(work, spec, []))


def test_audit_trail_tells_of_people_without_secrets(people: People) -> None:
    ada = people.administrator("ada", password="very secret indeed")
    people.operate(lambda work: administrators.disable_administrator(work, ada.id))
    uma = people.user("uma", password="also very secret")
    people.operate(lambda work: users.delete_user(work, uma.id))

    entries = [each for each in people.world.audit_trail() if each.object_id in (ada.id, uma.id)]

    assert [(each.object_type, each.action.value) for each in entries] == [
        ("administrator", "create"),
        ("administrator", "update"),
        ("portalUser", "create"),
        ("portalUser", "delete"),
    ]
    assert all(each.microtenant_id == 0 for each in entries)
    assert "secret" not in "".join(each.before + each.after for each in entries)
    assert "password" not in "".join(each.before + each.after for each in entries)


def test_grants_go_with_the_microtenant(people: People) -> None:
    east = people.world.microtenant("East")
    people.administrator("eve", GrantSpec(role=Role.ADMIN, microtenant_id=east.id))
    token = people.enter_console("eve").token

    people.world.admin.change(lambda work: microtenants.delete_microtenant(work, east.id))

    assert people.console(token) is None


def test_a_deleted_administrator_is_gone_and_the_audit_log_knows_the_name(people: People) -> None:
    people.administrator("ada")
    vic = people.administrator("vic")
    token = people.enter_console("vic").token
    people.as_administrator("vic", lambda work: links.create_link(work, LINK))

    people.as_administrator("ada", lambda work: administrators.delete_administrator(work, vic.id))

    assert people.console(token) is None
    with pytest.raises(NotFound):
        people.operate(lambda work: administrators.get_administrator(work, vic.id))
    page = people.operate(lambda work: list_audit(work, AuditFilter(object_id=vic.id)))
    assert page.entries[0].action is Action.DELETE
    by_vic = people.operate(lambda work: list_audit(work, AuditFilter(actor_id=vic.id)))
    assert by_vic.actors[vic.id] == people.named("vic")


def test_the_last_one_who_can_change_everything_stays(people: People) -> None:
    ada, vic = people.administrator("ada"), people.administrator("vic")
    people.administrator("eve", GrantSpec(role=Role.VIEWER))

    def delete(administrator_id: int) -> None:
        people.operate(lambda work: administrators.delete_administrator(work, administrator_id))

    people.operate(lambda work: administrators.disable_administrator(work, vic.id))
    with pytest.raises(Forbidden, match="last administrator"):
        delete(ada.id)
    with pytest.raises(Forbidden, match="last administrator"):
        people.operate(
            lambda work: administrators.set_grants(work, ada.id, [GrantSpec(role=Role.VIEWER)])
        )
    people.operate(lambda work: administrators.enable_administrator(work, vic.id))
    delete(ada.id)
    with pytest.raises(Forbidden, match=people.world.tenant.name):
        delete(vic.id)


def test_who_remove_one_another_at_once_do_not_both_succeed(people: People) -> None:
    both = people.administrator("ada"), people.administrator("vic")

    async def remove(administrator_id: int) -> None:
        async with operator_writing(people.world.runtime, people.world.tenant.id) as work:
            await administrators.delete_administrator(work, administrator_id)

    async def at_once() -> list[BaseException | None]:
        return await asyncio.gather(*(remove(each.id) for each in both), return_exceptions=True)

    outcomes = people.world.store.run(at_once())

    assert sum(each is None for each in outcomes) == 1
    assert all(isinstance(each, PorticoError | None) for each in outcomes)


def test_nobody_deletes_oneself_and_viewers_nobody(people: People) -> None:
    ada = people.administrator("ada")
    vic = people.administrator("vic", GrantSpec(role=Role.VIEWER))
    for name, other in (("ada", ada), ("vic", ada), ("vic", vic)):
        with pytest.raises(Forbidden):
            people.as_administrator(
                name, partial(administrators.delete_administrator, administrator_id=other.id)
            )


def test_a_tenant_deletes_only_its_own_grants_of_somebody_who_works_elsewhere(
    people: People,
) -> None:
    people.administrator("ada")
    vic = people.administrator("vic")
    elsewhere = World(people.world.store).tenant.id
    people.operate(lambda work: administrators.add_grant(work, vic.id, WIDE), elsewhere)

    people.as_administrator("ada", lambda work: administrators.delete_administrator(work, vic.id))

    left = people.operate(lambda work: administrators.get_administrator(work, vic.id), elsewhere)
    assert not left.works_elsewhere
    with pytest.raises(NotFound):
        people.operate(lambda work: administrators.get_administrator(work, vic.id))
    with pytest.raises(Forbidden, match="last administrator"):
        people.operate(lambda work: administrators.delete_administrator(work, vic.id), elsewhere)
