"""Finds links, and anything else with a name, by a few typed letters: the matches, the best first.

The portal's search and the console's search use it. The portal's script does the same while someone
types (web/static/finding.js). Both are tested with one table, tests/domain/finding_cases.json.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Generic, TypeVar

QUERY_LIMIT = 200
SIMILAR_LETTERS = 40
"""The longest query that is compared with names that do not contain it."""
COMPARED_WORDS = 16
"""How many words of a text can be the beginning of what a query resembles."""
MOST_EDITS = 3
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

T = TypeVar("T")

Span = tuple[int, int]
Texts = tuple[str, str, str, str]
"""What is searched of one item: its name, keywords, description and address."""


class MatchPosition(IntEnum):
    """Where an item matches, the best first."""

    NAME_START = 0
    WORD_START = 1
    IN_NAME = 2
    IN_KEYWORDS = 3
    IN_DESCRIPTION = 4
    IN_ADDRESS = 5


_OTHER_POSITIONS = (
    MatchPosition.IN_KEYWORDS,
    MatchPosition.IN_DESCRIPTION,
    MatchPosition.IN_ADDRESS,
)


@dataclass(frozen=True, kw_only=True)
class Match:
    """An item that matches: its index, where, and the parts of each of its texts to highlight."""

    index: int
    position: MatchPosition
    spans: tuple[tuple[Span, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Found(Generic[T]):
    """An item that matches, and the texts of it that the match is in."""

    item: T
    texts: Texts
    match: Match


@dataclass(frozen=True)
class _Letters:
    """A text as it is compared: no case, no accents. Letter i comes from `origins[i]`."""

    text: str
    origins: Sequence[int]

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


def find_matches(query: str, items: Sequence[Texts]) -> list[Match]:
    """Return the items that match every word of the query, the best first.

    Items that match equally well keep their order.
    """
    words = _words(query)
    if not words:
        return []
    matches = (_match(words, index, texts) for index, texts in enumerate(items))
    return sorted(
        (match for match in matches if match is not None),
        key=lambda match: (match.position, match.index),
    )


def find_best(
    query: str, items: Sequence[T], texts_of: Callable[[T], Texts], limit: int
) -> list[Found[T]]:
    """Return the best matches among items, with the texts that were searched."""
    texts = list(map(texts_of, items))
    return [
        Found(item=items[match.index], texts=texts[match.index], match=match)
        for match in find_matches(query, texts)[:limit]
    ]


def nearest_item(query: str, items: Sequence[Texts]) -> int | None:
    """Return the index of the item with the most similar name or keyword; None if none is similar.

    A text is similar if, from the beginning of one of its words on, it becomes the query when at
    most a third of the letters change. Of two equally similar items, the one whose name starts like
    the query is nearer.
    """
    wanted = " ".join(_words(query))
    if not 4 <= len(wanted) <= SIMILAR_LETTERS:
        return None
    nearest, most, place = None, min(MOST_EDITS, len(wanted) // 3), len(MatchPosition)
    for index, texts in enumerate(items):
        for text, position in _beginnings(texts):
            allowed = most if position < place else most - 1
            edits = _edits(wanted, text[: len(wanted) + allowed], allowed) if allowed else None
            if edits is not None:
                nearest, most, place = index, edits, position
    return nearest


def _words(query: str) -> list[str]:
    return _letters(query[:QUERY_LIMIT]).text.split()


def _match(words: list[str], index: int, texts: Texts) -> Match | None:
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
    name, *others = texts
    if name.text.startswith(needle):
        return MatchPosition.NAME_START
    position, starts_word = name.find(needle)
    if position >= 0:
        return MatchPosition.WORD_START if starts_word else MatchPosition.IN_NAME
    for place, other in zip(_OTHER_POSITIONS, others, strict=True):
        if needle in other.text:
            return place
    return None


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
        return _Letters(text.lower(), range(len(text) + 1))
    folded: list[str] = []
    origins: list[int] = []
    for position, character in enumerate(text):
        for part in unicodedata.normalize("NFD", character).lower():
            if unicodedata.category(part) != "Mn":
                plain = _PLAIN.get(part, part)
                folded.append(plain)
                origins.extend([position] * len(plain))
    return _Letters("".join(folded), (*origins, len(text)))


def _beginnings(texts: Texts) -> Iterator[tuple[str, MatchPosition]]:
    """Yield the name and the keywords of an item, from the beginning of each of their words on."""
    name, keywords = (_letters(text).text for text in texts[:2])
    for start in _word_starts(name):
        yield name[start:], MatchPosition.WORD_START if start else MatchPosition.NAME_START
    for start in _word_starts(keywords):
        yield keywords[start:], MatchPosition.IN_KEYWORDS


def _word_starts(text: str) -> Iterator[int]:
    starts = (
        position
        for position, character in enumerate(text)
        if character.isalnum() and not text[position - 1 : position].isalnum()
    )
    return islice(starts, COMPARED_WORDS)


def _edits(query: str, text: str, most: int) -> int | None:
    """Return the fewest edits after which the text starts with the query; None for over `most`.

    An edit inserts, removes or replaces one letter, or swaps two neighbours. One of the first
    letter counts as two, because people seldom mistype that.
    """
    if sum(map(text.__contains__, query)) < len(query) - most:
        return None  # each letter that the text lacks is an edit, and counting them is quick
    earlier: list[int] | None = None
    last: list[int] = [0, *range(2, len(text) + 2)]
    for row, letter in enumerate(query):
        cost = 1 if row else 2
        current: list[int] = [last[0] + cost]
        for column, other in enumerate(text):
            edits = min(
                last[column] + (0 if letter == other else cost),
                last[column + 1] + cost,
                current[-1] + 1,
            )
            if (
                earlier is not None
                and column
                and (letter, query[row - 1]) == (text[column - 1], other)
            ):
                edits = min(edits, earlier[column - 1] + 1)
            current.append(edits)
        if min(current) > most:
            return None
        earlier, last = last, current
    return min(last)
