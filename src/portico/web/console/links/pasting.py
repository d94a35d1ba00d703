"""Reads pasted lines and CSV into rows of links, and writes rows as CSV. It checks nothing."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from urllib.parse import quote

import msgspec

from portico.domain.csv_safety import neutral_cell, original_cell
from portico.domain.links.links import BULK_LIMIT
from portico.domain.links.presentation import PresentedLink
from portico.domain.records import DESCRIPTION_LIMIT
from portico.web.console.frame.forms import is_id
from portico.web.console.frame.moments import moment_value
from portico.web.console.links.addresses import split_address
from portico.web.shared.texts import gettext as _

DELIMITERS = ("\t", ";", ",")
LINES_OF_A_ROW = DESCRIPTION_LIMIT + 100
"""The most lines of one row. Only descriptions have line breaks."""
# The bound on the scheme prevents quadratic time for long words.
_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{0,30}://\S+)")
_HOST = re.compile(r"(?=[^\s]*[A-Za-z])[^\s,;@]+\.[A-Za-z0-9-]{2,}(?::\d+)?(?:[/?#]\S*)?\Z")
_LISTED = re.compile(r'\s*(?:"((?:[^"]|"")*)"\s*|([^;|]*))(?:[;|]|\Z)')
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
    "groups": "groups",
    "group": "groups",
    "enabled": "enabled",
    "position": "position",
    "starts": "starts",
    "ends": "ends",
    "id": "id",
}
COLUMNS = (
    *("name", "url", "description", "portals", "section", "keywords"),
    *("groups", "enabled", "position", "starts", "ends", "id"),
)
"""The columns of a row and of an export. A paste without headings has the first six."""
PASTED_COLUMNS, EXPORTED_COLUMNS = COLUMNS[:6], COLUMNS[6:]
# Spreadsheets round long numbers, but not a text like this one.
_ID_PREFIX = "link-"


class PastedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row as text, where None is a column that it does not have.

    Semicolons separate portals, groups and keywords.
    `problem` says why a row is not readable; its columns are then empty. `seen` is the version of
    the stored link that the row was compared with on the page that sends it.
    """

    name: str = ""
    url: str = ""
    description: str | None = None
    portals: str | None = None
    section: str | None = None
    keywords: str | None = None
    groups: str | None = None
    enabled: str | None = None
    position: str | None = None
    starts: str | None = None
    ends: str | None = None
    id: str | None = None
    problem: str = ""
    seen: str = ""

    @property
    def portal_names(self) -> list[str]:
        """The distinct names of the row's portals."""
        return read_list(self.portals or "")

    @property
    def group_names(self) -> list[str]:
        """The distinct names of the row's groups."""
        return read_list(self.groups or "")

    @property
    def columns(self) -> dict[str, str]:
        """The columns that the row has, as text by name."""
        values = {each: getattr(self, each) for each in COLUMNS}
        return {name: value for name, value in values.items() if value is not None}


def read_list(text: str) -> list[str]:
    """Return the distinct names of a cell; a name in double quotes can have any characters."""
    found = (
        quoted.replace('""', '"') if quoted else plain for quoted, plain in _LISTED.findall(text)
    )
    return list(dict.fromkeys(name for each in found if (name := each.strip())))


def write_list(names: Iterable[str]) -> str:
    """Return names as a cell from which `read_list` reads the same."""
    return "; ".join(
        '"' + each.replace('"', '""') + '"' if set(each) & set(';|"') else each for each in names
    )


def read_rows(text: str) -> list[PastedRow]:
    """Return the rows of a paste: one link on each line, or columns with or without headings.

    Without headings, the format of each row is found by itself. Rows beyond the limit are counted,
    not read.
    """
    lines = list(io.StringIO(text.lstrip("\ufeff"), newline=""))
    usual = _delimiters_by_use(lines)
    at = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    headings, delimiter, used = _read_headings(lines, at)
    at += used
    rows: list[PastedRow] = []
    while at < len(lines):
        used, row = 1, None
        if not lines[at].strip():
            pass
        elif len(rows) > BULK_LIMIT:
            row = PastedRow()
        elif headings:
            cells, used = _cells(lines, at, delimiter)
            row = _headed_row(cells, headings)
        else:
            row, used = _read_row(lines, at, usual)
        if row is not None:
            rows.append(row)
        at += used
    return rows


def write_rows(rows: Sequence[PastedRow]) -> str:
    """Return rows as a paste from which the same rows are read."""
    if any(getattr(row, each) is not None for row in rows for each in EXPORTED_COLUMNS):
        return write_csv(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        cells = _cells_of(row, PASTED_COLUMNS)
        while len(cells) > 1 and not cells[-1]:
            cells.pop()
        writer.writerow(cells)
    return text.getvalue()


def write_csv(rows: Iterable[PastedRow], *, headed: bool = True) -> str:
    """Return rows as CSV that is safe in a spreadsheet, with or without its headings."""
    text = io.StringIO()
    # All cells are quoted, so that white space at their ends is read again.
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    if headed:
        writer.writerow(COLUMNS)
    writer.writerows(_cells_of(row, COLUMNS) for row in rows)
    return text.getvalue()


def _cells_of(row: PastedRow, columns: Iterable[str]) -> list[str]:
    return [neutral_cell(getattr(row, each) or "") for each in columns]


def _delimiters_by_use(lines: Iterable[str]) -> list[str]:
    """Return the delimiters, those of most lines first."""
    count = Counter(each for line in lines for each in DELIMITERS if each in line)
    return sorted(DELIMITERS, key=lambda each: -count[each])


def _read_headings(lines: Sequence[str], at: int) -> tuple[list[str], str, int]:
    """Return the column of each heading, their delimiter, and their number of lines, if any."""
    for delimiter in DELIMITERS if at < len(lines) else ():
        cells, used = _cells(lines, at, delimiter)
        headings = [_HEADINGS.get(cell.strip().lower(), "") for cell in cells or ()]
        if "url" in headings:
            return headings, delimiter, used
    return [], "", 0


def _cells(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str] | None, int]:
    """Return the cells of the row that starts at a line, and its number of lines.

    A quoted cell can have line breaks. A quote that is never closed is an ordinary character.
    The cells are None if one is over the limit of csv.
    """
    reader = csv.reader(
        islice(lines, at, at + LINES_OF_A_ROW),
        delimiter=delimiter,
        skipinitialspace=True,
        strict=True,
    )
    try:
        return next(reader), reader.line_num
    except csv.Error:
        pass
    try:
        return next(csv.reader([lines[at]], delimiter=delimiter, skipinitialspace=True)), 1
    except csv.Error:
        return None, 1


