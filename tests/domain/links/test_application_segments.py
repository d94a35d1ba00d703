"""Rules of application segments: a name, and at least one host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.domain.errors import InvalidField
from portico.domain.links.application_segments import (
    DOMAIN_NAMES_LIMIT,
    ApplicationSpec,
    check_application,
)

SEGMENT = ApplicationSpec(name=" Wiki ", domain_names=("wiki.example.com",))


def test_name_is_trimmed_and_domains_are_distinct() -> None:
    spec = replace(SEGMENT, domain_names=("b.example.com", "a.example.com", "b.example.com"))

    assert check_application(spec) == replace(
        spec, name="Wiki", domain_names=("b.example.com", "a.example.com")
    )


@pytest.mark.parametrize(
    "domain", ["*.example.com", ".example.com", "192.0.2.7", "wiki", "bücher.de"]
)
def test_domain_is_a_host_or_a_whole_domain(domain: str) -> None:
    assert check_application(replace(SEGMENT, domain_names=(domain,))).domain_names == (domain,)


@pytest.mark.parametrize(
    ("field", "spec"),
    [
        ("name", replace(SEGMENT, name=" ")),
        ("name", replace(SEGMENT, name="n" * 256)),
        ("description", replace(SEGMENT, description="d" * 2_001)),
        ("domainNames", replace(SEGMENT, domain_names=())),
        ("domainNames", replace(SEGMENT, domain_names=("x",) * (DOMAIN_NAMES_LIMIT + 1))),
        *(
            ("domainNames", replace(SEGMENT, domain_names=("a.example.com", bad)))
            for bad in ("", "*", "a b", "https://a", "a/b", "a*.example.com", "**.example.com")
        ),
    ],
)
def test_bad_value_is_named(field: str, spec: ApplicationSpec) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_application(spec)

    assert refusal.value.field == field
