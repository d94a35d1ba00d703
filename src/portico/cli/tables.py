"""Tables of list commands: fitted to a terminal, complete for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below headings. The first column, an id or a name, is never wrapped.

    If standard output is not a terminal, tabs separate the columns and nothing is wrapped or cut,
    so that `cut -f1` and `awk -F'\\t'` read whole values.
    """
    if not sys.stdout.isatty():
        for row in (headings, *rows):
            click.echo("\t".join(row))
        return
    # Imported here because it would add 80 ms to every start of the server.
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column(headings[0], no_wrap=True), *headings[1:], box=None)
    for row in rows:
        table.add_row(*row)
    Console(markup=False, emoji=False, highlight=False).print(table)


def moment(seconds: int | None) -> str:
    """Return epoch seconds as text in UTC, or "" for None."""
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
