"""JSON of long lists, encoded in slices so that other threads can run between them.

One call for a page of 65 MB would hold the interpreter for 56 ms. The joined slices are the same
bytes as the result of one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from math import ceil
from typing import Any, TypeGuard, get_args, get_origin

import msgspec
from msgspec import UNSET

SLICE_ITEMS = 8
"""The number of items per slice: about 1 MiB if each has the largest icon."""

LONG_LIST = 32
"""The longest list that is one slice: 4 MiB in 4 ms if each item has the largest icon."""


class Encoding:
    """The encoding of a payload. `parts` are the bytes so far."""

    def __init__(self, payload: object) -> None:
        self._payload = payload
        self._slices = encode_slices(payload)
        self.parts: list[bytes] = []
        self.size = 0
        self.ended = False

    def advance(self, until: float) -> None:
        """Encode until the parts have that many bytes, or to the end."""
        while not self.ended and self.size < until:
            part = next(self._slices, None)
            if part is None:
                self.ended = True
            else:
                self.parts.append(part)
                self.size += len(part)

    @property
    def expected_size(self) -> int:
        """The approximate size of the whole in bytes, estimated from the parts so far."""
        if self.ended:
            return self.size
        done = max(1, len(self.parts))
        return self.size * max(_count_slices(self._payload), done) // done


def is_long(payload: object) -> bool:
    """Return whether a payload is a long list or has one, so that it is encoded in slices."""
    if isinstance(payload, msgspec.Struct):
        return _has_long_list(payload)
    return _is_long(payload)


def encode_slices(payload: object) -> Iterator[bytes]:
    """Yield a payload of wire structs as JSON, its long lists in slices."""
    if _is_long(payload):
        yield from _list_slices(payload, b"")
    elif isinstance(payload, msgspec.Struct) and _has_long_list(payload):
        text, opening = b"", b"{"
        for name, value in _members(payload).items():
            text += opening + msgspec.json.encode(name) + b":"
            opening = b","
            if _is_long(value):
                yield from _list_slices(value, text)
                text = b""
            else:
                text += msgspec.json.encode(value)
        yield text + b"}"
    else:
        yield msgspec.json.encode(payload)


def _list_slices(items: Sequence[object], before: bytes) -> Iterator[bytes]:
    """Yield a list in slices, after the bytes `before`."""
    opening = before + b"["
    for start in range(0, len(items), SLICE_ITEMS):
        yield opening + msgspec.json.encode(items[start : start + SLICE_ITEMS])[1:-1]
        opening = b","
    yield b"]"


@cache
def _list_fields(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the names of a struct's fields that can hold a list."""
    return tuple(
        field.name for field in msgspec.structs.fields(struct) if _includes_list(field.type)
    )


def _includes_list(kind: object) -> bool:
    return (
        kind in (Any, object, list, tuple)
        or get_origin(kind) in (list, tuple)
        or any(_includes_list(each) for each in get_args(kind))
    )


def _is_long(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple) and len(value) > LONG_LIST


def _has_long_list(payload: msgspec.Struct) -> bool:
    # A loop, because a generator costs twice its time, and every answer comes here.
    for name in _list_fields(type(payload)):
        value = getattr(payload, name)
        if type(value) is list and len(value) > LONG_LIST:
            return True
    return False


def _members(payload: msgspec.Struct) -> dict[str, Any]:
    """Return the members of a struct that are not absent, by their names on the wire."""
    names = zip(payload.__struct_encode_fields__, payload.__struct_fields__, strict=True)
    values = ((encoded, getattr(payload, name)) for encoded, name in names)
    return {name: value for name, value in values if value is not UNSET}


def _count_slices(payload: object) -> int:
    values = _members(payload).values() if isinstance(payload, msgspec.Struct) else [payload]
    return sum(ceil(len(each) / SLICE_ITEMS) for each in values if isinstance(each, list | tuple))
