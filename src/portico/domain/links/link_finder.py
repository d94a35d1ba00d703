"""Search of a portal's links by a few typed letters: what matches, in which order, what is near.

The page's script does the same while someone types (web/static/finding.js). Both are tested with
one table, tests/domain/links/finding_cases.json.
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
    """Where a link matches, the best first."""

    NAME_START = 0
    WORD_START = 1
    IN_NAME = 2
    IN_OTHER_TEXT = 3
    IN_ADDRESS = 4


@dataclass(frozen=True, kw_only=True)
class Match:
    """A link that matches: its index, where, and the parts of each of its texts to highlight."""

    index: int
    position: MatchPosition
    spans: tuple[tuple[Span, ...], ...]


@dataclass(frozen=True)
class _Letters:
    """A text as it is compared: no case, no accents. Letter i comes from `origins[i]`."""

    text: str
    origins: tuple[int, ...]

    def find(self, needle: str) -> tuple[int, bool]:
        """Return the needle's best position, -1 for none, and whether a word starts there."""
        first = position = self.text.find(needle)
        while position > 0 and self.text[position - 1].isalnum():
            position = self.text.find(needle, position + 1)
        return (position, True) if position >= 0 else (first, False)

    def span(self, position: int, length: int) -> Span:
        """Return the part of the original text that the letters from `position` on come from."""
        last = self.origins[position + length - 1]
        return self.origins[position], max(self.origins[position + length], last + 1)


def find_links(query: str, links: Sequence[Sequence[str]]) -> list[Match]:
    """Return the links that match every word of the query, the best first.

    A link is given as its texts, the name first and the address last. Links that match equally
    well keep their order.
    """
    words = _letters(query[:QUERY_LIMIT]).text.split()
    if not words:
        return []
    matches = (_match(words, index, texts) for index, texts in enumerate(links))
    return sorted(
        (match for match in matches if match is not None),
        key=lambda match: (match.position, match.index),
    )


def nearest_link(query: str, names: Sequence[str]) -> int | None:
    """Return the index of the name that is most like the query, or None when none is near.

    Names are compared by the pairs of letters that they share with the query.
    """
    own = _pairs(" ".join(_letters(query[:QUERY_LIMIT]).text.split()))
    best, nearest = NEAR_ENOUGH, None
    for index, name in enumerate(names):
        folded = _letters(name).text
        closeness = max(
            (_closeness(own, _pairs(part)) for part in (folded, *folded.split())), default=0.0
        )
        if closeness > best:
            best, nearest = closeness, index
    return nearest


def _match(words: list[str], index: int, texts: Sequence[str]) -> Match | None:
    letters = [_letters(text) for text in texts]
    needles = [" ".join(words)]
    position = _position(needles[0], letters)
    if position is None and len(words) > 1:
        needles = words
        positions = [_position(word, letters) for word in words]
        known = [each for each in positions if each is not None]
        position = max(known) if len(known) == len(words) else None
    if position is None:
        return None
    spans = tuple(_spans(needles, each) for each in letters)
    return Match(index=index, position=position, spans=spans)


def _position(needle: str, texts: Sequence[_Letters]) -> MatchPosition | None:
    name, *others, address = texts
    if name.text.startswith(needle):
        return MatchPosition.NAME_START
    position, starts_word = name.find(needle)
    if position >= 0:
        return MatchPosition.WORD_START if starts_word else MatchPosition.IN_NAME
    if any(needle in other.text for other in others):
        return MatchPosition.IN_OTHER_TEXT
    return MatchPosition.IN_ADDRESS if needle in address.text else None


def _spans(needles: list[str], letters: _Letters) -> tuple[Span, ...]:
    """Return the best span of each needle in the text, in order and without overlaps."""
    spans: list[Span] = []
    for needle in needles:
        position, _ = letters.find(needle)
        if position >= 0:
            spans.append(letters.span(position, len(needle)))
    separate: list[Span] = []
    for start, end in sorted(spans):
        if not separate or start >= separate[-1][1]:
            separate.append((start, end))
    return tuple(separate)


def _letters(text: str) -> _Letters:
    if text.isascii():
        return _Letters(text.lower(), tuple(range(len(text) + 1)))
    folded: list[str] = []
    origins: list[int] = []
    for position, character in enumerate(text):
        for part in unicodedata.normalize("NFD", character).lower():
            if unicodedata.category(part) != "Mn":
                plain = _PLAIN.get(part, part)
                folded.append(plain)
                origins.extend([position] * len(plain))
    return _Letters("".join(folded), (*origins, len(text)))


def _pairs(text: str) -> set[str]:
    return {text[position : position + 2] for position in range(len(text) - 1)}


def _closeness(one: set[str], other: set[str]) -> float:
    """Dice's coefficient: 1 for the same pairs of letters, 0 for none in common."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
