"""Cells that a spreadsheet would run are made text; others stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.csv_safety import neutral_cell


@pytest.mark.parametrize("text", ["", "Wiki", "a=1", "it's", "1+1", "日本", "{}"])
def test_plain_text_stays(text: str) -> None:
    assert neutral_cell(text) == text


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "  =1", "\uff1d1"])
def test_formula_is_made_text(text: str) -> None:
    assert neutral_cell(text) == f"'{text}"


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", "\ufeff", "\u2060 ", " \u00ad", "\u3164"])
def test_formula_behind_unseen_characters_is_made_text(unseen: str) -> None:
    assert neutral_cell(f"{unseen}=1+1") == f"'{unseen}=1+1"
    assert neutral_cell(f"{unseen}Wiki") == f"{unseen}Wiki"


@given(st.text())
def test_no_cell_starts_a_formula(text: str) -> None:
    assert not neutral_cell(text).lstrip().startswith(("=", "+", "-", "@"))
