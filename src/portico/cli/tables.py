"""How list commands print tables: fitted to a terminal, and whole for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below headings. The first column, an id or a name to copy, is never wrapped.

    When standard output is no terminal, columns are separated by tabs, and nothing is wrapped or
    cut, so that `cut -f1` and `awk -F'\\t'` find whole values.
    """
    if not sys.stdout.isatty():
        for row in (headings, *rows):
            click.echo("\t".join(row))
        return
    # Imported when a table is printed: it would cost every start of the server 80 ms.
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column(headings[0], no_wrap=True), *headings[1:], box=None)
    for row in rows:
        table.add_row(*row)
    Console(markup=False, emoji=False, highlight=False).print(table)


def moment(seconds: int | None) -> str:
    """Return a time of epoch seconds as the tables show it, in UTC; empty for None."""
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