def _read_row(
    lines: Sequence[str], at: int, delimiters: Sequence[str]
) -> tuple[PastedRow | None, int]:
    """Return the row without headings that starts at a line, and its number of lines.

    It has columns if one of its first two cells is an address, and nothing else is in that cell.
    A row without any address has columns if it has a delimiter.
    """
    present = [each for each in delimiters if each in lines[at]]
    for delimiter in present:
        cells, used = _cells(lines, at, delimiter)
        if cells is None or _are_columns(cells):
            return _unheaded_row(cells), used
    row = _from_line(lines[at].strip())
    if row.url or not present:
        return row, 1
    cells, used = _cells(lines, at, present[0])
    return _unheaded_row(cells), used


def _are_columns(cells: Sequence[str]) -> bool:
    values = [cell.strip() for cell in cells]
    if len(values) < 2:
        return False
    if _is_address(values[1]):
        return True
    # An address can contain a delimiter, as in https://maps.example/@52.5,13.4.
    return _is_address(values[0]) and any(map(str.isalpha, values[1]))


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
    return _readable(PastedRow(name=name or _name_of(address), url=address))


def _headed_row(cells: Sequence[str] | None, headings: Sequence[str]) -> PastedRow | None:
    """Return the row of cells below headings, or None for a blank one. An empty cell empties."""
    values = dict(zip(headings, map(original_cell, cells or ()), strict=False))
    values.pop("", None)
    texts = {name: text if name == "description" else text.strip() for name, text in values.items()}
    return _row_of(cells, texts)


def _unheaded_row(cells: Sequence[str] | None) -> PastedRow | None:
    """Return the row of cells without headings, or None for a blank one.

    An empty cell is as good as none.
    """
    texts = [original_cell(cell).strip() for cell in cells or ()]
    name, url, *others = PASTED_COLUMNS
    is_first = [_is_address(text) for text in texts[:2]] in ([True], [True, False])
    columns = (url, name, *others) if is_first else PASTED_COLUMNS
    named = dict(zip(columns, texts, strict=False))
    return _row_of(cells, {name: text for name, text in named.items() if text})


def _row_of(cells: Sequence[str] | None, texts: Mapping[str, str]) -> PastedRow | None:
    if cells is None:
        return _unreadable()
    if not any(map(str.strip, cells)):
        return None
    row = PastedRow(**texts)
    return _readable(row if row.name else msgspec.structs.replace(row, name=_name_of(row.url)))


def _unreadable() -> PastedRow:
    limit = csv.field_size_limit()
    return PastedRow(
        problem=_(
            "This row has a cell that is longer than %(limit)s characters. Shorten it in the "
            "paste, "
            "or leave this row out.",
            limit=limit,
        )
    )


def _readable(row: PastedRow) -> PastedRow:
    """Return the row, or one with a problem if it has a character that no form can send."""
    if not any("\0" in value for value in row.columns.values()):
        return row
    return PastedRow(
        problem=_(
            "This row has the character U+0000. Remove it in the paste, or leave this row out."
        )
    )


def _is_address(text: str) -> bool:
    return bool(_URL.fullmatch(text) or _HOST.match(text))


def _name_of(address: str) -> str:
    """Return the host of an address as a name."""
    return split_address(address).host.partition(":")[0].removeprefix("www.")


def row_of(link: PresentedLink, portals: Mapping[int, str]) -> PastedRow:
    """Return a stored link as a row with every column. `portals` are names by id."""
    path = link.link_path.rstrip()
    return PastedRow(
        name=link.name,
        # White space at the end of an address is lost when it is read.
        url=f"{link.protocol or 'https://'}{link.link}{path}{quote(link.link_path[len(path) :])}",
        description=link.description,
        portals=write_list(portals[each] for each in link.portal_ids if each in portals),
        section=link.presentation.section,
        keywords="; ".join(link.presentation.keywords),
        groups=write_list(link.presentation.groups),
        enabled="yes" if link.enabled else "no",
        position=str(link.presentation.order or ""),
        starts=moment_value(link.presentation.starts),
        ends=moment_value(link.presentation.ends),
        id=f"{_ID_PREFIX}{link.id}",
    )


def link_id_of(row: PastedRow) -> int:
    """Return the id of the link that a row names, or 0."""
    digits = (row.id or "").strip().removeprefix(_ID_PREFIX)
    return int(digits) if is_id(digits) else 0
