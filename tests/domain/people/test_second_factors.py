"""Codes of authenticator apps by the test vectors of RFC 6238, and recovery codes."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from portico.domain.errors import InvalidField
from portico.domain.people.second_factors import (
    check_factor_name,
    check_totp_secret,
    matching_step,
    new_recovery_codes,
    new_totp_secret,
    otpauth_address,
    recovery_digest,
    totp_code,
)

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_VECTORS = {  # RFC 6238, appendix B, SHA-1; the last six of its eight digits
    59: "94287082",
    1_111_111_109: "07081804",
    1_111_111_111: "14050471",
    1_234_567_890: "89005924",
    2_000_000_000: "69279037",
    20_000_000_000: "65353130",
}
NOW = 1_111_111_111
STEP = NOW // 30


@pytest.mark.parametrize(("moment", "code"), RFC_VECTORS.items())
def test_codes_are_those_of_the_rfc(moment: int, code: str) -> None:
    assert totp_code(RFC_SECRET, moment // 30) == code[-6:]


@pytest.mark.parametrize(("skew", "accepted"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_one_step_of_skew_is_accepted(skew: int, accepted: bool) -> None:
    code = totp_code(RFC_SECRET, STEP + skew)

    found = matching_step(RFC_SECRET, code, NOW, after=0)

    assert found == (STEP + skew if accepted else None)


def test_a_step_is_used_up_with_those_before_it() -> None:
    code, earlier = totp_code(RFC_SECRET, STEP), totp_code(RFC_SECRET, STEP - 1)

    assert matching_step(RFC_SECRET, f" {code[:3]} {code[3:]}", NOW, after=STEP - 1) == STEP
    assert matching_step(RFC_SECRET, code, NOW, after=STEP) is None
    assert matching_step(RFC_SECRET, earlier, NOW, after=STEP) is None


@pytest.mark.parametrize("typed", ["", "12345", "x" * 5_000, "\ud800", "٠٥٠٤٧١"])
def test_anything_else_is_no_code(typed: str) -> None:
    assert matching_step(RFC_SECRET, typed, NOW, after=0) is None


def test_secrets_have_160_bits_and_differ() -> None:
    first, second = new_totp_secret(), new_totp_secret()

    assert first != second
    assert check_totp_secret(first) == first
    for other in ("", "short", first[:-8], f"{first}AAAAAAAA", "0" * 32, "é" * 32):
        with pytest.raises(InvalidField):
            check_totp_secret(other)


def test_address_for_an_app_names_the_account() -> None:
    parts = urlsplit(otpauth_address(RFC_SECRET, issuer="Portico", account="ada: Ö&co"))

    assert (parts.scheme, parts.netloc, parts.path) == (
        "otpauth",
        "totp",
        "/Portico:ada%3A%20%C3%96%26co",
    )
    assert parse_qs(parts.query) == {"secret": [RFC_SECRET], "issuer": ["Portico"]}


def test_recovery_codes_are_found_however_they_are_typed() -> None:
    codes = new_recovery_codes()

    assert len(set(codes)) == 10
    assert {len(each) for each in codes} == {19}
    stored = recovery_digest(7, codes[0])
    assert recovery_digest(7, f" {codes[0].upper().replace('-', ' ')} ") == stored
    assert recovery_digest(8, codes[0]) != stored
    assert codes[0] not in stored


def test_name_of_a_factor() -> None:
    assert check_factor_name("  Phone ", "App") == "Phone"
    assert check_factor_name(" ", "App") == "App"
    for name in ("x" * 61, "a\0b", "a\u200bb"):
        with pytest.raises(InvalidField):
            check_factor_name(name, "App")
