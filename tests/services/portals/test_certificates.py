"""Use-cases of certificates: audited, referred to by portals, followed by their names."""

from __future__ import annotations

import json

import pytest

from portico.domain.errors import NameTaken, NotFound, StillReferenced
from portico.domain.portals.certificates import Certificate, CertificateSpec, IssuedCertificate
from portico.domain.portals.portals import UserPortal, UserPortalSpec
from portico.services.portals import certificates, portals
from tests.services.world import START, SUFFIX, Caller, World

ISSUED = IssuedCertificate(
    valid_from_in_epoch_sec=START,
    valid_to_in_epoch_sec=START + 1_000,
    certificate="-----BEGIN CERTIFICATE-----",
    serial_no="1",
    public_key="-----BEGIN PUBLIC KEY-----",
    san=("a.example.com", "b.example.com"),
)


def create(caller: Caller, name: str = "Sales") -> Certificate:
    """A new certificate."""
    spec = CertificateSpec(name=name)
    return caller.change(lambda work: certificates.create_certificate(work, spec, ISSUED))


def rename(caller: Caller, certificate_id: int, name: str) -> None:
    """Replaces the name alone."""
    spec = CertificateSpec(name=name)
    caller.change(lambda work: certificates.update_certificate(work, certificate_id, spec))


def add_portal(caller: Caller, certificate_id: int, name: str = "Staff") -> UserPortal:
    """A new portal that names a certificate."""
    spec = UserPortalSpec(name=name, certificate_id=certificate_id, certificate_name="Sent")
    return caller.change(lambda work: portals.create_portal(work, spec, managed_suffix=SUFFIX))


def certificate_name(caller: Caller, portal: UserPortal) -> str:
    """The name that a portal shows for its certificate."""
    return caller.look(lambda work: portals.get_portal(work, portal.id)).certificate_name


def test_changes_are_audited_with_what_differs(world: World) -> None:
    made = create(world.admin)
    world.now += 60
    rename(world.admin, made.id, "Renamed")
    world.admin.change(lambda work: certificates.delete_certificate(work, made.id))

    entries = world.audit_trail()[-3:]
    assert [(each.action, each.object_type) for each in entries] == [
        ("create", "certificate"),
        ("update", "certificate"),
        ("delete", "certificate"),
    ]
    before, after = json.loads(entries[1].before), json.loads(entries[1].after)
    assert {name for name in before if before[name] != after[name]} == {"name", "modified_time"}
    assert after["san"] == ["a.example.com", "b.example.com"]


def test_portals_follow_the_name_of_their_certificate(world: World) -> None:
    made, other = create(world.admin), create(world.admin, "Other")
    followers = [add_portal(world.admin, made.id, name) for name in ("One", "Two")]
    bystander = add_portal(world.admin, other.id, "Three")

    rename(world.admin, made.id, "Renamed")

    assert [certificate_name(world.admin, each) for each in followers] == ["Renamed"] * 2
    assert certificate_name(world.admin, bystander) == "Other"


def test_certificate_of_another_part_names_no_portal_and_is_not_held(world: World) -> None:
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    made = create(east)
    portal = add_portal(world.admin, made.id)

    rename(east, made.id, "Renamed")

    assert certificate_name(world.admin, portal) == "Sent"
    east.change(lambda work: certificates.delete_certificate(work, made.id))


def test_refused_changes_leave_nothing(world: World) -> None:
    made, other = create(world.admin), create(world.admin, "Other")
    add_portal(world.admin, made.id)
    before = world.audit_trail()

    with pytest.raises(StillReferenced) as refusal:
        world.admin.change(lambda work: certificates.delete_certificate(work, made.id))
    with pytest.raises(NameTaken):
        rename(world.admin, other.id, "SALES")
    with pytest.raises(NotFound):
        rename(world.admin, 5, "New")

    assert refusal.value.params == ("userPortal", "Staff")
    assert world.audit_trail() == before
