"""The ids of the stand-in: they count from a fixed start, so that every run creates the same ones.

The start is above the ids that `TimeOrderedIds` creates before 2050, so a search for recent audit
entries, which begins at the first id of a time, finds every entry.
"""

from __future__ import annotations

FIRST_ID = 4_000_000_000_000_000_001


class CountingIds:
    """An id source that returns one id after the other. `first` is the first of them."""

    def __init__(self, first: int = FIRST_ID) -> None:
        self.next = first

    def __call__(self) -> int:
        """Return the next id."""
        taken = self.next
        self.next += 1
        return taken
