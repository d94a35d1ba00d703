"""Every link without a picture has its letter and its colour."""

from __future__ import annotations

import pytest

from portico.domain.links.icons import tile_hue, tile_letter


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("Wiki", "W"),
        ("  éclair", "É"),
        ("<img src=x>", "I"),
        ("3D printers", "3"),
        ("شبكة المياه", "ش"),
        ("ßharp", "ß"),
        ("…", "·"),
        ("e\u0301clair", "É"),
    ],
)
def test_letter_is_the_first_letter_or_digit(name: str, letter: str) -> None:
    assert tile_letter(name) == letter


@pytest.mark.parametrize(
    ("name", "hue"),
    [("Meeting rooms", 10), ("Translate", 1), ("Expenses", 4), ("Permit to work", 8)],
)
def test_hue_never_changes(name: str, hue: int) -> None:
    assert tile_hue(name) == hue
    assert tile_hue(f" {name.upper()} ") == hue


def test_hue_is_the_same_for_every_form_of_a_letter() -> None:
    assert tile_hue("Café") == tile_hue("Cafe\u0301")
