"""The seed of a recording: the objects that existed before it, as far as its answers show them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from portico.emulator.recordings.bindings import DEFAULT_MICROTENANT
from portico.emulator.recordings.exchanges import Exchange, Json, json_of
from portico.emulator.recordings.known_objects import Kind, read_objects
from portico.emulator.seeds.format import (
    ApplicationSegmentEntry,
    CertificateEntry,
    LinkEntry,
    MicrotenantEntry,
    PolicyEntry,
    PortalEntry,
    Seed,
    TenantEntry,
)

TENANT = "Recorded"
_CUSTOMER = re.compile(r"/customers/([0-9]+)")
_LETTER = re.compile(r"\.([a-z])\.zscalerportal\.net\Z")
Fields = Mapping[str, Json]


def initial_state(exchanges: Sequence[Exchange], name: str) -> Seed:
    """Return the objects that the recording read and did not create, as a seed called `name`."""
    found = read_objects(exchanges)
    content = _Content(found)
    microtenants = [
        MicrotenantEntry(
            name=each["name"],
            **_given(each, "description", "enabled", "criteriaAttribute"),
            **content.of(each["id"]),
        )
        for each in found[Kind.MICROTENANT].values()
        if each["id"] != DEFAULT_MICROTENANT
    ]
    customers = [match[1] for each in exchanges if (match := _CUSTOMER.search(each.path))]
    letters = [
        match[1]
        for each in found[Kind.PORTAL].values()
        if (match := _LETTER.search(each.get("domain", "")))
    ]
    tenant = TenantEntry(
        name=TENANT,
        customer_id=customers[0] if customers else UNSET,
        auth_domains=_auth_domains(exchanges) or UNSET,
        microtenants=microtenants or UNSET,
        **content.of(DEFAULT_MICROTENANT),
    )
    return Seed(set=name, cloud_letter=letters[0] if letters else UNSET, tenants=[tenant])


class _Content:
    """The entries of each microtenant. References are by name, and by id to unknown objects."""

    def __init__(self, found: Mapping[Kind, Mapping[str, Fields]]) -> None:
        self._names = {
            kind: {each: fields["name"] for each, fields in objects.items()}
            for kind, objects in found.items()
        }
        self._of: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        makers = {
            Kind.CERTIFICATE: ("certificates", self._certificate),
            Kind.APPLICATION: ("application_segments", self._application),
            Kind.PORTAL: ("portals", self._portal),
            Kind.LINK: ("links", self._link),
            Kind.POLICY: ("policies", self._policy),
        }
        for kind, (field, make) in makers.items():
            for fields in found[kind].values():
                microtenant_id = str(fields.get("microtenantId", DEFAULT_MICROTENANT))
                self._of[microtenant_id][field].append(make(fields))

    def of(self, microtenant_id: str) -> Mapping[str, Any]:
        """Return the fields of `Content` for a microtenant."""
        return self._of[microtenant_id]

    def _certificate(self, fields: Fields) -> CertificateEntry:
        pem = fields.get("certificate", "") + fields.get("certChain", "")
        return CertificateEntry(
            name=fields["name"], certificate=pem or UNSET, **_given(fields, "description")
        )

    def _application(self, fields: Fields) -> ApplicationSegmentEntry:
        return ApplicationSegmentEntry(
            name=fields["name"],
            domain_names=list(fields.get("domainNames", [])),
            **_given(fields, "description", "enabled"),
        )

    def _portal(self, fields: Fields) -> PortalEntry:
        described = _given(
            fields, "description", "enabled", "userNotification", "userNotificationEnabled"
        )
        if "certificateId" not in fields:
            return PortalEntry(
                name=fields["name"],
                ext_domain=fields.get("extDomain", fields.get("extDomainTranslation", UNSET)),
                **described,
                **_given(fields, "extLabel"),
            )
        certificate = self._names[Kind.CERTIFICATE].get(str(fields["certificateId"]))
        named = (
            {"certificate": certificate}
            if certificate
            else _given(fields, "certificateId", "certificateName")
        )
        return PortalEntry(name=fields["name"], **named, **described, **_given(fields, "domain"))

    def _link(self, fields: Fields) -> LinkEntry:
        segment = self._names[Kind.APPLICATION].get(str(fields.get("applicationId")))
        behind = {"application_segment": segment} if segment else _given(fields, "applicationId")
        known = self._names[Kind.PORTAL]
        portals = [
            known[each["id"]] for each in fields.get("userPortals", []) if each["id"] in known
        ]
        return LinkEntry(
            name=fields["name"],
            link=fields["link"],
            portals=portals or UNSET,
            **behind,
            **_given(fields, "description", "enabled", "linkPath", "protocol", "iconText"),
        )

    def _policy(self, fields: Fields) -> PolicyEntry:
        return PolicyEntry(
            **_given(fields, "name", "description", "enabled", "aup", "email", "phoneNum")
        )


def _given(fields: Fields, *names: str) -> dict[str, Any]:
    """Return the fields that are there, by their names in the seed's structures."""
    return {
        re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", name): fields[name]
        for name in names
        if name in fields
    }


def _auth_domains(exchanges: Sequence[Exchange]) -> list[str]:
    for exchange in exchanges:
        answer = json_of(exchange.answer_body)
        if exchange.path.endswith("/authDomains") and isinstance(answer, dict):
            return list(answer.get("authDomains", []))
    return []
