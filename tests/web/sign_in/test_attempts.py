"""The signed cookie of a sign-in attempt: whom it is valid for, and until when."""

from __future__ import annotations

import pytest

from portico.domain.tenancy.identity import SigningKey
from portico.web.sign_in.attempts import SignInAttempt, read_attempt, sign_attempt

NOW = 1_700_000_000
NEW = SigningKey(id=2, secret="new", creation_time=NOW)
OLD = SigningKey(id=1, secret="old", creation_time=0, retire_time=NOW + 60)
ATTEMPT = SignInAttempt(
    state="s",
    nonce="n",
    verifier="v",
    provider_id=5,
    customer_id=7,
    portal="staff",
    next="/p/staff",
    expires=NOW + 600,
)


def test_attempt_is_read_by_its_browser_until_it_expires() -> None:
    value = sign_attempt(ATTEMPT, "browser", [NEW, OLD])

    assert read_attempt(value, "browser", [NEW, OLD], NOW + 599) == ATTEMPT
    assert read_attempt(value, "browser", [NEW, OLD], NOW + 600) is None
    assert read_attempt(value, "another browser", [NEW, OLD], NOW) is None
    assert read_attempt(value, "", [NEW, OLD], NOW) is None


def test_cookie_without_a_browser_token_is_never_valid() -> None:
    assert read_attempt(sign_attempt(ATTEMPT, "", [NEW]), "", [NEW], NOW) is None


def test_key_is_good_until_it_retires() -> None:
    value = sign_attempt(ATTEMPT, "browser", [OLD])

    assert read_attempt(value, "browser", [NEW, OLD], NOW + 59) == ATTEMPT
    assert read_attempt(value, "browser", [NEW, OLD], NOW + 60) is None
    assert read_attempt(value, "browser", [NEW], NOW) is None


@pytest.mark.parametrize("value", ["", ".", "2", "2.", "2..", "2.e30=.", "2.e30=.\u00fc\ud800"])
def test_text_that_was_not_signed_is_no_attempt(value: str) -> None:
    assert read_attempt(value, "browser", [NEW], NOW) is None


def test_cookie_with_the_longest_way_back_fits_into_a_browser() -> None:
    longest = sign_attempt(
        SignInAttempt(
            state="s" * 43,
            nonce="n" * 43,
            verifier="v" * 64,
            provider_id=2**63 - 1,
            customer_id=2**63 - 1,
            portal="p" * 253,
            next="/" + "n" * 2_047,
            expires=NOW,
        ),
        "browser",
        [SigningKey(id=2**63 - 1, secret="x", creation_time=0)],
    )

    assert len(longest) < 4_000
