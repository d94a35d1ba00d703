"""Application segments, which links can name, with the fields that clients search for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portico.domain.errors import InvalidField
from portico.domain.links.hosts import check_host
from portico.domain.records import DESCRIPTION_LIMIT, OwnedRecord, check_new_name, check_text
from portico.domain.search import NAME_FIELDS, STAMP_FIELDS, Field, FieldKind, fields

KIND = "application"
DOMAIN_NAMES_LIMIT = 500


@dataclass(frozen=True, kw_only=True)
class ApplicationSpec:
    """The fields of an application segment that the operator can write."""

    name: str
    description: str = ""
    enabled: bool = False
    domain_names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Application(ApplicationSpec, OwnedRecord):
    """A stored application segment."""


APPLICATION_FIELDS = fields(
    *NAME_FIELDS,
    Field("enabled", FieldKind.FLAG),
    *STAMP_FIELDS,
)


def check_application(spec: ApplicationSpec) -> ApplicationSpec:
    """Return the spec as it will be stored, each domain once. Raises InvalidField."""
    check_text("description", spec.description, DESCRIPTION_LIMIT, multiline=True)
    if not 1 <= len(spec.domain_names) <= DOMAIN_NAMES_LIMIT:
        raise InvalidField(
            "domainNames",
            f"It has {len(spec.domain_names)} entries; 1 to {DOMAIN_NAMES_LIMIT} are allowed.",
        )
    for domain in spec.domain_names:
        # The vendor writes a whole domain as "*.example.com" or ".example.com".
        check_host("domainNames", domain.removeprefix("*").removeprefix("."))
    return replace(
        spec, name=check_new_name(spec.name), domain_names=tuple(dict.fromkeys(spec.domain_names))
    )
