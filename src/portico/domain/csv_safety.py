"""Makes CSV cells safe to open in a spreadsheet, which can run a cell as a formula."""

from __future__ import annotations

from portico.domain.characters import strip_unseen_start

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def neutral_cell(text: str) -> str:
    """Return the text, with an apostrophe before it if a spreadsheet could run it.

    White space and invisible characters are skipped: some spreadsheets run a formula after them.
    """
    is_formula = text.startswith(_FORMULA_STARTS) or strip_unseen_start(text).startswith(
        _FORMULA_STARTS
    )
    return f"'{text}" if is_formula else text
