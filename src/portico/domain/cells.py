"""Cells of a CSV file that no spreadsheet takes for a formula."""

from __future__ import annotations

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def neutral_cell(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would run it.

    White space before a formula does not hide it, so it is looked through.
    """
    runs = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if runs else text
