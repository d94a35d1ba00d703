"""Planting seeds: every rule of the service holds, and its errors name line and path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from typing import TypeVar

import pytest

from portico.domain.audit import AuditFilter
from portico.domain.links.application_segments import Application
from portico.domain.links.presentation import PresentedLink
from portico.domain.portals.pages import PresentedPortal
from portico.domain.records import DEFAULT_MICROTENANT_ID
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import Role, secret_matches
from portico.emulator.seeds.planting import Planted, plant
from portico.emulator.seeds.sources import SeedError
from portico.services.access import operator_reading, sign_in
from portico.services.audit.log import list_audit
from portico.services.people.administrators import list_administrators
from portico.services.people.users import list_users
from portico.services.portals.certificates import list_certificates
from portico.services.portals.portals import get_presented_portal
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from tests.emulator.seeds.planted import SUFFIX, Databases, PlantedSeed, parsed
from tests.harness import as_operator
from tests.passwords import QUICK_PASSWORDS

T = TypeVar("T")
Plant = Callable[[str], PlantedSeed]
CUSTOMER_ID = 12
HEAD = f"set: test\ntenants:\n- name: Acme\n  customerId: {CUSTOMER_ID}\n"
EVERYTHING = ListQuery(sort_attribute="id", page_size=500)


def read(
    seed: PlantedSeed,
    work: Callable[[UnitOfWork], Awaitable[T]],
    microtenant_id: int = DEFAULT_MICROTENANT_ID,
    customer_id: int = CUSTOMER_ID,
) -> T:
    """The result of reading in one microtenant of a planted tenant."""

    async def run(runtime: Runtime) -> T:
        async with operator_reading(runtime, customer_id, microtenant_id) as opened:
            return await work(opened)

    return seed.run(run)


def links_of(seed: PlantedSeed, microtenant_id: int = 0) -> list[PresentedLink]:
    """The first 500 links of a microtenant in the order of their ids."""
    return read(seed, lambda work: work.presented_links.page(EVERYTHING), microtenant_id).items


def portals_of(seed: PlantedSeed) -> list[PresentedPortal]:
    """The portals of the Default microtenant in the order of their ids."""

    async def run(work: UnitOfWork) -> list[PresentedPortal]:
        page = await work.portals.page(EVERYTHING)
        return [await get_presented_portal(work, each.id) for each in page.items]

    return read(seed, run)


def test_links_name_portals_sections_groups_and_applications_by_key_or_name(
    planted: Plant,
) -> None:
    seed = planted(
        f"""{HEAD}
  groups: [Engineering, {{key: money, name: Finance}}]
  applicationSegments: [{{key: app, name: AppPortal01, domainNames: [app.example.com]}}]
  portals:
  - {{key: staff, name: Staff portal}}
  - {{name: Field crews}}
  sections: [{{key: pay, name: People and pay}}, Every day]
  links:
  - name: Payslips
    link: pay.example.com
    linkPath: /slips
    applicationSegment: app
    portals: [staff, FIELD CREWS]
    portico: {{section: pay, order: 3, groups: [money, engineering], iconIsDark: true}}
  - {{name: Chat, link: chat.example.com, enabled: false, portico: {{section: Every day}}}}
