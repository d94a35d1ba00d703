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


class MatchPosition(IntEnum):
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
class Match:
    """A match: which link (its index), where, and the parts of each text to highlight."""

    index: int
    position: MatchPosition
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
        first = position = self.text.find(needle)
        while position > 0 and self.text[position - 1].isalnum():
            position = self.text.find(needle, position + 1)
        return (position, True) if position >= 0 else (first, False)

    def span(self, position: int, length: int) -> Span:
        """The part of the original text that the letters from `place` on come from."""
        last = self.places[position + length - 1]
        return self.places[position], max(self.places[position + length], last + 1)


def find_links(query: str, links: Sequence[Findable]) -> list[Match]:
    """The links that match every word of the query, the best first, else in their own order."""
    words = _letters(query[:QUERY_LIMIT]).text.split()
    if not words:
        return []
    matches = (_match(words, index, link) for index, link in enumerate(links))
    return sorted(
        (match for match in matches if match is not None),
        key=lambda match: (match.position, match.index),
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


def _match(words: list[str], index: int, link: Findable) -> Match | None:
    name, description, address = (
        _letters(text) for text in (link.name, link.description, link.address)
    )
    needles = [" ".join(words)]
    position = _position(needles[0], name, description, address)
    if position is None and len(words) > 1:
        needles = words
        places = [_position(word, name, description, address) for word in words]
        known = [each for each in places if each is not None]
        position = max(known) if len(known) == len(words) else None
    if position is None:
        return None
    return Match(
        index=index,
        position=position,
        name=_spans(needles, name),
        description=_spans(needles, description),
        address=_spans(needles, address),
    )


def _position(
    needle: str, name: _Letters, description: _Letters, address: _Letters
) -> MatchPosition | None:
    if name.text.startswith(needle):
        return MatchPosition.NAME_START
    position, starts_word = name.find(needle)
    if position >= 0:
        return MatchPosition.WORD_START if starts_word else MatchPosition.IN_NAME
    if needle in description.text:
        return MatchPosition.DESCRIPTION
    return MatchPosition.ADDRESS if needle in address.text else None


def _spans(needles: list[str], letters: _Letters) -> tuple[Span, ...]:
    """One span for each needle in the text, where it is best, in order, none in another."""
    spans: list[Span] = []
    for needle in needles:
        position, _ = letters.find(needle)
        if position >= 0:
            spans.append(letters.span(position, len(needle)))
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
    for position, character in enumerate(text):
        for part in unicodedata.normalize("NFD", character).lower():
            if unicodedata.category(part) != "Mn":
                plain = _PLAIN.get(part, part)
                folded.append(plain)
                places.extend([position] * len(plain))
    return _Letters("".join(folded), (*places, len(text)))


def _pairs(text: str) -> set[str]:
    return {text[position : position + 2] for position in range(len(text) - 1)}


def _closeness(one: set[str], other: set[str]) -> float:
    """Dice's coefficient: 1 for the same pairs of letters, 0 for none in common."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
