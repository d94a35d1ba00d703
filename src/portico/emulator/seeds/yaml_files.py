"""Parsing YAML into nodes with lines: no duplicate keys, no tags of its own, bounded aliases.

It reads PyYAML's events and not its nodes, because libyaml composes these by recursion, and a
deeply nested file would end the process.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml import events

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

NODE_LIMIT = 500_000
"""The largest number of values in a seed, with those that aliases repeat."""
_PREFIX = "tag:yaml.org,2002:"
# Dates and "=" are text here, because no field has such a type.
_TEXT = {"str", "timestamp", "value", "merge"}
_FLAGS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def parse_yaml(text: str, source: Source) -> Node:
    """Return the only document of a YAML text. Raises SeedError."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        return _Parser(loader, source).document()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        why = ", ".join(filter(None, (error.context, error.problem)))
        raise source.at(line).error("", f"It is not YAML: {why}.") from None
    except yaml.YAMLError as error:
        raise source.error("", f"It is not YAML: {' '.join(str(error).split())}.") from None
    finally:
        loader.dispose()


class _Parser:
    """Makes nodes of events. `_values` counts what the file holds so far."""

    def __init__(self, loader: Any, source: Source) -> None:  # noqa: ANN401  # of C or Python
        self._loader = loader
        self._source = source
        self._values = 0
        self._anchors: dict[str, tuple[Node, int]] = {}

    def document(self) -> Node:
        """Return the root of the only document."""
        self._loader.get_event()
        if isinstance(self._loader.get_event(), events.StreamEndEvent):
            raise self._source.error("", "It is empty. A seed has at least `set` and `tenants`.")
        root = self._node(self._loader.get_event(), 0)
        self._loader.get_event()
        after = self._loader.get_event()
        if not isinstance(after, events.StreamEndEvent):
            raise self._refusal(after, "A second document begins here. A seed has only one.")
        return root

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401  # an event of PyYAML
        if isinstance(event, events.AliasEvent):
            return self._repeated(event)
        before = self._values
        self._count(event, 1)
        if depth > DEPTH_LIMIT:
            raise self._refusal(event, TOO_DEEP)
        node = Node(_line(event), self._value(event, depth))
        if event.anchor:
            self._anchors[event.anchor] = node, self._values - before
        return node

    def _repeated(self, event: Any) -> Node:  # noqa: ANN401  # an event of PyYAML
        if event.anchor not in self._anchors:
            raise self._refusal(event, f"There is no anchor &{event.anchor} before this alias.")
        node, values = self._anchors[event.anchor]
        self._count(event, values)
        return node

    def _count(self, event: Any, values: int) -> None:  # noqa: ANN401  # an event of PyYAML
        self._values += values
        if self._values > NODE_LIMIT:
            raise self._refusal(event, f"It has more than {NODE_LIMIT} values. Split it.")

    def _value(self, event: Any, depth: int) -> Any:  # noqa: ANN401  # the value of a node
        if isinstance(event, events.ScalarEvent):
            return self._scalar(event)
        if event.tag:
            raise self._foreign(event, event.tag)
        if isinstance(event, events.MappingStartEvent):
            return self._members(depth)
        items = []
        while not isinstance(each := self._loader.get_event(), events.SequenceEndEvent):
            items.append(self._node(each, depth + 1))
        return items

    def _members(self, depth: int) -> dict[str, Member]:
        members: dict[str, Member] = {}
        while not isinstance(key := self._loader.get_event(), events.MappingEndEvent):
            if not isinstance(key, events.ScalarEvent):
                raise self._refusal(key, "A key must be text.")
            name, line = str(key.value), _line(key)
            if name in members:
                raise self._refusal(key, key_twice(name, members[name].line))
            members[name] = Member(line, self._node(self._loader.get_event(), depth + 1))
        return members

    def _scalar(self, event: Any) -> Scalar:  # noqa: ANN401  # an event of PyYAML
        text = str(event.value)
        tag = event.tag or self._loader.resolve(yaml.ScalarNode, text, event.implicit)
        kind = tag.removeprefix(_PREFIX)
        if kind in _TEXT or event.tag == "!":
            return text
        if kind == "null":
            return None
        if kind == "bool" and text.lower() in _FLAGS:
            return _FLAGS[text.lower()]
        if kind in {"int", "float"}:
            return _number(kind, text)
        raise self._foreign(event, tag)

    def _foreign(self, event: Any, tag: str) -> SeedError:  # noqa: ANN401  # an event of PyYAML
        return self._refusal(event, f"The tag {tag} is not allowed. Remove it.")

    def _refusal(self, event: Any, why: str) -> SeedError:  # noqa: ANN401  # an event of PyYAML
        return self._source.at(_line(event)).error("", why)


def _line(event: Any) -> int:  # noqa: ANN401  # an event of PyYAML
    return int(event.start_mark.line) + 1


def _number(kind: str, text: str) -> Scalar:
    """Return a number, or the text itself in a notation that no field needs, as in 0x10 or 1:30."""
    plain = text.replace("_", "").lower()
    try:
        return int(plain) if kind == "int" else float(plain)
    except ValueError:
        return text
