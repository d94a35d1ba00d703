"""The operator's use-cases: tenants, and the API clients that sign in to them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from portico.domain.audit import Action
from portico.domain.errors import InvalidField, NotFound, UnknownReference
from portico.domain.records import TimeOrderedIds
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import ApiClient, Role, Tenant, secret_matches
from portico.services import access
from portico.services.runtime import Runtime, claim_ids
from portico.services.tenancy import microtenants, tenants
from portico.storage.tenancy import identity as storage_identity
from tests.harness import create_client, list_clients, new_tenant_name, revoke_client
from tests.services.world import START, World
from tests.storage.store import Store


def operator_at(store: Store, now: float) -> Runtime:
    """The operator at a moment of its own."""
    return replace(store.runtime, clock=lambda: now, new_id=TimeOrderedIds(1, lambda: now))


def test_new_tenant_has_its_default_microtenant(store: Store) -> None:
    world = World(store, "b.example.com", "a.example.com", "b.example.com")

    page = world.admin.look(lambda work: microtenants.list_microtenants(work, ListQuery()))

    assert [(each.id, each.name) for each in page.items] == [(0, "Default")]
    assert world.tenant.auth_domains == ("b.example.com", "a.example.com")
    assert world.admin.granted().tenant.auth_domains == world.tenant.auth_domains


def test_tenant_may_have_the_customer_id_that_the_vendor_gave(store: Store) -> None:
    runtime, customer_id = operator_at(store, START), store.ids()
    made = store.run(tenants.create_tenant(runtime, " Acme ", customer_id=customer_id))

    assert (made.id, made.name, made.creation_time) == (customer_id, "Acme", START)
    with pytest.raises(InvalidField, match="already exists") as refusal:
        store.run(tenants.create_tenant(runtime, "Other", customer_id=customer_id))
    assert refusal.value.params == ("customerId",)


def test_one_of_several_tenants_made_at_once_gets_the_name(store: Store) -> None:
    runtime, name = store.runtime, new_tenant_name()

    async def race() -> list[Tenant | BaseException]:
        names = (name, name.upper(), name.title(), name.lower())
        return await asyncio.gather(
            *(tenants.create_tenant(runtime, each) for each in names), return_exceptions=True
        )

    made = store.run(race())

    assert sum(isinstance(each, Tenant) for each in made) == 1
    assert sum(isinstance(each, InvalidField) for each in made) == 3


def test_tenants_are_listed_oldest_first_over_several_pages(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_identity, "TENANTS_A_PAGE", 2)
    made = [store.scope().customer_id for _ in range(5)]

    listed = store.run(tenants.list_tenants(store.runtime))

    assert [each.id for each in listed if each.id in made] == made
    ages = [(each.creation_time, each.id) for each in listed]
    assert ages == sorted(set(ages))


def test_name_of_a_tenant_on_any_page_is_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_identity, "TENANTS_A_PAGE", 2)
    runtime = operator_at(store, START)
    made = [store.run(tenants.create_tenant(runtime, new_tenant_name())) for _ in range(5)]

    for each in made:
        with pytest.raises(InvalidField, match=rf"{each.name} \({each.id}\) has this name"):
            store.run(tenants.create_tenant(runtime, each.name.upper()))


@pytest.mark.parametrize("customer_id", [0, -1, 2**63])
def test_customer_id_out_of_range_is_refused(store: Store, customer_id: int) -> None:
    with pytest.raises(InvalidField, match="customerId"):
        store.run(tenants.create_tenant(operator_at(store, START), "Acme", customer_id=customer_id))


@pytest.mark.parametrize("domain", ["", "https://example.com", "example.com:80", "192.0.2.1"])
def test_auth_domain_of_a_tenant_is_a_domain_name(store: Store, domain: str) -> None:
    with pytest.raises(InvalidField, match="authDomains"):
        store.run(tenants.create_tenant(operator_at(store, START), "Acme", auth_domains=[domain]))


def test_secret_of_a_client_is_told_once_and_kept_as_a_digest(world: World) -> None:
    client, secret = world.store.run(
        create_client(world.runtime, world.tenant.id, name=" CI ", role=Role.ADMIN)
    )
    (stored,) = [
        each
        for each in world.store.run(list_clients(world.runtime, world.tenant.id))
        if each.id == client.id
    ]

    assert stored == client
    assert stored.name == "CI"
    assert secret_matches(stored.secret_hash, secret)
    assert secret not in repr(stored)
    assert not any(secret in repr(entry) for entry in world.audit_trail())


def test_client_in_force_signs_in_with_its_own_secret(world: World) -> None:
    client, secret = world.store.run(create_client(world.runtime, world.tenant.id, name="CI"))

    def signs_in(client_id: int, presented: str) -> bool:
        def accepts(found: ApiClient) -> bool:
            return secret_matches(found.secret_hash, presented)

        try:
            world.store.run(access.sign_in(world.runtime, str(client_id), accepts))
        except access.ClientRefused:
            return False
        return True

    assert signs_in(client.id, secret)
    assert not signs_in(client.id, secret + "x")
    assert not signs_in(client.id, "")
    assert not signs_in(5, secret)
    world.store.run(revoke_client(world.runtime, client.id))
    assert not signs_in(client.id, secret)


def test_client_with_a_public_key_has_no_secret(world: World) -> None:
    client, secret = world.store.run(
        create_client(world.runtime, world.tenant.id, name="CI", role=Role.ADMIN, public_key="PEM")
    )

    assert (secret, client.secret_hash, client.public_key) == ("", "", "PEM")
    assert not secret_matches(client.secret_hash, "")


def test_creation_and_revocation_are_audited_without_the_secret(world: World) -> None:
    client = world.client(role=Role.VIEWER)
    world.now += 10
    revoked = world.store.run(revoke_client(world.runtime, client.id))
    again = world.store.run(revoke_client(world.runtime, client.id))

    created, last = world.audit_trail()[-2:]
    assert revoked.revoked_time == START + 10
    assert again == revoked
    assert (created.action, last.action) == (Action.CREATE, Action.REVOKE)
    assert created.after == last.before
    assert json.loads(last.after)["revoked_time"] == START + 10
    for entry in (created, last):
        assert (entry.object_type, entry.object_id, entry.actor_id) == ("apiClient", client.id, 0)
        assert client.secret_hash not in entry.before + entry.after


def test_client_needs_a_name_a_tenant_and_a_microtenant_that_exist(world: World) -> None:
    def create(customer_id: int, name: str, microtenant_id: int | None = None) -> None:
        world.store.run(
            create_client(
                world.runtime,
                customer_id,
                name=name,
                role=Role.ADMIN,
                microtenant_id=microtenant_id,
            )
        )

    before = world.store.run(list_clients(world.runtime, world.tenant.id))
    for name in ("", " ", "a\nb", "n" * 256):
        with pytest.raises(InvalidField, match="name"):
            create(world.tenant.id, name)
    with pytest.raises(NotFound):
        create(5, "CI")
    with pytest.raises(UnknownReference):
        create(world.tenant.id, "CI", microtenant_id=5)
    assert world.store.run(list_clients(world.runtime, world.tenant.id)) == before


def test_clients_of_one_tenant_are_listed_oldest_first(world: World) -> None:
    made = [world.client() for _ in range(3)]
    World(world.store).client()

    listed = world.store.run(list_clients(world.runtime, world.tenant.id))

    assert [each.id for each in listed] == [world.admin.claims.client_id, *(m.id for m in made)]
    with pytest.raises(NotFound):
        world.store.run(list_clients(world.runtime, 5))


def test_unknown_client_cannot_be_revoked(world: World) -> None:
    with pytest.raises(NotFound):
        world.store.run(revoke_client(world.runtime, 5))


def test_client_made_in_later_years_signs_in(world: World) -> None:
    in_2035 = operator_at(world.store, 2_051_222_400)
    client, _ = world.store.run(create_client(in_2035, world.tenant.id, name="CI", role=Role.ADMIN))

    signed_in = world.store.run(
        access.sign_in(world.store.runtime, str(client.id), lambda each: True)
    )

    assert signed_in == client


def test_processes_never_share_ids(store: Store) -> None:
    sources = [store.run(claim_ids(store.database, lambda: START)) for _ in range(20)]

    made = [source() for source in sources for _ in range(50)]

    assert len(set(made)) == len(made)
