"""The operations of the API, as the stand-in knows them: which one a request calls, by its path.

Journal entries and fault rules name an operation by its id in the OpenAPI document. An operation
with several paths has the id of its first one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

KnownFields: TypeAlias = Mapping[str, "KnownFields | None"]
"""The members of a JSON object that are read, each with those of the objects in it, or None."""

GATEWAY_PREFIX = "/zpa"
"""The prefix that the vendor's gateway puts before every path."""

SIGN_IN_PATHS = frozenset(("/signin", "/oauth2/v1/token"))
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
    segments: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", split(self.path))

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

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._all)

    def __contains__(self, operation_id: object) -> bool:
        return operation_id in self._ids

    @property
    def ids(self) -> list[str]:
        """The ids of all operations, in alphabetical order."""
        return self._ids

    def match(self, method: str, path: str) -> MatchedOperation | None:
        """Return the operation that a method and a path call, or None.

        The path can start with `/zpa` and end with a slash. Fixed segments win over parameters.
        """
        segments = split(vendor_path(path))
        found = [
            each
            for each in self._by_shape.get((method.upper(), len(segments)), ())
            if _fits(each.segments, segments)
        ]
        if not found:
            return None
        best = min(found, key=lambda each: sum(map(is_parameter, each.segments)))
        return MatchedOperation(best, _customer_id(best.segments, segments))


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


def _fits(pattern: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    pairs = zip(pattern, segments, strict=True)
    return all((is_parameter(name) and value) or name == value for name, value in pairs)


def _customer_id(pattern: tuple[str, ...], segments: tuple[str, ...]) -> str | None:
    return segments[pattern.index(CUSTOMER_ID)] if CUSTOMER_ID in pattern else None
