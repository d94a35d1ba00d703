"""Keys that sign tokens: the newest signs, older ones verify for the length of an overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from portico.domain.tenancy.identity import SigningKey
from portico.services.runtime import Runtime
from portico.services.tenancy import signing_keys
from tests.harness import upgrade
from tests.services.world import START
from tests.storage.store import Store, opened

OVERLAP = 3_660


@pytest.fixture
def installation(empty_url: str) -> Iterator[Store]:
    """An installation of its own: keys belong to a whole installation, not to one tenant."""
    upgrade(empty_url)
    with opened(empty_url) as made:
        yield made


@pytest.fixture
def first_key(installation: Store) -> SigningKey:
    """The first key of the installation, made at START."""
    installation.run(
        signing_keys.ensure_signing_key(operator_at(installation, START), overlap=OVERLAP)
    )
    return keys(installation)[0]


def operator_at(store: Store, now: float) -> Runtime:
    """The operator at a moment of its own."""
    return replace(store.runtime, clock=lambda: now, new_id=store.ids)


def rotate(store: Store, now: float, *, overlap: int = OVERLAP) -> SigningKey:
    """The new key of a rotation at a moment."""
    return store.run(signing_keys.rotate_signing_keys(operator_at(store, now), overlap=overlap))


def keys(store: Store) -> list[SigningKey]:
    """Every signing key, newest first."""
    return store.run(signing_keys.SigningKeys(store.database, store.cipher).current())


def test_first_signing_key_is_made_once(installation: Store, first_key: SigningKey) -> None:
    later = operator_at(installation, START + 60)

    installation.run(signing_keys.ensure_signing_key(later, overlap=OVERLAP))

    assert keys(installation) == [first_key]
    assert first_key.retire_time is None
    assert len(first_key.secret) >= 43


def test_rotated_key_verifies_for_the_overlap(installation: Store, first_key: SigningKey) -> None:
    second = rotate(installation, START + 60)

    newest, older = keys(installation)
    assert newest == second
    assert newest.retire_time is None
    assert newest.secret != older.secret
    assert (older.id, older.secret) == (first_key.id, first_key.secret)
    assert older.retire_time == START + 60 + OVERLAP


def test_second_rotation_leaves_the_first_overlap(
    installation: Store, first_key: SigningKey
) -> None:
    second = rotate(installation, START + 60)
    third = rotate(installation, START + 120)

    assert {key.id: key.retire_time for key in keys(installation)} == {
        third.id: None,
        second.id: START + 120 + OVERLAP,
        first_key.id: START + 60 + OVERLAP,
    }


def test_rotation_forgets_keys_that_have_retired(
    installation: Store, first_key: SigningKey
) -> None:
    second = rotate(installation, START + 60)
    third = rotate(installation, START + 60 + OVERLAP)

    assert [key.id for key in keys(installation)] == [third.id, second.id]


def test_rotation_without_overlap_ends_leaked_keys_at_once(
    installation: Store, first_key: SigningKey
) -> None:
    second = rotate(installation, START + 60)
    third = rotate(installation, START + 120, overlap=0)

    assert {key.id: key.retire_time for key in keys(installation)} == {
        third.id: None,
        second.id: START + 120,
        first_key.id: START + 120,
    }


def test_newest_key_signs_also_when_the_clock_stepped_back(
    installation: Store, first_key: SigningKey
) -> None:
    second = rotate(installation, START - 3_600)

    newest, older = keys(installation)
    assert (newest.id, newest.retire_time) == (second.id, None)
    assert (older.id, older.retire_time) == (first_key.id, START - 3_600 + OVERLAP)
