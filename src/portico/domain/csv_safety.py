"""Cells of a CSV file that no spreadsheet takes for a formula."""

from __future__ import annotations

from portico.domain.characters import strip_unseen_start

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def neutral_cell(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would run it.

    White space and invisible characters before a formula do not stop every spreadsheet from running
    it, so they are looked through.
    """
    runs = text.startswith(_FORMULA_STARTS) or strip_unseen_start(text).startswith(_FORMULA_STARTS)
    return f"'{text}" if runs else text
