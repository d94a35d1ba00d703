"""Reading pasted lines and CSV as rows of new links. Nothing is judged here, only told apart."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from portico.web.console.links.addresses import split_address

DELIMITERS = ("\t", ";", ",")
# A scheme is short: without a bound, a long word would be read anew from each of its letters.
_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{0,30}://\S+)")
_HOST = re.compile(r"(?=[^\s]*[A-Za-z])[^\s,;@]+\.[A-Za-z0-9-]{2,}(?::\d+)?(?:[/?#]\S*)?\Z")
_HEADINGS: Mapping[str, str] = {
    "name": "name",
    "title": "name",
    "url": "url",
    "link": "url",
    "address": "url",
    "description": "description",
    "portals": "portals",
    "portal": "portals",
    "section": "section",
}
COLUMNS = ("name", "url", "description", "portals", "section")
"""The columns of a row, in the order that a paste without headings has."""


@dataclass(frozen=True, kw_only=True)
class PastedRow:
    """One row as text; portals are separated by semicolons.

    `problem` says why a row could not be read; its columns are then empty.
    """

    name: str = ""
    url: str = ""
    description: str = ""
    portals: str = ""
    section: str = ""
    problem: str = ""

    @property
    def portal_names(self) -> list[str]:
        """The names of portals that the row has, each once."""
        names = (each.strip() for each in re.split(r"[;|]", self.portals))
        return list(dict.fromkeys(name for name in names if name))


def read_rows(text: str) -> list[PastedRow]:
    """The rows of a paste: one link in a line, or columns, with or without a row of headings."""
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if not lines:
        return []
    delimiter = _delimiter(lines)
    if delimiter is None:
        return [_from_line(line.strip()) for line in lines]
    # csv reads the text as a whole, since a quoted cell may hold line breaks.
    # People write a space after a comma; a quote behind it still begins a quoted cell.
    reader = csv.reader(
        text.lstrip("\ufeff").splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True
    )
    rows = [cells for cells in _cells(reader) if cells is None or any(map(str.strip, cells))]
    headings = [_HEADINGS.get(cell.strip().lower(), "") for cell in rows[0] or ()]
    if "url" in headings:
        return [_from_columns(headings, cells) if cells else _unreadable() for cells in rows[1:]]
    return [_from_cells(cells) if cells else _unreadable() for cells in rows]


def write_rows(rows: Iterable[PastedRow]) -> str:
    """Rows as a paste that reads the same, for going back to it."""
    return "\n".join(
        "\t".join(getattr(row, each).replace("\t", " ") for each in COLUMNS).rstrip("\t")
        for row in rows
    )


def _cells(reader: Iterator[list[str]]) -> Iterator[list[str] | None]:
    """The cells of each row; None for a row with a cell over csv's limit, which is skipped."""
    while True:
        try:
            yield next(reader)
        except csv.Error:
            yield None
        except StopIteration:
            return


def _unreadable() -> PastedRow:
    limit = csv.field_size_limit()
    return PastedRow(
        problem=f"This row has a cell that is longer than {limit:,} characters. Shorten it in the "
        "paste, or leave this row out."
    )


def _delimiter(lines: Sequence[str]) -> str | None:
    """What stands between columns in most lines; None when a line is one link."""
    found = [each for each in DELIMITERS if sum(each in line for line in lines) * 2 > len(lines)]
    # A cell may hold the others, as in "Staff; Crew": the columns' own comes before them.
    first = next((line for line in lines if any(each in line for each in found)), "")
    return min((each for each in found if each in first), key=first.index, default=None)


def _from_line(line: str) -> PastedRow:
    """A line with an address and a name in any order, or either alone."""
    found = _URL.search(line)
    if found is None:
        words = [word for word in line.split() if _HOST.match(word)]
        address = words[-1] if words else ""
    else:
        address = found[0]
    name = " ".join(line.replace(address, " ", 1).split()) if address else line
    name = name.strip("-\N{EN DASH}\N{EM DASH}|: ")
    return PastedRow(name=name or _name_of(address), url=address)


def _from_cells(cells: Sequence[str]) -> PastedRow:
    """Columns in the usual order; an address in the first is told from a name."""
    values = [cell.strip() for cell in cells]
    if values and _is_address(values[0]) and not (len(values) > 1 and _is_address(values[1])):
        values = [values[1] if len(values) > 1 else "", values[0], *values[2:]]
    row = PastedRow(**dict(zip(COLUMNS, values, strict=False)))
    return row if row.name else PastedRow(**{**_values(row), "name": _name_of(row.url)})


def _from_columns(headings: Sequence[str], cells: Sequence[str]) -> PastedRow:
    named = zip(headings, cells, strict=False)
    row = PastedRow(**{name: cell.strip() for name, cell in named if name})
    return row if row.name else PastedRow(**{**_values(row), "name": _name_of(row.url)})


def _values(row: PastedRow) -> dict[str, str]:
    return {each: getattr(row, each) for each in COLUMNS}


def _is_address(text: str) -> bool:
    return bool(_URL.fullmatch(text) or _HOST.match(text))


def _name_of(address: str) -> str:
    """A name for a link that came without one: its host."""
    return split_address(address).host.partition(":")[0].removeprefix("www.")
