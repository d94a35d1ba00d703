"""Records, ids, clocks, rules for text and pages of a list, which all resources share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from portico.domain.characters import check_visible
from portico.domain.errors import InvalidField, MissingValue

Clock = Callable[[], float]
"""Returns the current time in seconds since the epoch."""

TenantClock = Callable[[int], float]
"""Returns the current time in a tenant, given its customer id, in seconds since the epoch."""

IdSource = Callable[[], int]
"""Returns a new id: positive, below 2^63, and greater than its earlier ids."""

DEFAULT_MICROTENANT_ID = 0
NAME_LIMIT = 255
DESCRIPTION_LIMIT = 2_000
MAX_ID = 2**63 - 1

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Record:
    """The fields that Portico adds to every stored resource. Times are in epoch seconds."""

    customer_id: int
    id: int
    creation_time: int
    modified_time: int
    modified_by: int


@dataclass(frozen=True, kw_only=True)
class OwnedRecord(Record):
    """A record that belongs to one microtenant of its tenant."""

    microtenant_id: int


class Named(Protocol):
    """Anything with an id and a name that is unique in its microtenant."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The part of the database that a use-case can access: one microtenant of one tenant."""

    customer_id: int
    microtenant_id: int = DEFAULT_MICROTENANT_ID


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list, and the number of items on all pages."""

    items: list[T]
    total: int


class TimeOrderedIds:
    """An id source: 41 bits of milliseconds, 12 bits of node, 10 bits of sequence.

    Storage assigns each node number to one process, so ids are unique. Within a process they only
    increase, even if the clock is set back.
    """

    EPOCH_MILLISECONDS = 1_577_836_800_000
    NODES = 4_096
    SEQUENCES = 1_024

    def __init__(self, node: int, clock: Clock) -> None:
        self._node = node % self.NODES
        self._clock = clock
        self._moment = 0
        self._sequence = 0

    def __call__(self) -> int:
        moment = int(self._clock() * 1000) - self.EPOCH_MILLISECONDS
        if moment > self._moment:
            self._moment, self._sequence = moment, 0
        else:
            self._sequence += 1
            if self._sequence == self.SEQUENCES:
                self._moment, self._sequence = self._moment + 1, 0
        return (self._moment * self.NODES + self._node) * self.SEQUENCES + self._sequence


def first_id_at(moment: int) -> int:
    """Return the smallest possible id of that time, in epoch seconds.

    With it, a range of ids selects recent rows without an index on times.
    """
    milliseconds = max(0, moment * 1000 - TimeOrderedIds.EPOCH_MILLISECONDS)
    return milliseconds * TimeOrderedIds.NODES * TimeOrderedIds.SEQUENCES


def fold(text: str) -> str:
    """Return a form that is equal for texts that differ only by case or composition."""
    if text.isascii():
        return text.lower()
    # Decomposed first, for canonical caseless matching (Unicode chapter 3, D145).
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def natural_key(name: str) -> tuple[str | int, ...]:
    """Return a sort key by which numbers within names count: "Pump 20" before "Pump 100".

    It ignores case.
    """
    parts: list[str | int] = list(_NUMBERS.split(fold(name)))
    parts[1::2] = map(int, parts[1::2])
    return tuple(parts)


_NUMBERS = re.compile(r"(\d+)")


def fold_ascii(text: str) -> str:
    """Return the text with A to Z in lower case, as both databases do for uninterpreted bytes."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def check_text(name: str, value: str, limit: int, *, multiline: bool = False) -> str:
    """Return the text if it is not too long and has no control characters.

    `multiline` allows tabs and line breaks. Raises InvalidField that names the field.
    """
    if len(value) > limit:
        raise InvalidField(name, f"It has {len(value)} characters; at most {limit} are allowed.")
    if not value.isprintable():
        for character in value:
            if unicodedata.category(character) in {"Cc", "Cs"} and not (
                multiline and character in "\t\n\r"
            ):
                raise InvalidField(
                    name, f"It contains the control character U+{ord(character):04X}; remove it."
                )
    return value


def check_id(name: str, value: int) -> int:
    """Return the id if it is in the range of ids. Raises InvalidField."""
    if not 0 < value <= MAX_ID:
        raise InvalidField(name, "It must be an id, a number from 1 to 2^63 - 1.")
    return value


def check_opaque(name: str, value: str, limit_bytes: int) -> str:
    """Return a text that is stored byte for byte, if both databases can store it.

    Raises InvalidField.
    """
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise InvalidField(name, "It contains half of a surrogate pair; remove it.") from None
    if size > limit_bytes:
        raise InvalidField(name, f"It is larger than {limit_bytes // 1024} KiB.")
    if "\0" in value:
        raise InvalidField(name, "It contains the control character U+0000; remove it.")
    return value


def check_name(value: str, *, name: str = "name") -> str:
    """Return a required name without surrounding white space. Raises InvalidField."""
    trimmed = value.strip()
    if not trimmed:
        raise MissingValue(name, "It is required and cannot be empty.")
    return check_text(name, trimmed, NAME_LIMIT)


def check_new_name(value: str, *, name: str = "name", stored: str = "") -> str:
    """Return a name as `check_name` does, if it has no invisible character or is the stored one.

    Raises InvalidField.
    """
    return check_visible(name, check_name(value, name=name), stored=stored)
