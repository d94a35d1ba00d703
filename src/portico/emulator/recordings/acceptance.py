"""Differences that a project accepts: a YAML file that says for each why it is right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portico.emulator.recordings.comparing import Difference
from portico.emulator.recordings.exchanges import RecordingError
from portico.emulator.recordings.reading import parse_yaml, read_text

_MEMBERS = {"operation", "path", "reason"}


@dataclass
class AcceptedDifference:
    """One entry. In `path` and `operation`, `*` stands for any text."""

    path: str
    operation: str
    reason: str
    uses: int = field(default=0, compare=False)

    def covers(self, operation: str, difference: Difference) -> bool:
        """Return whether the entry accepts a difference."""
        return _matches(self.operation, operation) and _matches(self.path, difference.path)


class Acceptance:
    """The entries of a file, and how often each was used."""

    def __init__(self, entries: list[AcceptedDifference]) -> None:
        self._entries = entries

    def accepts(self, operation: str, difference: Difference) -> bool:
        """Return whether the first entry that covers a difference exists, and count its use."""
        for entry in self._entries:
            if entry.covers(operation, difference):
                entry.uses += 1
                return True
        return False

    @property
    def unused(self) -> list[AcceptedDifference]:
        """The entries that accepted nothing."""
        return [entry for entry in self._entries if not entry.uses]


def read_acceptance(path: Path) -> Acceptance:
    """Return the entries of a file. Raises RecordingError that says which entry is wrong."""
    document = parse_yaml(read_text(path), str(path))
    entries = document.get("accepted") if isinstance(document, Mapping) else None
    if not isinstance(entries, list):
        raise RecordingError(
            f"{path}: It must have a list `accepted`, whose entries have path, operation and "
            "reason."
        )
    return Acceptance(
        [_entry(each, f"{path}, entry {number}") for number, each in enumerate(entries, start=1)]
    )


def _entry(entry: object, where: str) -> AcceptedDifference:
    if not isinstance(entry, Mapping):
        raise RecordingError(f"{where}: It must have path, operation and reason.")
    unknown = sorted(str(name) for name in entry.keys() - _MEMBERS)
    if unknown:
        raise RecordingError(f"{where}: {unknown[0]} is unknown. Use path, operation and reason.")
    texts = {name: str(entry.get(name) or "").strip() for name in _MEMBERS}
    missing = sorted(name for name, text in texts.items() if not text)
    if missing:
        raise RecordingError(f"{where}: It has no {missing[0]}.")
    return AcceptedDifference(
        path=texts["path"], operation=texts["operation"], reason=texts["reason"]
    )


def _matches(pattern: str, text: str) -> bool:
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, text) is not None
