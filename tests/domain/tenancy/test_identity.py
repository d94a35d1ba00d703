"""Secrets of API clients: strong, shown once, stored as what nobody can turn back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.domain.tenancy.identity import fingerprint, hash_secret, new_secret, secret_matches


def test_new_secret_is_256_bits_of_url_safe_text() -> None:
    secrets = {new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in secrets)


@given(st.text(min_size=1), st.text())
@settings(max_examples=100, deadline=None)
def test_stored_secret_is_matched_by_itself_alone(secret: str, other: str) -> None:
    stored = hash_secret(secret)

    assert secret_matches(stored, secret)
    assert secret_matches(stored, other) is (other == secret)


def test_stored_secret_does_not_show_it() -> None:
    secret = new_secret()

    assert secret not in hash_secret(secret)
    assert hash_secret(secret) != hash_secret(secret)


@pytest.mark.parametrize("stored", ["", "$", "$$", "hmac-sha256", "hmac-sha256$$", "plain$a$b"])
def test_client_without_a_stored_secret_matches_none(stored: str) -> None:
    assert not any(secret_matches(stored, secret) for secret in ("", "a", "b", stored))


def test_stored_secret_cannot_be_presented_itself() -> None:
    stored = hash_secret(new_secret())

    assert not secret_matches(stored, stored)
    assert not any(secret_matches(stored, part) for part in stored.split("$"))


def test_odd_text_is_no_secret() -> None:
    stored = hash_secret("secret")

    assert not any(secret_matches(stored, odd) for odd in ("", "\0", "\ud83d", "é", "s" * 100_000))


def test_fingerprint_tells_bodies_apart() -> None:
    assert fingerprint(b'{"name":"a"}') == fingerprint(b'{"name":"a"}')
    assert fingerprint(b'{"name":"a"}') != fingerprint(b'{"name":"b"}')
