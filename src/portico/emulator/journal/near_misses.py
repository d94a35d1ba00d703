"""The operations that are closest to a request that met no route, and how they differ from it."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from portico.emulator.operations import Operations, is_parameter, split, vendor_path

CLOSEST = 3
OTHER_METHOD = 0.5
OTHER_KIND_OF_ID = 0.4
LONGEST_SEGMENT = 40
MOST_SEGMENTS = 12


class NearMiss(Struct, frozen=True):
    """An operation that was not called, and how the request differs from it."""

    operation: str
    method: str
    path: str
    distance: float
    differences: list[str]


_Costs = tuple[float, tuple[str, ...]]


def near_misses(method: str, path: str, operations: Operations) -> list[NearMiss]:
    """Return the closest operations to a request, closest first."""
    segments = split(vendor_path(path))[:MOST_SEGMENTS]
    found: list[NearMiss] = []
    for each in operations:
        distance, differences = _compare(segments, each.segments)
        if each.method != method.upper():
            distance += OTHER_METHOD
            differences = (f"the method is {each.method}, not {method.upper()}", *differences)
        found.append(
            NearMiss(each.id, each.method, each.path, round(distance, 3), list(differences))
        )
    return sorted(found, key=lambda each: (each.distance, each.path, each.method))[:CLOSEST]


def _compare(sent: tuple[str, ...], pattern: tuple[str, ...]) -> _Costs:
    """Return the edit distance of two paths by segments, and its steps in words."""
    above: list[_Costs] = [(0.0, ())]
    for expected in pattern:
        above.append(_plus(above[-1], 1, f"{expected} is missing"))
    for segment in sent:
        row = [_plus(above[0], 1, f"{segment} is not expected")]
        for column, expected in enumerate(pattern):
            row.append(
                min(
                    _plus(above[column], *_segment_distance(segment, expected)),
                    _plus(above[column + 1], 1, f"{segment} is not expected"),
                    _plus(row[column], 1, f"{expected} is missing"),
                    key=lambda each: each[0],
                )
            )
        above = row
    return above[-1]


def _plus(costs: _Costs, cost: float, difference: str) -> _Costs:
    return (costs[0] + cost, (*costs[1], difference)) if cost else costs


@lru_cache(maxsize=4_096)
def _segment_distance(segment: str, expected: str) -> tuple[float, str]:
    if segment == expected:
        return 0, ""
    if is_parameter(expected):
        if segment.isdigit():
            return 0, ""
        return OTHER_KIND_OF_ID, f"{segment} is not an id"
    segment = segment[:LONGEST_SEGMENT]
    distance = _edits(segment.lower(), expected.lower()) / max(len(segment), len(expected), 1)
    return max(distance, 0.05), f"{expected} is expected, not {segment}"


def _edits(one: str, other: str) -> int:
    """Return the Levenshtein distance of two words."""
    above = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        row = [number]
        for column, expected in enumerate(other):
            row.append(
                min(above[column] + (letter != expected), above[column + 1] + 1, row[column] + 1)
            )
        above = row
    return above[-1]
