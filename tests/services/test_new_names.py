"""Invisible characters are refused in the new names of every noun; stored names stay editable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from portico.domain.errors import InvalidField
from portico.domain.links.application_segments import ApplicationSpec
from portico.domain.links.changes import ChangeKind, LinkChange, LinkSelection
from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import LinkPresentation
from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.providers import IdentityProviderSpec
from portico.domain.people.users import PortalUserSpec
from portico.domain.policies import AupSpec
from portico.domain.portals.certificates import CertificateSpec, IssuedCertificate
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.records import fold
from portico.domain.tenancy.identity import Role
from portico.domain.tenancy.microtenants import MicrotenantSpec
from portico.services import policies as aups
from portico.services.links import application_segments as applications
from portico.services.links import changes as link_changes
from portico.services.links import checks as link_checks
from portico.services.links import links, sections
from portico.services.people import administrators, groups, providers, users
from portico.services.portals import certificates, portals
from portico.services.tenancy import clients, microtenants, tenants
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from tests.harness import create_client
from tests.services.arranged import add_link
from tests.services.world import SUFFIX, World

HIDDEN = "Pay\u202eroll"
WHY = "Character 4 is the bidirectional control U+202E; remove it."
ISSUED = IssuedCertificate(
    valid_from_in_epoch_sec=1,
    valid_to_in_epoch_sec=2,
    certificate="PEM",
    serial_no="1",
    public_key="PEM",
)
Create = Callable[[UnitOfWork, str], Awaitable[Any]]
Rename = Callable[[UnitOfWork, int, str], Awaitable[Any]]


@dataclass(frozen=True)
class Noun:
    """How one noun is created and renamed, and the table that holds its names."""

    table: str
    create: Create
    rename: Rename


def _link(name: str) -> LinkSpec:
    return LinkSpec(name=name, link="pay.example")


def _provider(name: str) -> IdentityProviderSpec:
    return IdentityProviderSpec(name=name, issuer="https://login.example", client_id="portico")


NOUNS = {
    "link": Noun(
        "user_portal_link",
        lambda work, name: links.create_link(work, _link(name)),
        lambda work, each, name: links.update_link(work, each, _link(name)),
    ),
    "portal": Noun(
        "user_portal",
        lambda work, name: portals.create_portal(
            work, UserPortalSpec(name=name), managed_suffix=SUFFIX
        ),
        lambda work, each, name: portals.update_portal(
            work, each, UserPortalSpec(name=name), managed_suffix=SUFFIX
        ),
    ),
    "policy": Noun(
        "user_portal_aup",
        lambda work, name: aups.create_aup(work, AupSpec(name=name)),
        lambda work, each, name: aups.update_aup(work, each, AupSpec(name=name)),
    ),
    "microtenant": Noun(
        "microtenant",
        lambda work, name: microtenants.create_microtenant(work, MicrotenantSpec(name=name)),
        lambda work, each, name: microtenants.update_microtenant(
            work, each, MicrotenantSpec(name=name)
        ),
    ),
    "certificate": Noun(
        "certificate",
        lambda work, name: certificates.create_certificate(
            work, CertificateSpec(name=name), ISSUED
        ),
        lambda work, each, name: certificates.update_certificate(
            work, each, CertificateSpec(name=name)
        ),
    ),
    "section": Noun("section", sections.create_section, sections.rename_section),
    "group": Noun("portal_group", groups.create_group, groups.rename_group),
    "user": Noun(
        "portal_user",
        lambda work, name: users.create_user(work, PortalUserSpec(name=name)),
        lambda work, each, name: users.update_user(work, each, PortalUserSpec(name=name)),
    ),
    "administrator": Noun(
        "administrator",
        lambda work, name: administrators.create_administrator(
            work, AdministratorSpec(name=name), [GrantSpec(role=Role.ADMIN)]
        ),
        lambda work, each, name: administrators.update_administrator(
            work, each, AdministratorSpec(name=name)
        ),
    ),
}


@pytest.mark.parametrize("noun", NOUNS.values(), ids=NOUNS)
def test_new_names_are_visible_and_stored_names_stay_editable(world: World, noun: Noun) -> None:
    odd = f"{HIDDEN} {world.tenant.id}"
    with pytest.raises(InvalidField) as refusal:
        world.admin.change(lambda work: noun.create(work, odd))
    assert (refusal.value.field, refusal.value.why) == ("name", WHY)

    made = world.admin.change(lambda work: noun.create(work, f"Plain {world.tenant.id}")).id

    async def store_odd(connection: Connection) -> None:
        await connection.run(
            text(f"UPDATE {noun.table} SET name = :name, name_folded = :folded WHERE id = :id"),
            {"name": odd, "folded": fold(odd), "id": made},
        )

    world.store.run(_in_transaction(world, store_odd))
    world.admin.change(lambda work: noun.rename(work, made, odd))
    with pytest.raises(InvalidField):
        world.admin.change(lambda work: noun.rename(work, made, f"{odd}!"))
    world.admin.change(lambda work: noun.rename(work, made, f"Plain {world.tenant.id}"))


async def _in_transaction(world: World, work: Callable[[Connection], Awaitable[None]]) -> None:
    async with world.store.database.transaction() as connection:
        await work(connection)


CREATED_ONLY: dict[str, Callable[[World], object]] = {
    "API client": lambda world: world.admin.change(
        lambda work: clients.create_client(work, name=HIDDEN, role=Role.ADMIN, microtenant_id=None)
    ),
    "API client of the operator": lambda world: world.store.run(
        create_client(world.runtime, world.tenant.id, name=HIDDEN, role=Role.ADMIN)
    ),
    "tenant": lambda world: world.store.run(tenants.create_tenant(world.runtime, HIDDEN)),
    "provider": lambda world: world.store.run(
        providers.create_provider(world.runtime, world.tenant.id, _provider(HIDDEN))
    ),
    "user's display name": lambda world: world.admin.change(
        lambda work: users.create_user(work, PortalUserSpec(name="uma", display_name=HIDDEN))
    ),
    "domain of a microtenant": lambda world: world.microtenant("East", HIDDEN),
    "application": lambda world: world.admin.change(
        lambda work: applications.create_application(
            work, ApplicationSpec(name=HIDDEN, domain_names=("a.example",))
        )
    ),
    "section of a link": lambda world: add_link(world.admin, section=HIDDEN),
    "group of a link": lambda world: add_link(world.admin, groups=(HIDDEN,)),
}


@pytest.mark.parametrize("create", CREATED_ONLY.values(), ids=CREATED_ONLY)
def test_every_other_new_name_is_visible(world: World, create: Callable[[World], object]) -> None:
    with pytest.raises(InvalidField) as refusal:
        create(world)
    assert refusal.value.why == WHY


def test_rows_and_changes_are_told_before_they_are_done(world: World) -> None:
    link_id = add_link(world.admin)
    shown = [LinkPresentation(section=HIDDEN), LinkPresentation(groups=(HIDDEN,)), None]
    specs = [_link(name) for name in ("A", "B", HIDDEN)]
    moved = LinkChange(kind=ChangeKind.MOVE, section=HIDDEN)
    selection = LinkSelection(link_ids=(link_id,))

    found = world.admin.change(lambda work: link_checks.check_rows(work, specs, shown))
    told = world.admin.look(
        lambda work: link_changes.preview_link_change(work, selection, moved)
    ).refusal

    assert [each.why for each in (*found, told) if isinstance(each, InvalidField)] == [WHY] * 4
    assert [each.field for each in found if isinstance(each, InvalidField)] == [
        "portico.section",
        "portico.groups",
        "name",
    ]
