"""Invisible characters: refused in new names, unless a script or an emoji needs them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.characters import check_visible, hidden_position, is_invisible, without_hidden
from portico.domain.errors import InvalidField
from portico.domain.records import check_new_name

WRITTEN_WITH_THEM = [
    "ن\u0627م\u0647\u200c\u0627ی",  # Persian: a letter, ZWNJ, an alef
    "می\u200cخو\u0627\u0647م",
    "क्\u200dष",  # Devanagari: virama, ZWJ
    "क्\u200cष",
    "ශ්\u200dරී",  # Sinhala
    "ب\u0650\u200cب",  # a vowel sign between the letter and the ZWNJ
    "👨\u200d👩\u200d👧 Family",
    "🏳\ufe0f\u200d🌈",
    "👩🏽\u200d⚕\ufe0f Health",
    "❤\ufe0f",
    "☎\ufe0e",
    "1\ufe0f\u20e3",
    "\u2139\ufe0f Help",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
]
HIDDEN = [
    ("Pay\u202eroll", 4, "bidirectional control U+202E"),
    ("\u2067Pay", 1, "bidirectional control U+2067"),
    ("Pay\u200f", 4, "bidirectional control U+200F"),
    ("Pay\u061croll", 4, "bidirectional control U+061C"),
    ("Pay\u200broll", 4, "invisible character U+200B"),
    ("Pay\u200droll", 4, "invisible character U+200D"),
    ("Pay\u200croll", 4, "invisible character U+200C"),
    ("Pay\u00adroll", 4, "invisible character U+00AD"),
    ("Pay\ufe0froll", 4, "invisible character U+FE0F"),
    ("1\ufe0f", 2, "invisible character U+FE0F"),
    ("\ufeffPay", 1, "invisible character U+FEFF"),
    ("\u3164", 1, "invisible character U+3164"),
    ("\u2800", 1, "invisible character U+2800"),
    ("a\u2028b", 2, "invisible character U+2028"),
    ("Pay\U000e0061", 4, "invisible character U+E0061"),
    ("🏴\U000e0067", 2, "invisible character U+E0067"),
    ("\u0627\u200cب", 2, "invisible character U+200C"),  # an alef joins nothing after it
    ("👨\u200d", 2, "invisible character U+200D"),
    ("\u200d👩", 1, "invisible character U+200D"),
    ("नमस्ते\u200d", 7, "invisible character U+200D"),
]


@pytest.mark.parametrize("name", [*WRITTEN_WITH_THEM, "Wiki", "Łódź", "日本", "שלום", "سل\u0627م"])
def test_what_is_written_with_them_stays(name: str) -> None:
    assert check_new_name(name) == name


@pytest.mark.parametrize(("name", "place", "what"), HIDDEN)
def test_hidden_character_is_named_with_its_place(name: str, place: int, what: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_new_name(name, name="portico.section")

    assert refusal.value.field == "portico.section"
    assert refusal.value.why == f"Character {place} is the {what}; remove it."


@pytest.mark.parametrize(("name", "place", "what"), HIDDEN)
def test_stored_name_passes_until_it_is_changed(name: str, place: int, what: str) -> None:
    assert check_new_name(name, stored=name) == name
    with pytest.raises(InvalidField):
        check_new_name(f"{name} 2", stored=name)


def test_every_bidirectional_control_is_refused() -> None:
    controls = [
        chr(code)
        for code in range(0x11_0000)
        if unicodedata.bidirectional(chr(code))
        in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    ]

    assert len(controls) == 9
    for control in (*controls, "\u200e", "\u200f", "\u061c"):
        with pytest.raises(InvalidField, match="bidirectional control"):
            check_visible("name", f"a{control}b")


@given(st.text())
def test_nothing_hidden_is_left_after_removal(text: str) -> None:
    kept = without_hidden(text)

    assert hidden_position(kept) is None
    assert [each for each in text if not is_invisible(each)] == [
        each for each in kept if not is_invisible(each)
    ]
