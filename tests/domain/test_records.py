"""Ids that only grow, the case-free form of text, and the rules of names."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portico.domain.errors import InvalidField
from portico.domain.records import (
    MAX_ID,
    TimeOrderedIds,
    check_name,
    check_text,
    fold,
    fold_ascii,
    natural_key,
)

NOW = 1_780_000_000.0


class SetClock:
    """A clock that shows the given moments, and the last of them for ever."""

    def __init__(self, *moments: float) -> None:
        self.moments = list(moments)

    def __call__(self) -> float:
        return self.moments.pop(0) if len(self.moments) > 1 else self.moments[0]


def ids_at(moments: Iterable[float], node: int = 1) -> list[int]:
    """One id for each of the moments."""
    times = list(moments)
    source = TimeOrderedIds(node, SetClock(*times))
    return [source() for _ in times]


def test_ids_of_one_moment_grow() -> None:
    ids = ids_at([NOW] * 5_000)

    assert all(earlier < later for earlier, later in pairwise(ids))


@given(st.lists(st.floats(min_value=0, max_value=3.7e9), min_size=2, max_size=50))
@settings(max_examples=200, deadline=None)
@example([NOW, NOW - 3_600, NOW - 3_599, NOW + 1])
@example([0.0, 0.0])
def test_ids_grow_also_when_the_clock_steps_back(moments: list[float]) -> None:
    ids = ids_at(moments)

    assert all(earlier < later for earlier, later in pairwise(ids))
    assert all(0 < each <= MAX_ID for each in ids)


def test_ids_of_two_nodes_never_meet() -> None:
    moments = [NOW, NOW, NOW - 5, NOW + 0.001] * 1_000

    sets = [set(ids_at(moments, node)) for node in (1, 2, 4_095, 4_096)]

    assert len(set.union(*sets)) == sum(map(len, sets))


def test_ids_are_ordered_by_time_across_nodes() -> None:
    earlier = ids_at([NOW], node=4_095)
    later = ids_at([NOW + 0.001], node=1)

    assert earlier < later


def test_ids_stay_below_63_bits_for_a_lifetime() -> None:
    last = ids_at([1_577_836_800 + 68 * 365.25 * 86_400], node=4_095)

    assert 2**62 < last[0] <= MAX_ID


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wiki", "wIKI"),
        ("STRASSE", "Straße"),
        ("ÉCOLE", "e\u0301cole"),
        ("ΟΔΟΣ", "οδος"),
        ("οδος", "οδοσ"),
        ("ﬁle", "FILE"),
        ("İ", "i\u0307"),
        ("\u212a", "k"),
        ("Å", "\u212b"),
        ("Dž", "DŽ"),
        ("\u1fb7", "\u1fbc\u0342"),
    ],
)
def test_fold_ignores_case_and_composition(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("wiki", "wiki "), ("e", "é"), ("ss", "s"), ("i", "\u0131"), ("\uff41", "a"), ("a_b", "a%b")],
)
def test_fold_keeps_different_texts_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_fold_is_the_same_for_every_composition(text: str) -> None:
    folded = fold(text)

    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded
    assert fold(unicodedata.normalize("NFC", text)) == folded


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_ascii_fold_changes_capitals_alone(text: str) -> None:
    folded = fold_ascii(text)

    assert len(folded) == len(text)
    assert all(
        new == (old.lower() if "A" <= old <= "Z" else old)
        for old, new in zip(text, folded, strict=True)
    )


def test_numbers_within_names_sort_by_value() -> None:
    ordered = [
        "",
        "2 km",
        "10 km",
        "Pump",
        "pump 3b",
        "Pump 20",
        "PUMP 100",
        "Pump 100.2",
        "Pump x",
    ]

    assert sorted(reversed(ordered), key=natural_key) == ordered
    assert natural_key("Pump 007") == natural_key("PUMP 7") == ("pump ", 7, "")


@pytest.mark.parametrize("text", ["a\0", "\x1b[0m", "\x7f", "\x85", "\x9f", "a\nb", "\t", "\ud800"])
def test_text_of_one_line_has_no_control_character(text: str) -> None:
    with pytest.raises(InvalidField, match=r"control character U\+[0-9A-F]{4}"):
        check_text("name", text, 255)


def test_text_of_several_lines_may_have_line_ends_and_tabs() -> None:
    assert check_text("description", "a\r\n\tb", 255, multiline=True) == "a\r\n\tb"
    with pytest.raises(InvalidField, match=r"U\+000B"):
        check_text("description", "a\vb", 255, multiline=True)


def test_text_is_counted_in_characters() -> None:
    assert check_text("name", "🎉" * 255, 255) == "🎉" * 255
    with pytest.raises(InvalidField, match="256 characters; at most 255"):
        check_text("name", "🎉" * 256, 255)


@pytest.mark.parametrize("name", ["", " ", "\n\t", "\u3000", "\u2003\u00a0"])
def test_name_of_white_space_is_missing(name: str) -> None:
    with pytest.raises(InvalidField, match="required") as refusal:
        check_name(name)

    assert refusal.value.params == ("name",)
