"""Finding a link on a portal by a few typed letters: what matches, in which order, what is near.

The page does the same while someone types (web/static/portal.js), and the form does it here when
scripts are off; tests/domain/finding_cases.json holds both to one table.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

QUERY_LIMIT = 200
NEAR_ENOUGH = 0.3
# Letters that no decomposition turns into plain ones, though people type them so.
_PLAIN = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "\N{GREEK SMALL LETTER FINAL SIGMA}": "\N{GREEK SMALL LETTER SIGMA}",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
}

Span = tuple[int, int]


class Place(IntEnum):
    """Where a link matches; the better place comes first."""

    NAME_START = 0
    WORD_START = 1
    IN_NAME = 2
    DESCRIPTION = 3
    ADDRESS = 4


@dataclass(frozen=True, kw_only=True)
class Findable:
    """What is looked at: `address` is host and path as the page shows them."""

    name: str
    description: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """A match: which link (its index), where, and the parts of each text to highlight."""

    index: int
    place: Place
    name: tuple[Span, ...]
    description: tuple[Span, ...]
    address: tuple[Span, ...]


@dataclass(frozen=True)
class _Letters:
    """A text as it is compared: no case, no accents. `places[i]` is where letter i comes from."""

    text: str
    places: tuple[int, ...]

    def find(self, needle: str) -> tuple[int, bool]:
        """Where the needle is best, -1 if nowhere, and whether a word starts there."""
        first = place = self.text.find(needle)
        while place > 0 and self.text[place - 1].isalnum():
            place = self.text.find(needle, place + 1)
        return (place, True) if place >= 0 else (first, False)

    def span(self, place: int, length: int) -> Span:
        """The part of the original text that the letters from `place` on come from."""
        last = self.places[place + length - 1]
        return self.places[place], max(self.places[place + length], last + 1)


def find_links(query: str, links: Sequence[Findable]) -> list[Found]:
    """The links that match every word of the query, the best first, else in their own order."""
    words = _letters(query[:QUERY_LIMIT]).text.split()
    if not words:
        return []
    found = (_match(words, index, link) for index, link in enumerate(links))
    return sorted(
        (match for match in found if match is not None),
        key=lambda match: (match.place, match.index),
    )


def nearest_link(query: str, names: Sequence[str]) -> int | None:
    """The index of the name that shares most pairs of letters with the query, if any is near."""
    wanted = _pairs(" ".join(_letters(query[:QUERY_LIMIT]).text.split()))
    best, nearest = NEAR_ENOUGH, None
    for index, name in enumerate(names):
        folded = _letters(name).text
        closeness = max(
            (_closeness(wanted, _pairs(part)) for part in (folded, *folded.split())), default=0.0
        )
        if closeness > best:
            best, nearest = closeness, index
    return nearest


def _match(words: list[str], index: int, link: Findable) -> Found | None:
    name, description, address = (
        _letters(text) for text in (link.name, link.description, link.address)
    )
    needles = [" ".join(words)]
    place = _place(needles[0], name, description, address)
    if place is None and len(words) > 1:
        needles = words
        places = [_place(word, name, description, address) for word in words]
        known = [each for each in places if each is not None]
        place = max(known) if len(known) == len(words) else None
    if place is None:
        return None
    return Found(
        index=index,
        place=place,
        name=_spans(needles, name),
        description=_spans(needles, description),
        address=_spans(needles, address),
    )


def _place(needle: str, name: _Letters, description: _Letters, address: _Letters) -> Place | None:
    if name.text.startswith(needle):
        return Place.NAME_START
    place, starts_word = name.find(needle)
    if place >= 0:
        return Place.WORD_START if starts_word else Place.IN_NAME
    if needle in description.text:
        return Place.DESCRIPTION
    return Place.ADDRESS if needle in address.text else None


def _spans(needles: list[str], letters: _Letters) -> tuple[Span, ...]:
    """One span for each needle in the text, where it is best, in order, none in another."""
    spans: list[Span] = []
    for needle in needles:
        place, _ = letters.find(needle)
        if place >= 0:
            spans.append(letters.span(place, len(needle)))
    kept: list[Span] = []
    for start, end in sorted(spans):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return tuple(kept)


def _letters(text: str) -> _Letters:
    if text.isascii():
        return _Letters(text.lower(), tuple(range(len(text) + 1)))
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFD", character).lower():
            if unicodedata.category(part) != "Mn":
                plain = _PLAIN.get(part, part)
                folded.append(plain)
                places.extend([place] * len(plain))
    return _Letters("".join(folded), (*places, len(text)))


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}


def _closeness(one: set[str], other: set[str]) -> float:
    """Dice's coefficient: 1 for the same pairs of letters, 0 for none in common."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
