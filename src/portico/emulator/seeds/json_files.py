"""Parsing JSON into nodes with lines, which the standard library's parser does not tell."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]  # no stub

from portico.emulator.seeds.sources import (
    DEPTH_LIMIT,
    TOO_DEEP,
    Member,
    Node,
    Scalar,
    SeedError,
    Source,
    key_twice,
)

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


def parse_json(text: str, source: Source) -> Node:
    """Return the value of a JSON text. Raises SeedError."""
    return _Parser(text, source).document()


class _Parser:
    """A recursive-descent parser. Each method starts at a position and moves behind its value."""

    def __init__(self, text: str, source: Source) -> None:
        self._text = text
        self._source = source
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]

    def document(self) -> Node:
        """Return the only value of the text."""
        node = self._value(0)
        if self._next():
            raise self._refusal("It continues after its end; remove the rest.")
        return node

    def _value(self, depth: int) -> Node:
        first, line = self._next(), self._line()
        if depth > DEPTH_LIMIT:
            raise self._refusal(TOO_DEEP)
        if first == "{":
            return Node(line, self._members(depth))
        if first == "[":
            return Node(line, self._items(depth))
        if first == '"':
            return Node(line, self._string())
        return Node(line, self._scalar())

    def _members(self, depth: int) -> dict[str, Member]:
        members: dict[str, Member] = {}
        self._at += 1
        while self._next() != "}" or members:
            line = self._line()
            if self._next() != '"':
                raise self._refusal("A key in double quotes is missing here.")
            key = self._string()
            if key in members:
                raise self._refusal(key_twice(key, members[key].line), line)
            self._skip(":")
            members[key] = Member(line, self._value(depth + 1))
            if not self._continues("}"):
                return members
        self._at += 1
        return members

    def _items(self, depth: int) -> list[Node]:
        items: list[Node] = []
        self._at += 1
        while self._next() != "]" or items:
            items.append(self._value(depth + 1))
            if not self._continues("]"):
                return items
        self._at += 1
        return items

    def _continues(self, end: str) -> bool:
        """Move behind a comma and return True, or behind `end` and return False."""
        found = self._next()
        if found not in (",", end) or not found:
            raise self._refusal(f'"," or "{end}" is missing here.')
        self._at += 1
        return found == ","

    def _skip(self, expected: str) -> None:
        if self._next() != expected:
            raise self._refusal(f'"{expected}" is missing here.')
        self._at += 1

    def _string(self) -> str:
        try:
            value, self._at = scanstring(self._text, self._at + 1, True)
        except JSONDecodeError as error:
            raise self._refusal(f"{error.msg.removesuffix(' at')}.") from None
        return str(value)

    def _scalar(self) -> Scalar:
        match = _SCALAR.match(self._text, self._at)
        if match is None:
            raise self._refusal("A value is missing here.")
        self._at = match.end()
        value: Scalar = json.loads(match[0])
        return value

    def _next(self) -> str:
        """Return the next character after white space, or "" at the end."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _line(self) -> int:
        return bisect_right(self._breaks, self._at) + 1

    def _refusal(self, why: str, line: int | None = None) -> SeedError:
        return self._source.at(line or self._line()).error("", f"It is not JSON. {why}")
