"""The format has every field that a client can write, or a reason why not."""

from __future__ import annotations

from dataclasses import dataclass, fields

import msgspec
import pytest

from portico.domain.links.application_segments import ApplicationSpec
from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import LinkPresentation
from portico.domain.people.administrators import AdministratorSpec
from portico.domain.people.users import PortalUserSpec
from portico.domain.policies import AupSpec
from portico.domain.portals.certificates import CertificateSpec
from portico.domain.portals.pages import PortalPage
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.tenancy.microtenants import MicrotenantSpec
from portico.emulator.seeds import format as seeds


@dataclass(frozen=True, kw_only=True)
class Noun:
    """What a client can write of a noun, and its entry in a seed.

    `renamed` has fields with another name in the entry; an empty name means that there is none.
    """

    spec: type
    entry: type[msgspec.Struct]
    renamed: dict[str, str]


NOUNS = [
    Noun(spec=LinkSpec, entry=seeds.LinkEntry, renamed={"portal_ids": "portals"}),
    Noun(spec=LinkPresentation, entry=seeds.LinkPresentationEntry, renamed={}),
    Noun(
        spec=UserPortalSpec,
        entry=seeds.PortalEntry,
        # Portico computes both of extDomain.
        renamed={"ext_domain_name": "", "ext_domain_translation": ""},
    ),
    Noun(spec=PortalPage, entry=seeds.PortalPageEntry, renamed={}),
    Noun(spec=AupSpec, entry=seeds.PolicyEntry, renamed={}),
    Noun(spec=CertificateSpec, entry=seeds.CertificateEntry, renamed={}),
    Noun(spec=ApplicationSpec, entry=seeds.ApplicationSegmentEntry, renamed={}),
    Noun(spec=MicrotenantSpec, entry=seeds.MicrotenantEntry, renamed={}),
    Noun(spec=AdministratorSpec, entry=seeds.AdministratorEntry, renamed={}),
    Noun(spec=PortalUserSpec, entry=seeds.UserEntry, renamed={"group_ids": "groups"}),
]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.entry.__name__)
def test_seeds_have_every_field_that_a_client_can_write(noun: Noun) -> None:
    names = {noun.renamed.get(each.name, each.name) for each in fields(noun.spec)} - {""}

    assert names - set(noun.entry.__struct_fields__) == set()
