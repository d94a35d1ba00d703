"""Rules of acceptable use policies, which clients compare byte for byte."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from portico.domain.errors import InvalidField
from portico.domain.policies import AUP_LIMIT, BLANK_CHARACTERS, AupSpec, check_aup

POLICY = AupSpec(
    name=" Policy ",
    description="one\r\ntwo",
    enabled=True,
    aup="# Heading\n\n* point\t&amp; <b>",
    email="help@example.com",
    phone_num="+1 123-1458",
)

REFUSED = {
    "name over 255": ("name", replace(POLICY, name="n" * 256)),
    "name with a line feed": ("name", replace(POLICY, name="a\nb")),
    "description over 2000": ("description", replace(POLICY, description="d" * 2_001)),
    "text over 65536": ("aup", replace(POLICY, aup="a" * (AUP_LIMIT + 1))),
    "text with a zero byte": ("aup", replace(POLICY, aup="a\0b")),
    "text with half a surrogate pair": ("aup", replace(POLICY, aup="\ud83d")),
    "email over 255": ("email", replace(POLICY, email="e" * 256)),
    "email with a line feed": ("email", replace(POLICY, email="a@example.com\nBcc: b")),
    "telephone over 255": ("phoneNum", replace(POLICY, phone_num="1" * 256)),
    "telephone with an escape": ("phoneNum", replace(POLICY, phone_num="\x1b")),
}


@pytest.mark.parametrize(
    "spec",
    [POLICY, AupSpec(), replace(POLICY, name="n" * 255, aup="a" * AUP_LIMIT)],
    ids=["every field", "no field", "longest"],
)
def test_policy_is_kept_byte_for_byte(spec: AupSpec) -> None:
    assert check_aup(spec) == spec


@pytest.mark.parametrize(("field", "spec"), REFUSED.values(), ids=REFUSED)
def test_policy_that_breaks_a_rule_names_the_field(field: str, spec: AupSpec) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_aup(spec)

    assert refusal.value.params == (field,)


def test_blank_characters_are_those_of_python() -> None:
    every = "".join(each for each in map(chr, range(sys.maxunicode + 1)) if each.isspace())

    assert every == BLANK_CHARACTERS
