"""What every noun shares: records, ids and clocks, the rules of text, and pages of a list."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from portico.domain.characters import check_visible
from portico.domain.errors import InvalidField

Clock = Callable[[], float]
"""The present moment in seconds since the epoch, UTC."""

IdSource = Callable[[], int]
"""A new id: positive, below 2^63, greater than those it gave before."""

DEFAULT_MICROTENANT_ID = 0
NAME_LIMIT = 255
DESCRIPTION_LIMIT = 2_000
MAX_ID = 2**63 - 1

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the service adds to anything that a client stores. Times are epoch seconds."""

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
    """The part of the database that one use-case may see: one microtenant of one tenant."""

    customer_id: int
    microtenant_id: int = DEFAULT_MICROTENANT_ID


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list, with the number of items on all pages together."""

    items: list[T]
    total: int


class TimeOrderedIds:
    """Ids of 41 bits of milliseconds, 12 bits of node, 10 bits of sequence.

    A node number belongs to one process (storage hands it out), so ids never meet; within a
    process they only grow, also when the clock steps back.
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
    """The smallest id that was given out at that moment, in epoch seconds, or later.

    Where rows are found by their ids, this finds the recent ones without an index on times.
    """
    milliseconds = max(0, moment * 1000 - TimeOrderedIds.EPOCH_MILLISECONDS)
    return milliseconds * TimeOrderedIds.NODES * TimeOrderedIds.SEQUENCES


def fold(text: str) -> str:
    """The form in which two texts are equal when they differ only by case or composition."""
    if text.isascii():
        return text.lower()
    # Decomposed first, as Unicode's canonical caseless matching has it (chapter 3, D145).
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def fold_ascii(text: str) -> str:
    """Lower case for A to Z alone, as both databases do it for bytes they do not interpret."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def check_text(name: str, value: str, limit: int, *, multiline: bool = False) -> str:
    """The text as it is, if it is short enough and free of control characters.

    Raises InvalidField naming the field.
    """
    if len(value) > limit:
        raise InvalidField(name, f"It has {len(value)} characters; at most {limit} are allowed.")
    if not value.isprintable():
        for character in value:
            if unicodedata.category(character) in {"Cc", "Cs"} and not (
                multiline and character in "\t\n\r"
            ):
                raise InvalidField(
                    name, f"It holds the control character U+{ord(character):04X}; remove it."
                )
    return value


def check_id(name: str, value: int) -> int:
    """An id that could name something. Raises InvalidField."""
    if not 0 < value <= MAX_ID:
        raise InvalidField(name, "It is not an id: a number from 1 to 2^63 - 1.")
    return value


def check_opaque(name: str, value: str, limit_bytes: int) -> str:
    """A text that is kept byte for byte, if both databases can keep it. Raises InvalidField."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise InvalidField(name, "It holds half of a surrogate pair.") from None
    if size > limit_bytes:
        raise InvalidField(name, f"It is over {limit_bytes // 1024} KiB.")
    if "\0" in value:
        raise InvalidField(name, "It holds the control character U+0000; remove it.")
    return value


def check_name(value: str, *, name: str = "name") -> str:
    """A required name without the white space around it. Raises InvalidField."""
    trimmed = value.strip()
    if not trimmed:
        raise InvalidField(name, "It is required and cannot be empty.")
    return check_text(name, trimmed, NAME_LIMIT)


def check_new_name(value: str, *, name: str = "name", stored: str = "") -> str:
    """A required name as in `check_name`, without invisible characters unless it is the stored one.

    Raises InvalidField.
    """
    return check_visible(name, check_name(value, name=name), stored=stored)
