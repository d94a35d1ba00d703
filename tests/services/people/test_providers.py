"""Signing in on a provider's word: who is found, who is made, and who is not believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from portico.domain.errors import AccessDenied, InvalidField, NameTaken, NotFound
from portico.domain.people.administrators import GrantSpec
from portico.domain.people.providers import IdentityProvider, IdentityProviderSpec, ProvenPerson
from portico.domain.people.users import PortalUserSpec
from portico.domain.tenancy.identity import Role
from portico.services.audit.actors import actor_names
from portico.services.people import administrators, groups, providers, users
from portico.services.people.sign_in import (
    Browser,
    sign_in_administrator_by_provider,
    sign_in_user_by_provider,
)
from tests.services.people.people import ADDRESS, People
from tests.services.world import World

SPEC = IdentityProviderSpec(
    name="Acme", issuer="https://login.example", client_id="portico", for_console=True
)
PERSON = ProvenPerson(
    provider_id=0,
    subject="s-1",
    name="uma",
    display_name="Uma",
    email="uma@a.example",
    groups=("Staff",),
)


def provider(people: People, spec: IdentityProviderSpec = SPEC) -> IdentityProvider:
    """A new provider of the tenant."""
    return people.world.store.run(
        providers.create_provider(people.world.runtime, people.world.tenant.id, spec)
    )


def enter(
    people: People,
    by: IdentityProvider,
    person: ProvenPerson = PERSON,
    customer_id: int | None = None,
) -> str:
    """The token of a portal user who comes from a provider."""
    return people.world.store.run(
        sign_in_user_by_provider(
            people.runtime,
            customer_id or people.world.tenant.id,
            replace(person, provider_id=by.id),
            Browser(address=ADDRESS),
            transaction_id="t",
        )
    ).token


def test_first_sign_in_makes_the_user_and_later_ones_find_it(people: People) -> None:
    acme = provider(people)
    staff = people.operate(lambda work: groups.create_group(work, "staff")).id

    first = people.visitor(enter(people, acme))
    second = people.visitor(enter(people, acme, replace(PERSON, display_name="Uma B.", groups=())))

    assert first is not None
    assert first.group_ids == {staff}
    assert second is not None
    assert second.user.id == first.user.id
    assert (second.user.display_name, second.group_ids) == ("Uma B.", frozenset())
    entry = people.world.audit_trail()[-1]
    assert (entry.object_type, entry.object_id, entry.actor_id) == (
        "portalUser",
        first.user.id,
        first.user.id,
    )
    named = people.world.admin.look(lambda work: actor_names(work, [first.user.id]))
    assert named == {first.user.id: "Uma B."}


def test_provider_does_not_take_over_a_local_user(people: People) -> None:
    local = people.user("uma")
    acme = provider(people)

    made = people.visitor(enter(people, acme))
    third = people.visitor(enter(people, acme, replace(PERSON, subject="s-2")))

    assert made is not None
    assert third is not None
    assert len({local.id, made.user.id, third.user.id}) == 3
    assert [made.user.name, third.user.name] == ["uma (Acme)", "uma (Acme 2)"]


def test_subject_belongs_to_its_provider(people: People) -> None:
    acme, other = provider(people), provider(people, replace(SPEC, name="Other"))

    first = people.visitor(enter(people, acme))
    second = people.visitor(enter(people, other))

    assert first is not None
    assert second is not None
    assert first.user.id != second.user.id


def test_disabled_user_stays_out(people: People) -> None:
    acme = provider(people)
    signed_in = people.visitor(enter(people, acme))
    assert signed_in is not None
    spec = PortalUserSpec(name="uma", enabled=False)
    people.operate(lambda work: users.update_user(work, signed_in.user.id, spec))

    with pytest.raises(AccessDenied):
        enter(people, acme)


def administrator(people: People, by: IdentityProvider, person: ProvenPerson = PERSON) -> str:
    """The token of an administrator who comes from a provider."""
    person = replace(person, provider_id=by.id)
    return people.world.store.run(
        sign_in_administrator_by_provider(people.runtime, person, Browser(address=ADDRESS))
    ).token


def test_administrator_is_found_by_email_once_then_by_subject(people: People) -> None:
    acme = provider(people)
    ada = people.administrator("ada", email="UMA@a.example", password="")

    first = people.console(administrator(people, acme))
    later = people.console(administrator(people, acme, replace(PERSON, email="")))

    assert first is not None
    assert later is not None
    assert first.administrator.id == later.administrator.id == ada.id
    with pytest.raises(AccessDenied):
        administrator(people, acme, replace(PERSON, subject="somebody else"))


def test_unknown_unverified_and_ambiguous_people_do_not_enter(people: People) -> None:
    acme = provider(people)
    with pytest.raises(AccessDenied):
        administrator(people, acme)
    people.administrator("ada", email="uma@a.example")
    with pytest.raises(AccessDenied):
        administrator(people, acme, replace(PERSON, email=""))
    people.administrator("bo", email="uma@a.example")
    with pytest.raises(AccessDenied):
        administrator(people, acme)


def test_disabled_administrator_stays_out(people: People) -> None:
    acme = provider(people)
    ada = people.administrator("ada", email="uma@a.example")
    people.operate(lambda work: administrators.disable_administrator(work, ada.id))

    with pytest.raises(AccessDenied):
        administrator(people, acme)


def test_provider_of_one_tenant_does_not_vouch_for_those_of_another(people: People) -> None:
    other = People(World(people.world.store))
    acme = provider(people)
    far = other.administrator("far", email="uma@a.example")
    with pytest.raises(AccessDenied):
        administrator(people, acme)

    grant = GrantSpec(role=Role.VIEWER)
    people.operate(lambda work: administrators.add_grant(work, far.id, grant))
    with pytest.raises(AccessDenied):
        administrator(people, acme)


@pytest.mark.parametrize(
    ("spec", "at_console", "at_portals"),
    [
        (replace(SPEC, for_console=False), False, True),
        (replace(SPEC, for_portals=False), True, False),
    ],
    ids=["not for the console", "not for portals"],
)
def test_provider_signs_in_only_where_it_may(
    people: People, spec: IdentityProviderSpec, at_console: bool, at_portals: bool
) -> None:
    acme = provider(people, spec)
    people.administrator("ada", email=PERSON.email)
    doors: list[tuple[Callable[[People, IdentityProvider], str], bool]] = [
        (administrator, at_console),
        (enter, at_portals),
        (enter, at_portals),
    ]

    for sign_in, allowed in doors:
        if allowed:
            assert sign_in(people, acme)
        else:
            with pytest.raises(AccessDenied):
                sign_in(people, acme)


def test_portals_of_one_tenant_take_no_provider_of_another(people: People) -> None:
    other = People(World(people.world.store))
    theirs = provider(other)
    enter(other, theirs)

    with pytest.raises(AccessDenied):
        enter(people, theirs, customer_id=people.world.tenant.id)


def test_removed_provider_signs_nobody_in(people: People) -> None:
    acme = provider(people)
    people.administrator("ada", email=PERSON.email)
    enter(people, acme)
    people.world.store.run(providers.remove_provider(people.world.runtime, acme.id))

    for sign_in in (enter, administrator):
        with pytest.raises(AccessDenied):
            sign_in(people, acme)


def test_names_of_providers_are_unique_in_the_tenant(people: People) -> None:
    provider(people)

    with pytest.raises(NameTaken):
        provider(people)
    with pytest.raises(InvalidField):
        provider(people, replace(SPEC, name="B", issuer="http://login.example"))
    assert provider(People(World(people.world.store))).name == "Acme"


def test_removed_provider_is_offered_no_more(people: People) -> None:
    world, acme = people.world, provider(people)
    console_only = provider(people, replace(SPEC, name="Console", for_portals=False))

    offered = world.store.run(providers.portal_providers(world.store.runtime, world.tenant.id))
    gone = world.store.run(providers.remove_provider(world.runtime, acme.id))
    left = world.store.run(providers.list_providers(world.runtime, world.tenant.id))
    at_console = world.store.run(providers.console_providers(world.store.runtime))

    assert offered == [acme]
    assert gone == acme
    assert left == [console_only]
    assert console_only in at_console
    assert acme not in at_console
    with pytest.raises(NotFound):
        world.store.run(providers.remove_provider(world.runtime, acme.id))
    assert "secret" not in world.audit_trail()[-1].before


def test_removed_provider_leaves_nobody_signed_in(people: People) -> None:
    acme, other = provider(people), provider(people, replace(SPEC, name="Other"))
    people.administrator("ada", email=PERSON.email, password="")
    people.administrator("bea")
    users = [enter(people, by, replace(PERSON, subject=by.name)) for by in (acme, other)]
    administrators = [administrator(people, acme), people.enter_console("bea").token]

    people.world.store.run(providers.remove_provider(people.world.runtime, acme.id))

    assert [people.visitor(token) is not None for token in users] == [False, True]
    assert [people.console(token) is not None for token in administrators] == [False, True]
