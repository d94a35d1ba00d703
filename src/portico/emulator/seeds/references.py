"""References inside a seed by key or name, and errors that know the path of their cause."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from msgspec import UnsetType

from portico.domain.errors import InvalidField, NameTaken, PorticoError
from portico.domain.records import MAX_ID, fold
from portico.emulator.seeds.format import Entry
from portico.emulator.seeds.sources import SeedError, Source

_BULK = re.compile(r"userPortalLinks\[(\d+)\]\.?([^:]*)")
_SENTENCE = re.compile(r"One or more input fields .* are not valid\. ")
# Fields of the wire that have another name in a seed.
_FIELDS = {"userPortals": "portals", "certBlob": "certificate", "clientId": "id"}


@dataclass(frozen=True)
class Place:
    """A place in a seed. `path` is as in `tenants[0].links[3]`."""

    source: Source
    path: str = ""

    def at(self, field: str, position: int | None = None) -> Place:
        """Return the place of a field in the object here, or of one entry of a list in it."""
        entry = field if position is None else f"{field}[{position}]"
        return Place(self.source, f"{self.path}.{entry}" if self.path else entry)

    def error(self, why: str) -> SeedError:
        """Return the error for the value here."""
        return self.source.error(self.path, why)

    @contextmanager
    def blame(self, *, offset: int = 0) -> Iterator[None]:
        """Give the errors of a use-case the line and path of their cause.

        In errors of a bulk, `offset` is the position of its first link in the list here.
        """
        try:
            yield
        except SeedError:
            raise
        except PorticoError as error:
            place, why = self._cause(error, offset)
            raise place.error(why) from error

    def _cause(self, error: PorticoError, offset: int) -> tuple[Place, str]:
        place, why = self, error.reason
        if isinstance(error, InvalidField):
            name, why = error.field, error.why
        else:
            match = re.match(rf"{_BULK.pattern}: ", why)
            name = match[0].removesuffix(": ") if match else ""
            why = why[match.end() :] if match else why
        if isinstance(error, NameTaken):
            name, why = name or "name", f"{why} Choose another name."
        if bulk := _BULK.fullmatch(name):
            place = Place(self.source, f"{self.path}[{offset + int(bulk[1])}]")
            name = bulk[2]
        return (place.at(_FIELDS.get(name, name)) if name else place), why


@dataclass
class Names:
    """The objects of one kind that a seed can refer to, by key or name. `kind` is for errors."""

    kind: str
    _keys: dict[str, str] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=dict)

    def add(self, place: Place, entry: Entry, name: str, number: int = 0) -> None:
        """Add an object. Raises SeedError if another one has its key."""
        if not isinstance(entry.key, UnsetType):
            if entry.key in self._keys:
                raise place.at("key").error(
                    f"Another {self.kind} has the key {entry.key}. Choose another one."
                )
            self._keys[entry.key] = name
        self.know(name, number)

    def know(self, name: str, number: int) -> None:
        """Add an object that the seed does not contain by itself."""
        self._ids[fold(name.strip())] = number

    def id_of(self, place: Place, reference: str) -> int:
        """Return the id of the object with a key or a name. Raises SeedError."""
        number = self._ids.get(fold(self.name_of(reference).strip()))
        if number is None:
            raise place.error(
                f"There is no {self.kind} with the key or name {reference} here. Add it, or "
                "correct the reference."
            )
        return number

    def name_of(self, reference: str) -> str:
        """Return the name of the object with that key, or the reference itself as a name."""
        return self._keys.get(reference, reference)

    def ids_of(self, place: Place, field: str, references: Sequence[str]) -> tuple[int, ...]:
        """Return the ids of several objects, which a field lists. Raises SeedError."""
        return tuple(
            self.id_of(place.at(field, position), each) for position, each in enumerate(references)
        )


def unique_keys(place: Place, field: str, entries: Sequence[Entry]) -> None:
    """Raise SeedError if two objects of a list, to which nothing refers, have the same key."""
    keys: set[str] = set()
    for position, entry in enumerate(entries):
        if isinstance(entry.key, UnsetType):
            continue
        if entry.key in keys:
            raise (
                place.at(field, position)
                .at("key")
                .error(f"Another entry has the key {entry.key}. Choose another one.")
            )
        keys.add(entry.key)


def number_of(place: Place, value: int | str) -> int:
    """Return an id that a seed gives as a number or as text. Raises SeedError."""
    text = str(value)
    if not re.fullmatch(r"[0-9]{1,19}", text) or not 0 < int(text) <= MAX_ID:
        raise place.error("It must be an id, a number from 1 to 2^63 - 1.")
    return int(text)
