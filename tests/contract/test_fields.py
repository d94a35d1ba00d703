"""A field exists in its record, its table, its body, its answer and the search, or the test says
which of the files was forgotten.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from sqlalchemy import Table, Text

from portico.domain import policies as aup_rules
from portico.domain.links import application_segments as application_rules
from portico.domain.links import links as link_rules
from portico.domain.portals import certificates as certificate_rules
from portico.domain.portals import portals as portal_rules
from portico.domain.search import FieldKind, Fields
from portico.domain.tenancy import microtenants as microtenant_rules
from portico.http import policies as aups
from portico.http.links import application_segments as applications
from portico.http.links import links
from portico.http.portals import certificates, portals
from portico.http.tenancy import microtenants
from portico.storage.links.application_segments import ApplicationRepository
from portico.storage.links.links import LinkRepository
from portico.storage.policies import AupRepository
from portico.storage.portals.certificates import CertificateRepository
from portico.storage.portals.portals import UserPortalRepository
from portico.storage.repositories import Repository
from portico.storage.schema import tables
from portico.storage.tenancy.microtenants import MicrotenantRepository
from portico.web.console.audit.entries import LABELS

STAMPS = {"customer_id", "id", "creation_time", "modified_time", "modified_by"}
NEVER_ANSWERED = {"customer_id", "text_version"}
"""The tenant is in the path, and the vendor knows no versions of a policy."""
NEVER_WRITTEN = {"microtenant_name"}
TEXT_KINDS = {FieldKind.FOLDED, FieldKind.ASCII}


@dataclass(frozen=True, kw_only=True)
class Noun:
    """One noun in every layer, with what is meant to differ between them."""

    file: str
    spec: type[Any]
    record: type[Any]
    table: Table
    repository: type[Repository[Any]]
    body: type[msgspec.Struct] | None
    answer: type[msgspec.Struct]
    searched: Fields
    elsewhere: Collection[str] = ()
    spelled: Mapping[str, str] = field(default_factory=dict)
    write_only: Collection[str] = ()
    computed: Collection[str] = ()
    only_in_body: Collection[str] = ()
    only_in_answer: Collection[str] = ()
    unsearched: Collection[str] = ()
    unlabelled: Collection[str] = ()

    def __str__(self) -> str:
        return self.file


NOUNS = (
    Noun(
        file="links/links.py",
        spec=link_rules.LinkSpec,
        record=link_rules.Link,
        table=tables.user_portal_link,
        repository=LinkRepository,
        body=links.LinkBody,
        answer=links.LinkAnswer,
        searched=link_rules.LINK_FIELDS,
        elsewhere={"portal_ids"},
        spelled={"portal_ids": "user_portals"},
        only_in_body={"user_portal_id", "microtenant_id", "portico"},
        only_in_answer={"portico"},
        unsearched={"portal_ids", "icon_text"},
    ),
    Noun(
        file="portals/portals.py",
        spec=portal_rules.UserPortalSpec,
        record=portal_rules.UserPortal,
        table=tables.user_portal,
        repository=UserPortalRepository,
        body=portals.UserPortalBody,
        answer=portals.UserPortalAnswer,
        searched=portal_rules.PORTAL_FIELDS,
        write_only={"managed_by_zs"},
        computed={"ext_domain_translation"},
        only_in_body={"microtenant_id", "portico"},
        only_in_answer={"getc_name", "portico"},
        unsearched={"managed_by_zs", "image_data"},
        unlabelled={"managed_by_zs", "certificate_id", "ext_domain_name", "ext_domain_translation"},
    ),
    Noun(
        file="policies.py",
        spec=aup_rules.AupSpec,
        record=aup_rules.Aup,
        table=tables.user_portal_aup,
        repository=AupRepository,
        body=aups.AupBody,
        answer=aups.AupAnswer,
        searched=aup_rules.AUP_FIELDS,
        only_in_body={"microtenant_id"},
    ),
    Noun(
        file="portals/certificates.py",
        spec=certificate_rules.CertificateSpec,
        record=certificate_rules.Certificate,
        table=tables.certificate,
        repository=CertificateRepository,
        body=certificates.CertificateBody,
        answer=certificates.CertificateAnswer,
        searched=certificate_rules.CERTIFICATE_FIELDS,
        only_in_body={"cert_blob", "microtenant_id"},
        only_in_answer={"read_only", "zscaler_managed"},
        unsearched={"certificate", "cert_chain", "public_key", "san"},
    ),
    Noun(
        file="links/application_segments.py",
        spec=application_rules.ApplicationSpec,
        record=application_rules.Application,
        table=tables.application_segment,
        repository=ApplicationRepository,
        body=None,
        answer=applications.ApplicationAnswer,
        searched=application_rules.APPLICATION_FIELDS,
        only_in_answer={
            each.name
            for each in msgspec.structs.fields(applications.ApplicationAnswer)
            if isinstance(each.default, bool | str)
        },
        unsearched={"domain_names"},
    ),
    Noun(
        file="tenancy/microtenants.py",
        spec=microtenant_rules.MicrotenantSpec,
        record=microtenant_rules.Microtenant,
        table=tables.microtenant,
        repository=MicrotenantRepository,
        body=microtenants.MicrotenantBody,
        answer=microtenants.MicrotenantAnswer,
        searched=microtenant_rules.MICROTENANT_FIELDS,
        only_in_answer={"operator", "scope_order"},
        unsearched={"criteria_attribute_values"},
        unlabelled={"criteria_attribute", "privileged_approvals_enabled"},
    ),
)
every_noun = pytest.mark.parametrize("noun", NOUNS, ids=str)


def names(kind: type[Any]) -> set[str]:
    """The fields of a dataclass."""
    return {each.name for each in dataclasses.fields(kind)}


def wire_names(kind: type[msgspec.Struct]) -> set[str]:
    """The members of a wire struct, in snake case."""
    return set(kind.__struct_fields__)


def spelled(noun: Noun, attributes: Collection[str]) -> set[str]:
    """Attributes of a record as the wire structs spell them."""
    return {noun.spelled.get(each, each) for each in attributes}


def differences(expected: set[str], found: set[str], file: str) -> list[str]:
    """What a file lacks, and what it has beyond that."""
    return [
        *(f"{file} lacks {each}" for each in sorted(expected - found)),
        *(f"{file} has {each}, which nothing else has" for each in sorted(found - expected)),
    ]


@every_noun
def test_columns_are_the_fields_of_the_record(noun: Noun) -> None:
    columns = {each.name for each in noun.table.c if not each.name.endswith("_folded")}
    expected = names(noun.record) - set(noun.elsewhere)

    assert differences(expected, columns, f"storage/schema/tables.py ({noun.table.name})") == []


@every_noun
def test_folded_columns_stand_beside_what_they_fold(noun: Noun) -> None:
    folded = {
        each.name.removesuffix("_folded") for each in noun.table.c if each.name.endswith("_folded")
    }
    compared = {each.attribute for each in noun.searched.values() if each.kind is FieldKind.FOLDED}

    assert (
        differences(compared, folded, f"storage/schema/tables.py ({noun.table.name}, folded)") == []
    )


@every_noun
def test_repository_is_of_the_noun(noun: Noun) -> None:
    assert noun.repository.table is noun.table
    assert noun.repository.record is noun.record


@pytest.mark.parametrize("noun", [each for each in NOUNS if each.body], ids=str)
def test_body_takes_what_a_client_may_write(noun: Noun) -> None:
    assert noun.body
    expected = spelled(noun, names(noun.spec) - set(noun.computed)) | set(noun.only_in_body)

    assert differences(expected, wire_names(noun.body), f"http/{noun.file} (body)") == []


@every_noun
def test_answer_tells_the_whole_record(noun: Noun) -> None:
    told = spelled(noun, names(noun.record) - NEVER_ANSWERED - set(noun.write_only))
    expected = told | set(noun.only_in_answer)
    found = wire_names(noun.answer) - NEVER_WRITTEN

    assert differences(expected, found, f"http/{noun.file} (answer)") == []


@every_noun
def test_search_covers_every_field(noun: Noun) -> None:
    searched = {each.attribute for each in noun.searched.values()}
    owner = {"microtenant_id"} & names(noun.record)
    expected = names(noun.record) - NEVER_ANSWERED - owner - set(noun.unsearched)

    assert differences(expected, searched, f"domain/{noun.file} (search fields)") == []


@every_noun
def test_search_compares_text_as_text(noun: Noun) -> None:
    for each in noun.searched.values():
        is_text = isinstance(noun.table.c[each.attribute].type, Text)

        assert (each.kind in TEXT_KINDS) is is_text, each.name


@every_noun
def test_search_fields_are_members_of_the_answer(noun: Noun) -> None:
    members = {each.encode_name for each in msgspec.structs.fields(noun.answer)}

    assert set(noun.searched) <= members


@every_noun
def test_audit_log_has_a_label_for_every_field(noun: Noun) -> None:
    expected = names(noun.spec) - set(noun.unlabelled)

    assert expected - set(LABELS) == set(), "web/console/audit/entries.py"


@every_noun
def test_record_has_its_stamps(noun: Noun) -> None:
    assert names(noun.record) >= STAMPS
