"""The text index of links on SQLite: FTS5 over three-letter pieces of the folded text.

It only narrows: whatever it finds is compared again by the WHERE clause of the search, so it may be
left out, and must never miss a row. Triggers keep it (migration 0001). PostgreSQL has its own,
which its planner uses for LIKE by itself.
"""

from __future__ import annotations

from portico.domain.search import AllOf, AnyOf, Comparison, Condition, FieldKind, Operator
from portico.storage.engine.connections import TEXT_INDEX

TEXT_INDEX_QUERY = f"SELECT rowid FROM {TEXT_INDEX} WHERE {TEXT_INDEX} MATCH :trigrams"
INDEXED = ("name_folded", "description_folded", "link_folded", "link_path_folded")
_LETTERS = 3
_PIECES = 8
_PIECES_IN_ALL = 32
"""Each piece is one more list to walk for every row, and a few tell few rows from many."""

_NARROWING = {
    Operator.EQ,
    Operator.CONTAINS,
    Operator.STARTSWITH,
    Operator.ENDSWITH,
}


def trigram_query(condition: Condition) -> str:
    """The FTS5 query that every row of the condition meets; empty when there is none, or when an
    ordinary index finds the rows as well.
    """
    return _query(condition, max(2, min(_PIECES, _PIECES_IN_ALL // _count(condition))))


def _count(condition: Condition) -> int:
    """The number of comparisons in a condition."""
    return 1 if isinstance(condition, Comparison) else sum(map(_count, condition.parts))


def _query(condition: Condition, pieces: int) -> str:
    if isinstance(condition, AllOf):
        if any(map(_has_index, condition.parts)):
            return ""
        return " AND ".join(filter(None, (_query(part, pieces) for part in condition.parts)))
    if isinstance(condition, AnyOf):
        queries = [_query(part, pieces) for part in condition.parts]
        return f"({' OR '.join(queries)})" if all(queries) else ""
    if condition.operator not in _NARROWING or _has_index(condition):
        return ""
    value = condition.values[0]
    if condition.field.kind is not FieldKind.FOLDED or not isinstance(value, str):
        return ""
    wanted = _pieces(value, pieces)
    if not wanted:
        return ""
    quoted = " AND ".join(f'"{piece.replace(chr(34), chr(34) * 2)}"' for piece in wanted)
    return f"({{{condition.field.attribute}_folded}} : ({quoted}))"


def _has_index(condition: Condition) -> bool:
    return (
        isinstance(condition, Comparison)
        and condition.operator in {Operator.EQ, Operator.IN}
        and condition.field.name in {"id", "name", "link", "applicationId"}
    )


def _pieces(value: str, most: int) -> list[str]:
    """Different pieces of a text, spread over it."""
    starts = len(value) - _LETTERS + 1
    step = max(1, starts // most)
    pieces = (value[start : start + _LETTERS] for start in range(0, starts, step))
    return list(dict.fromkeys(pieces))[:most]
