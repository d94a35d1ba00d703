"""Makes CSV cells safe to open in a spreadsheet, which can run a cell as a formula."""

from __future__ import annotations

from portico.domain.characters import strip_unseen_start

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_MARK = "'"


def neutral_cell(text: str) -> str:
    """Return the text, with an apostrophe before it if a spreadsheet could run it.

    White space and invisible characters are skipped: some spreadsheets run a formula after them.
    A text that starts with an apostrophe gets another one, so that `original_cell` can tell.
    """
    is_formula = text.startswith(_FORMULA_STARTS) or strip_unseen_start(text).startswith(
        _FORMULA_STARTS
    )
    return f"{_MARK}{text}" if is_formula or text.startswith(_MARK) else text


def original_cell(cell: str) -> str:
    """Return the text of a cell: without the apostrophe that `neutral_cell` puts before it."""
    text = cell.removeprefix(_MARK)
    return text if neutral_cell(text) == cell else cell
