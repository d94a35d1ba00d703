"""Files of comma-separated values for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, Iterable, Sequence

from portico.asgi.streaming import Download
from portico.web.shared.pages import PAGE_HEADERS

Row = Sequence[str]

# Spreadsheets recognise UTF-8 by the byte order mark.
_BYTE_ORDER_MARK = "\ufeff".encode()


def csv_start(header: Row) -> bytes:
    """Return the beginning of a file, with the names of its columns."""
    return _BYTE_ORDER_MARK + csv_lines([header])


def csv_lines(rows: Iterable[Row]) -> bytes:
    """Return the lines of some rows."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def csv_download(name: str, parts: AsyncGenerator[bytes]) -> Download:
    """Return the answer that sends a file part by part, while it is made."""
    return Download(name, "text/csv; charset=utf-8", PAGE_HEADERS, parts)
