"""Reads pasted lines and CSV into rows of new links. The services check them later."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from portico.web.console.links.addresses import split_address

DELIMITERS = ("\t", ";", ",")
# The bound on the scheme prevents quadratic time for long words.
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
    "keywords": "keywords",
    "keyword": "keywords",
}
COLUMNS = ("name", "url", "description", "portals", "section", "keywords")
"""The columns of a row, in the order of a paste without headings."""


class PastedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row as text. Semicolons separate portals and keywords.

    `problem` says why a row is not readable; its columns are then empty.
    """

    name: str = ""
    url: str = ""
    description: str = ""
    portals: str = ""
    section: str = ""
    keywords: str = ""
    problem: str = ""

    @property
    def portal_names(self) -> list[str]:
        """The distinct names of the row's portals."""
        names = (each.strip() for each in re.split(r"[;|]", self.portals))
        return list(dict.fromkeys(name for name in names if name))


def read_rows(text: str) -> list[PastedRow]:
    """Return the rows of a paste: one link on each line, or columns with or without headings."""
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if not lines:
        return []
    delimiter = _delimiter(lines)
    if delimiter is None:
        return [_from_line(line.strip()) for line in lines]
    # csv reads the whole text, because quoted cells can have line breaks.
    # A quote after a comma and a space still begins a quoted cell.
    reader = csv.reader(
        text.lstrip("\ufeff").splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True
    )
    rows = [cells for cells in _cells(reader) if cells is None or any(map(str.strip, cells))]
    headings = [_HEADINGS.get(cell.strip().lower(), "") for cell in rows[0] or ()]
    if "url" in headings:
        return [_from_columns(headings, cells) if cells else _unreadable() for cells in rows[1:]]
    return [_from_cells(cells) if cells else _unreadable() for cells in rows]


def write_rows(rows: Iterable[PastedRow]) -> str:
    """Return rows as a paste from which the same rows are read."""
    return "\n".join(
        "\t".join(getattr(row, each).replace("\t", " ") for each in COLUMNS).rstrip("\t")
        for row in rows
    )


def _cells(reader: Iterator[list[str]]) -> Iterator[list[str] | None]:
    """Yield the cells of each row; None for a row with a cell over the limit of csv."""
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
    """Return the delimiter of most lines, or None when each line is one link."""
    common = [each for each in DELIMITERS if sum(each in line for line in lines) * 2 > len(lines)]
    # A cell can contain another delimiter, as in "Staff; Crew"; the first one separates columns.
    first = next((line for line in lines if any(each in line for each in common)), "")
    return min((each for each in common if each in first), key=first.index, default=None)


def _from_line(line: str) -> PastedRow:
    """Return a row from a line with an address, a name, or both in any order."""
    match = _URL.search(line)
    if match is None:
        words = [word for word in line.split() if _HOST.match(word)]
        address = words[-1] if words else ""
    else:
        address = match[0]
    name = " ".join(line.replace(address, " ", 1).split()) if address else line
    name = name.strip("-\N{EN DASH}\N{EM DASH}|: ")
    return PastedRow(name=name or _name_of(address), url=address)


def _from_cells(cells: Sequence[str]) -> PastedRow:
    """Return a row from cells in the usual order, or with the address before the name."""
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
    """Return the host of an address as a name."""
    return split_address(address).host.partition(":")[0].removeprefix("www.")
