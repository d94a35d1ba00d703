"""Values and rules of microtenants, the parts of a tenant with administrators of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portico.domain.errors import InvalidField
from portico.domain.records import (
    DEFAULT_MICROTENANT_ID,
    DESCRIPTION_LIMIT,
    Record,
    check_new_name,
    check_text,
)
from portico.domain.search import NAME_FIELDS, STAMP_FIELDS, Field, FieldKind, fields

KIND = "microtenant"
MICROTENANTS_PER_TENANT = 500
AUTH_DOMAINS_LIMIT = 500
DEFAULT_NAME = "Default"
DEFAULT_DESCRIPTION = "The part of the tenant that belongs to no other microtenant."
AUTH_DOMAIN_CRITERIA = "AuthDomain"


@dataclass(frozen=True, kw_only=True)
class MicrotenantSpec:
    """The fields of a microtenant that a client can write."""

    name: str
    description: str = ""
    enabled: bool = False
    criteria_attribute: str = ""
    criteria_attribute_values: tuple[str, ...] = ()
    privileged_approvals_enabled: bool = False


@dataclass(frozen=True, kw_only=True)
class Microtenant(MicrotenantSpec, Record):
    """A stored microtenant. Lists are in `scope_order`, which puts Default last."""

    scope_order: int

    @property
    def is_default(self) -> bool:
        """Whether this is the Default microtenant, which every tenant has and nobody can change."""
        return self.id == DEFAULT_MICROTENANT_ID


MICROTENANT_FIELDS = fields(
    *NAME_FIELDS,
    Field("enabled", FieldKind.FLAG),
    Field("criteriaAttribute", FieldKind.ASCII),
    Field("privilegedApprovalsEnabled", FieldKind.FLAG),
    Field("scopeOrder", FieldKind.NUMBER),
    *STAMP_FIELDS,
)


def default_microtenant(customer_id: int, now: int) -> Microtenant:
    """Return the Default microtenant of a new tenant."""
    return Microtenant(
        customer_id=customer_id,
        id=DEFAULT_MICROTENANT_ID,
        creation_time=now,
        modified_time=now,
        modified_by=0,
        name=DEFAULT_NAME,
        description=DEFAULT_DESCRIPTION,
        enabled=True,
        privileged_approvals_enabled=True,
        scope_order=1,
    )


def check_microtenant(
    spec: MicrotenantSpec, stored: MicrotenantSpec | None = None
) -> MicrotenantSpec:
    """Return the spec as it will be stored. Raises InvalidField.

    Names and domains that `stored` has already are valid whatever characters they contain.
    """
    check_text("description", spec.description, DESCRIPTION_LIMIT, multiline=True)
    if spec.criteria_attribute not in ("", AUTH_DOMAIN_CRITERIA):
        raise InvalidField("criteriaAttribute", f"It must be {AUTH_DOMAIN_CRITERIA} or absent.")
    if len(spec.criteria_attribute_values) > AUTH_DOMAINS_LIMIT:
        raise InvalidField(
            "criteriaAttributeValues", f"It has at most {AUTH_DOMAINS_LIMIT} values."
        )
    distinct: dict[str, str] = {}
    known = stored.criteria_attribute_values if stored else ()
    for domain in spec.criteria_attribute_values:
        same = domain if domain in known else ""
        checked = check_new_name(domain, name="criteriaAttributeValues", stored=same)
        distinct.setdefault(checked.lower(), checked)
    return replace(
        spec,
        name=check_new_name(spec.name, stored=stored.name if stored else ""),
        criteria_attribute_values=tuple(distinct.values()),
    )
