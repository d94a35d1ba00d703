"""The operations of the API, as the stand-in knows them: which one a request calls, by its path.

Journal entries and fault rules name an operation by its id in the OpenAPI document. An operation
with several paths has the id of its first one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TypeAlias

KnownFields: TypeAlias = Mapping[str, "KnownFields | None"]
"""The members of a JSON object that are read, each with those of the objects in it, or None."""

GATEWAY_PREFIX = "/zpa"
"""The prefix that the vendor's gateway puts before every path."""

SIGN_IN_PATHS = frozenset(("/signin", "/authn/v1/oauth/token", "/oauth2/v1/token"))
CUSTOMER_ID = "{customerId}"


@dataclass(frozen=True)
class Operation:
    """An operation: its id, its method and its path, for example `/mgmtconfig/v1/admin/me`.

    `fields` are the members of the request body that are read, or None without a body. `query` are
    the names of the query parameters that are read.
    """

    id: str
    method: str
    path: str
    fields: KnownFields | None = None
    query: frozenset[str] = frozenset()

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The segments of the path."""
        return split(self.path)

    @cached_property
    def fixed(self) -> tuple[tuple[int, str], ...]:
        """The segments that stand for themselves, with their positions."""
        numbered = enumerate(self.segments)
        return tuple((number, name) for number, name in numbered if not is_parameter(name))

    @cached_property
    def customer_position(self) -> int | None:
        """The position of the tenant's id among the segments, or None."""
        return self.segments.index(CUSTOMER_ID) if CUSTOMER_ID in self.segments else None

    @property
    def signs_in(self) -> bool:
        """Whether the operation signs an API client in."""
        return self.path in SIGN_IN_PATHS


@dataclass(frozen=True)
class MatchedOperation:
    """The operation of a request, and the id of the tenant in its path or None."""

    operation: Operation
    customer_id: str | None


class Operations:
    """All operations, one for each path. Several paths can have one id."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._all = list(operations)
        self._ids = sorted({each.id for each in self._all})
        self._by_shape: dict[tuple[str, int], list[Operation]] = {}
        for each in self._all:
            self._by_shape.setdefault((each.method, len(each.segments)), []).append(each)
        for alike in self._by_shape.values():
            alike.sort(key=lambda each: -len(each.fixed))

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._all)

    @property
    def ids(self) -> list[str]:
        """The ids of all operations, in alphabetical order."""
        return self._ids

    def problem_of(self, operation_id: str) -> str:
        """Return a sentence about an id that no operation has, or "" for the id of one."""
        if operation_id in self._ids:
            return ""
        near = get_close_matches(operation_id, self._ids, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        known = ", ".join(self._ids)
        return f"there is no operation {operation_id}.{hint} The operations are: {known}."

    def match(self, method: str, path: str) -> MatchedOperation | None:
        """Return the operation that a method and a path call, or None.

        The path can start with `/zpa` and end with a slash. Fixed segments win over parameters.
        """
        segments = split(vendor_path(path))
        if not all(segments):
            return None
        for each in self._by_shape.get((method.upper(), len(segments)), ()):
            if all(segments[number] == name for number, name in each.fixed):
                position = each.customer_position
                return MatchedOperation(each, None if position is None else segments[position])
        return None


def vendor_path(path: str) -> str:
    """Return a path without the gateway's prefix and without slashes at its end."""
    if path.startswith(GATEWAY_PREFIX + "/"):
        path = path.removeprefix(GATEWAY_PREFIX)
    return path.rstrip("/") or "/"


def split(path: str) -> tuple[str, ...]:
    """Return the segments of a path."""
    return tuple(path.strip("/").split("/"))


def is_parameter(segment: str) -> bool:
    """Return whether a segment of an operation's path stands for any value."""
    return segment.startswith("{")
