"""A seed file as a tree of nodes with lines, so that every error can say where its cause is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from portico.domain.errors import InvalidInput

DEPTH_LIMIT = 40
"""The most levels that a seed can have."""

TOO_DEEP = f"It has more than {DEPTH_LIMIT} levels."
Scalar = str | int | float | bool | None
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


class SeedError(InvalidInput):
    """A seed cannot be read or planted. The reason names file, line and path, and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file, and the line on which it begins."""

    line: int
    value: Scalar | list[Node] | dict[str, Member]


@dataclass(frozen=True, slots=True)
class Member:
    """The value of a key, and the line of the key."""

    line: int
    node: Node


def key_twice(key: str, first: int) -> str:
    """Return the sentence about a key that is in a mapping twice, first on a line."""
    return f"The key {key} is here twice, first on line {first}. Remove one."


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a seed comes from.

    Without `root`, errors have no line. Files that it names are relative to `folder`; without a
    folder, it cannot name any.
    """

    name: str
    root: Node | None = None
    folder: Path | None = None

    def error(self, path: str, why: str) -> SeedError:
        """Return the error for the value at a path, such as `tenants[0].links[3].link`."""
        line = self._line(path)
        where = f"{self.name} line {line}" if line else self.name
        return SeedError(f"{where}, {path}: {why}" if path else f"{where}: {why}")

    def at(self, line: int) -> Source:
        """Return the same source with every value on one line, for errors of the parsers."""
        return replace(self, root=Node(line, None))

    def _line(self, path: str) -> int | None:
        """Return the line of the value at a path, or of the nearest object around it."""
        if self.root is None:
            return None
        line, node = self.root.line, self.root
        for key, position in _STEP.findall(path):
            value = node.value
            if key and isinstance(value, dict) and key in value:
                line, node = value[key].line, value[key].node
            elif position and isinstance(value, list) and int(position) < len(value):
                node = value[int(position)]
                line = node.line
            else:
                break
        return line
