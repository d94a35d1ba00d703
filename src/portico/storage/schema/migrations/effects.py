"""What a migration does to a table that exists already, for `portico db upgrade --dry-run`.

Each migration lists its effects as `touches`, and a test compares them with the locks that
PostgreSQL takes. New tables are not listed.
"""

from __future__ import annotations

from enum import Enum


class Effect(Enum):
    """The effect that takes the strongest lock. `waiting` is what the lock on PostgreSQL stops."""

    CHANGES_ROWS = ("rows are changed", "other changes of the same rows wait")
    IS_INDEXED = ("it gets an index", "writes wait while every row is read")
    IS_REFERRED_TO = ("a new table refers to it", "writes wait for a moment")
    IS_ALTERED = (
        "columns or references are changed",
        "reads and writes wait for a moment",
    )
    IS_DROPPED = ("rows are moved to a new table", "reads and writes wait")

    def __init__(self, change: str, waiting: str) -> None:
        self.change = change
        self.waiting = waiting
