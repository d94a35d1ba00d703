"""Rules of microtenants, and the Default one that every tenant has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.domain.errors import InvalidField
from portico.domain.tenancy.microtenants import (
    MicrotenantSpec,
    check_microtenant,
    default_microtenant,
)

EAST = MicrotenantSpec(name="East")

REFUSED = {
    "no name": ("name", replace(EAST, name="\t")),
    "name over 255": ("name", replace(EAST, name="n" * 256)),
    "name with a control character": ("name", replace(EAST, name="a\x07b")),
    "description over 2000": ("description", replace(EAST, description="d" * 2_001)),
    "other criteria": ("criteriaAttribute", replace(EAST, criteria_attribute="Country")),
    "criteria in other case": ("criteriaAttribute", replace(EAST, criteria_attribute="authdomain")),
    "empty domain": (
        "criteriaAttributeValues",
        replace(EAST, criteria_attribute_values=("example.com", "")),
    ),
    "domain of white space": (
        "criteriaAttributeValues",
        replace(EAST, criteria_attribute_values=(" ",)),
    ),
    "over 500 domains": (
        "criteriaAttributeValues",
        replace(EAST, criteria_attribute_values=tuple(f"{n}.example.com" for n in range(501))),
    ),
    "domain over 255": (
        "criteriaAttributeValues",
        replace(EAST, criteria_attribute_values=("d" * 256,)),
    ),
    "domain with a line feed": (
        "criteriaAttributeValues",
        replace(EAST, criteria_attribute_values=("a\nb",)),
    ),
}


@pytest.mark.parametrize(("field", "spec"), REFUSED.values(), ids=REFUSED)
def test_microtenant_that_breaks_a_rule_names_the_field(field: str, spec: MicrotenantSpec) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_microtenant(spec)

    assert refusal.value.params == (field,)


def test_microtenant_is_kept_as_it_is() -> None:
    spec = MicrotenantSpec(
        name="n" * 255,
        description="d" * 2_000,
        enabled=True,
        criteria_attribute="AuthDomain",
        criteria_attribute_values=("b.example.com", "a.example.com"),
        privileged_approvals_enabled=True,
    )

    assert check_microtenant(spec) == spec
    assert check_microtenant(EAST) == EAST


def test_microtenant_domains_are_distinct_in_their_order() -> None:
    spec = replace(EAST, criteria_attribute_values=("b.example", " A.example ", "B.Example"))

    assert check_microtenant(spec).criteria_attribute_values == ("b.example", "A.example")


def test_microtenant_name_loses_the_white_space_around_it() -> None:
    assert check_microtenant(replace(EAST, name=" East ")).name == "East"


def test_default_microtenant_is_zero_and_enabled() -> None:
    default = default_microtenant(7, now=1_700_000_000)

    assert (default.customer_id, default.id, default.name) == (7, 0, "Default")
    assert default.is_default
    assert default.enabled
    assert default.description
    assert default.privileged_approvals_enabled
    assert default.scope_order == 1
