"""Exporting: planting an export gives the same export, for the demo and for any small tenant."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from portico.demo import fill_demo
from portico.demo.seeds import BUILT_IN, built_in_seed
from portico.domain.tenancy.identity import Role
from portico.emulator.seeds.exporting import export_seed
from portico.emulator.seeds.format import ClientEntry, Seed, TenantEntry, Variable
from portico.emulator.seeds.planting import unsourced
from portico.emulator.seeds.reading import SeedFile
from portico.emulator.seeds.rendering import as_json, as_yaml
from portico.emulator.stand_in import NoSuchTenant
from portico.settings import Settings
from tests.emulator.seeds.planted import Databases, PlantedSeed, parsed
from tests.emulator.seeds.small_seeds import seeds
from tests.harness import as_operator

Plant = Callable[[str], PlantedSeed]


def require_stable(databases: Databases, file: SeedFile) -> Seed:
    """Plants a seed, exports it, plants that, and requires the same export. Returns it."""
    exported = PlantedSeed(databases.new(), file).export()
    written = as_yaml(exported)
    reread = parsed(written)
    again = PlantedSeed(databases.new(), reread).export()

    assert reread.seed == exported
    assert again == exported
    assert as_yaml(again) == written
    assert parsed(as_json(exported), "seed.json").seed == exported
    return exported


@pytest.mark.parametrize("name", BUILT_IN)
def test_planting_the_export_of_a_built_in_seed_gives_the_same_export(
    databases: Databases, name: str
) -> None:
    exported = require_stable(databases, built_in_seed(name))

    assert [each.name for each in exported.tenants]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=seeds())
def test_planting_an_export_gives_the_same_export(databases: Databases, seed: Seed) -> None:
    require_stable(databases, unsourced(seed, "generated"))


def test_seed_of_the_demo_has_what_serve_demo_creates(databases: Databases) -> None:
    seeded = PlantedSeed(databases.new(), built_in_seed("demo")).export(with_secrets=False)
    url = databases.new()
    access = as_operator(url, lambda runtime: fill_demo(runtime, Settings(database=url)))
    served = as_operator(url, lambda runtime: export_seed(runtime, name="export"))

    assert access is not None
    text = as_yaml(seeded).replace("300000000000000001", access.customer_id)
    text = text.replace("300000000000000011", access.admin.client_id)
    assert text.replace("300000000000000012", access.viewer.client_id) == as_yaml(served)


def test_secret_that_nobody_knows_is_a_variable(planted: Plant) -> None:
    seed = planted(
        "set: a\ntenants:\n- name: Acme & Sons\n  customerId: 12\n"
        "  clients: [{name: CI, id: 1, secret: one}, {name: c-i, id: 2, secret: two}, "
        "{name: ci, id: 3, secret: three}]\n"
        "  administrators: [{name: tomas, password: a long password, role: admin}]\n"
        "  users: [{name: ines, password: a long password}, {name: wren}]\n"
    )

    exported = seed.export(with_secrets=False)

    (tenant,) = exported.tenants
    assert isinstance(clients := tenant.clients, list)
    assert [each.secret for each in clients] == [
        Variable("SEED_ACME_SONS_CI_SECRET"),
        Variable("SEED_ACME_SONS_C_I_SECRET"),
        Variable("SEED_ACME_SONS_CI_SECRET_2"),
    ]
    text = as_yaml(exported)
    assert "env: SEED_TOMAS_PASSWORD\n" in text
    assert "env: SEED_ACME_SONS_INES_PASSWORD\n" in text
    assert "a long password" not in text
    reread = parsed(
        text,
        SEED_ACME_SONS_CI_SECRET="one",
        SEED_ACME_SONS_C_I_SECRET="two",
        SEED_ACME_SONS_CI_SECRET_2="three",
        SEED_TOMAS_PASSWORD="a long password",
        SEED_ACME_SONS_INES_PASSWORD="a long password",
    )
    assert reread.seed == seed.export()


def test_references_to_objects_from_elsewhere_are_exported_as_ids(
    databases: Databases,
) -> None:
    file = parsed(
        "set: a\ntenants:\n- name: Acme\n  customerId: 12\n"
        "  portals: [{name: Staff, certificateId: 99, certificateName: Gone, domain: portal01}]\n"
        "  links: [{name: Wiki, link: wiki.example.com, applicationId: '98'}]\n"
    )

    text = as_yaml(require_stable(databases, file))

    assert "certificateId: '99'\n" in text
    assert "certificateName: Gone\n" in text
    assert "applicationId: '98'\n" in text


def test_one_tenant_can_be_exported_alone(planted: Plant) -> None:
    seed = planted(
        "set: a\ntenants:\n"
        "- {name: One, customerId: 12, clients: [{name: CI, id: 5, secret: s}]}\n"
        "- {name: Two, customerId: 13}\n"
    )

    exported = seed.run(
        lambda runtime: export_seed(
            runtime, name="one", customer_id=12, managed_suffix="b.zscalerportal.net"
        )
    )

    client = ClientEntry(name="CI", id="5", secret=Variable("SEED_ONE_CI_SECRET"), role=Role.ADMIN)
    assert exported == Seed(
        set="one",
        cloud_letter="b",
        tenants=[TenantEntry(name="One", customer_id="12", clients=[client])],
    )
    with pytest.raises(NoSuchTenant):
        seed.run(lambda runtime: export_seed(runtime, name="none", customer_id=14))
