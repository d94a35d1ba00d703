"""The values that a recording declares: those that its requests sent."""

from __future__ import annotations

from portico.emulator.recordings.bindings import names_id
from portico.emulator.recordings.exchanges import Json

STAMPS = frozenset(("creationTime", "modifiedBy", "modifiedTime"))
"""What the server writes itself, although clients send it back."""


class DeclaredValues:
    """Pairs of a key and a value that were sent. A recorded answer with one repeats the request."""

    def __init__(self) -> None:
        self._sent: set[tuple[str, str | bool | int | float]] = set()

    def note(self, value: Json, key: str = "") -> None:
        """Remember every value of a request body under its key."""
        if isinstance(value, dict):
            for name, each in value.items():
                self.note(each, name)
        elif isinstance(value, list):
            for each in value:
                self.note(each, key)
        elif value is not None and not names_id(key) and key not in STAMPS:
            self._sent.add((key, value))

    def has(self, key: str, value: Json) -> bool:
        """Return whether a request sent this value under this key."""
        return isinstance(value, str | bool | int | float) and (key, value) in self._sent
