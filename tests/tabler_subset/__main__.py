"""Writes the part of Tabler's stylesheet that the console uses: `scripts/tabler`."""

from __future__ import annotations

from tests.tabler_subset.subset import OUT, make_subset

if __name__ == "__main__":
    OUT.write_text(make_subset())