"""
    )
    payslips, chat = links_of(seed)
    segments = read(seed, lambda work: work.applications.page(EVERYTHING))
    staff, crews = portals_of(seed)

    (application,) = segments.items
    assert isinstance(application, Application)
    assert payslips.application_id == application.id
    assert payslips.portal_ids == (staff.id, crews.id)
    assert payslips.link_path == "/slips"
    assert payslips.presentation.section == "People and pay"
    assert payslips.presentation.order == 3
    assert payslips.presentation.groups == ("Engineering", "Finance")
    assert payslips.presentation.icon_is_dark is True
    assert (payslips.enabled, chat.enabled) == (True, False)
    assert chat.presentation.section == "Every day"


def test_cloud_letter_decides_the_domains_of_managed_portals(planted: Plant) -> None:
    portal = "  portals: [{name: Staff, extLabel: staff, extDomain: example.com}]\n"

    (with_letter,) = portals_of(planted(f"cloudLetter: b\n{HEAD}{portal}"))
    (without,) = portals_of(planted(f"{HEAD}{portal}"))

    assert with_letter.domain == "staff-example-com.b.zscalerportal.net"
    assert without.domain == f"staff-example-com.{SUFFIX}"


def test_generated_certificate_is_for_its_name(planted: Plant) -> None:
    seed = planted(
        f"{HEAD}  certificates: [{{key: sales, name: sales.example.com}}]\n"
        "  portals: [{name: Sales, certificate: sales, domain: portal01, managedByZs: false}]\n"
    )

    (certificate,) = read(seed, lambda work: list_certificates(work, EVERYTHING)).items
    (portal,) = portals_of(seed)
    assert certificate.c_name == "sales.example.com"
    assert certificate.san == ("sales.example.com",)
    assert (portal.certificate_id, portal.certificate_name, portal.domain) == (
        certificate.id,
        "sales.example.com",
        "portal01",
    )


def test_client_has_the_id_and_the_secret_of_the_seed(planted: Plant) -> None:
    seed = planted(
        f"{HEAD}  microtenants: [{{key: east, name: East}}]\n"
        "  clients:\n"
        "  - {name: CI, id: 77, secret: a fixed secret}\n"
        "  - {name: Other, role: viewer, microtenant: east}\n"
    )
    fixed, generated = seed.planted.tenants[0].clients

    signed_in = seed.run(
        lambda runtime: sign_in(
            runtime, "77", lambda client: secret_matches(client.secret_hash, "a fixed secret")
        )
    )

    assert (signed_in.id, signed_in.role, signed_in.microtenant_id) == (77, Role.ADMIN, None)
    assert fixed.secret == "a fixed secret"
    assert generated.role is Role.VIEWER
    assert len(generated.secret) > 30


def test_people_sign_in_with_the_passwords_of_the_seed(planted: Plant) -> None:
    seed = planted(
        f"{HEAD}  groups: [Finance]\n"
        "  administrators: [{name: tomas, displayName: Tomas, password: a long password, "
        "role: viewer}]\n"
        "  users: [{name: ines, password: another password, groups: [finance, Crew]}]\n"
        "  links: [{name: A, link: a.example.com, portico: {groups: [Crew]}}]\n"
    )

    (tomas,) = read(seed, list_administrators)
    (ines,) = read(seed, lambda work: list_users(work, EVERYTHING)).items

    assert [(each.role, each.microtenant_id) for each in tomas.grants] == [(Role.VIEWER, None)]
    assert seed.planted.secrets[tomas.password_hash] == "a long password"
    assert seed.planted.secrets[ines.password_hash] == "another password"
    assert seed.run(lambda _: QUICK_PASSWORDS.verify(ines.password_hash, "another password"))
    assert len(ines.group_ids) == 2


def test_microtenants_hold_objects_of_their_own(planted: Plant) -> None:
    seed = planted(
        f"{HEAD}  authDomains: [example.com]\n"
        "  links: [{name: Wiki, link: wiki.example.com}]\n"
        "  microtenants:\n"
        "  - name: East\n"
        "    criteriaAttributeValues: [example.com]\n"
        "    links: [{name: Wiki, link: wiki.east.example.com}]\n"
    )

    east, default = read(seed, lambda work: work.microtenants.all())
    assert (east.name, east.criteria_attribute) == ("East", "AuthDomain")
    assert default.name == "Default"
    assert [each.link for each in links_of(seed)] == ["wiki.example.com"]
    assert [each.link for each in links_of(seed, east.id)] == ["wiki.east.example.com"]


def test_administrator_of_two_tenants_is_one_account(planted: Plant) -> None:
    seed = planted(
        f"{HEAD}  administrators: [{{name: tomas, password: a long password, role: admin}}]\n"
        "- name: Other\n"
        "  customerId: 13\n"
        "  administrators: [{name: Tomas, role: viewer}]\n"
    )

    (here,) = read(seed, list_administrators)
    (there,) = read(seed, list_administrators, customer_id=13)
    assert here.id == there.id
    assert [each.role for each in there.grants] == [Role.VIEWER]
    assert here.works_elsewhere


def test_audit_trail_names_the_seed(planted: Plant) -> None:
    seed = planted(f"{HEAD}  allowedDomains: [example.com]\n  portals: [{{name: Staff}}]\n")

    entries = read(seed, lambda work: list_audit(work, AuditFilter())).entries

    assert {each.object_name for each in entries} == {"example.com", "Staff"}
    assert all("seed test" in (each.transaction_id, each.client_transaction_id) for each in entries)


def test_same_seed_has_the_same_ids_and_certificates(databases: Databases) -> None:
    text = (
        f"{HEAD}  certificates: [{{name: a.example.com}}]\n"
        "  portals: [{name: One}, {name: Two}]\n"
        "  links: [{name: B, link: b.example.com}, {name: A, link: a.example.com}]\n"
    )

    def planted_at_noon(url: str) -> list[object]:
        ids = count(1_000)
        stored: list[object] = []

        async def run(runtime: Runtime) -> Planted:
            fixed = replace(runtime, clock=lambda: 1_700_000_000.0, new_id=lambda: next(ids))
            return await plant(fixed, parsed(text), managed_suffix=SUFFIX)

        as_operator(url, run)
        for kind in ("certificates", "portals", "links"):

            async def items(runtime: Runtime, kind: str = kind) -> list[object]:
                async with operator_reading(runtime, CUSTOMER_ID) as work:
                    return list((await getattr(work, kind).page(EVERYTHING)).items)

            stored += as_operator(url, items)
        return stored

    first, second = planted_at_noon(databases.new()), planted_at_noon(databases.new())

    assert len(first) == 5
    assert first == second


def test_thousand_links_are_planted(planted: Plant) -> None:
    rows = "".join(
        f"  - {{name: Link {each}, link: l{each}.example.com}}\n" for each in range(1_000)
    )

    seed = planted(f"{HEAD}  links:\n{rows}")

    assert read(seed, lambda work: work.links.page(EVERYTHING)).total == 1_000
    assert [each.name for each in links_of(seed)] == [f"Link {each}" for each in range(500)]


REFUSALS = {
    "  links: [{name: A, link: a@b}]\n": (
        'line 5, tenants[0].links[0].link: A host cannot contain "@"; user names and passwords '
        "are not part of a host."
    ),
    "  links:\n  - {name: A, link: a.example.com}\n  - {name: a, link: b.example.com}\n": (
        "line 7, tenants[0].links[1].name: A resource with the name a already exists. Choose "
        "another name."
    ),
    "  links: [{name: A, link: a.example.com, portals: [staff]}]\n": (
        "line 5, tenants[0].links[0].portals[0]: There is no portal with the key or name staff "
        "here. Add it, or correct the reference."
    ),
    "  links: [{name: A, link: a.example.com, portico: {order: -1}}]\n": (
        "line 5, tenants[0].links[0].portico.order: It must be a number from 0 to 1000000."
    ),
    "  links:\n"
    + "".join(f"  - {{name: L{each}, link: a.example.com}}\n" for each in range(600))
    + "  - {name: L, link: a/b}\n": (
        'line 606, tenants[0].links[600].link: A host cannot contain "/"; the path belongs in '
        "linkPath."
    ),
    "  portals:\n  - {name: A}\n  - {name: a}\n": (
        "line 7, tenants[0].portals[1].name: A resource with the name a already exists. Choose "
        "another name."
    ),
    "  portals:\n  - {key: a, name: A}\n  - {key: a, name: B}\n": (
        "line 7, tenants[0].portals[1].key: Another portal has the key a. Choose another one."
    ),
    "  policies:\n  - {key: a, name: A}\n  - {key: a, name: B}\n": (
        "line 7, tenants[0].policies[1].key: Another entry has the key a. Choose another one."
    ),
    "  portals:\n  - name: A\n    portico:\n      accent: red\n": (
        "line 8, tenants[0].portals[0].portico.accent: It must be a colour such as #0b6659."
    ),
    "  certificates:\n  - name: A\n    certificate: nothing\n": (
        "line 7, tenants[0].certificates[0].certificate: It must be PEM text with an X.509 "
        "certificate (BEGIN CERTIFICATE)."
    ),
    "  certificates: [{name: A, certificate: nothing, domains: [a.example.com]}]\n": (
        "line 5, tenants[0].certificates[0].domains: It is for a generated certificate. Remove "
        "it, or remove certificate."
    ),
    "  certificates: [{name: Zürich}]\n": (
        "line 5, tenants[0].certificates[0].domains: Portico cannot generate a certificate for "
        "that. Use ASCII domain names of at most 64 characters, or give the certificate in PEM."
    ),
    "  portals: [{name: A, certificate: a, certificateId: 3}]\n": (
        "line 5, tenants[0].portals[0].certificate: It is here by reference and by id. Remove one "
        "of them."
    ),
    "  links: [{name: A, link: a.example.com, applicationId: many}]\n": (
        "line 5, tenants[0].links[0].applicationId: It must be an id, a number from 1 to 2^63 - 1."
    ),
    "  users: [{name: ines, password: short}]\n": (
        "line 5, tenants[0].users[0].password: It has 5 characters; 12 to 256 are allowed."
    ),
    "  users: [{name: ines, groups: [None]}]\n": (
        "line 5, tenants[0].users[0].groups[0]: There is no group with the key or name None here. "
        "Add it, or correct the reference."
    ),
    "  clients: [{name: A, microtenant: East}]\n": (
        "line 5, tenants[0].clients[0].microtenant: There is no microtenant with the key or name "
        "East here. Add it, or correct the reference."
    ),
    "  clients: [{name: A, id: 7}, {name: B, id: 7}]\n": (
        "line 5, tenants[0].clients[1].id: An API client with the id 7 already exists."
    ),
    "  clients: [{name: A, secret: a, publicKey: b}]\n": (
        "line 5, tenants[0].clients[0].secret: A client has a secret or a public key. Remove one "
        "of them."
    ),
    "  clients: [{name: A, publicKey: nothing}]\n": (
        "line 5, tenants[0].clients[0].publicKey: It contains no PEM public key."
    ),
    '  clients: [{name: A, secret: ""}]\n': (
        "line 5, tenants[0].clients[0].secret: It cannot be empty. Leave it out to generate one."
    ),
    "  administrators: [{name: tomas}]\n": (
        "line 5, tenants[0].administrators[0]: An administrator has a role, or grants. Give one "
        "of them."
    ),
    "  administrators: [{name: tomas, role: admin}, {name: Tomas, role: viewer}]\n": (
        "line 5, tenants[0].administrators[1].name: The administrator tomas is in this tenant "
        "already. Remove one entry."
    ),
    "  administrators: [{name: tomas, role: admin}]\n- name: B\n"
    "  administrators: [{name: tomas, role: admin, email: t@example.com}]\n": (
        "line 7, tenants[1].administrators[0].name: An administrator with the name tomas exists "
        "already. To let that one in here too, give only name and role."
    ),
    "  authDomains: [example.com]\n"
    "  microtenants: [{name: East, criteriaAttributeValues: [example.org]}]\n": (
        "line 6, tenants[0].microtenants[0]: The domain example.org does not belong to this tenant."
    ),
    "  allowedDomains: [10.0.0.1]\n": "line 5, tenants[0].allowedDomains[0]: ",
    "- name: acme\n": "line 5, tenants[1].name: Tenant Acme (12) has this name.",
}


@pytest.mark.parametrize("text", REFUSALS, ids=range(len(REFUSALS)))
def test_broken_rule_names_line_and_path(planted: Plant, text: str) -> None:
    with pytest.raises(SeedError) as refused:
        planted(f"{HEAD}{text}")

    assert refused.value.reason.startswith(f"seed.yaml {REFUSALS[text]}")
