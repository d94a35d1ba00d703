"""Queries of the text index of links on SQLite: FTS5 over trigrams of the folded text.

The WHERE clause of a search compares every row that the index returns, so the index can be left
out, but must not miss a row. Triggers update it (migration 0001). PostgreSQL has an index of its
own, which its planner uses for LIKE.
"""

from __future__ import annotations

from portico.domain.search import AllOf, AnyOf, Comparison, Condition, FieldKind, Operator
from portico.storage.engine.connections import TEXT_INDEX

TEXT_INDEX_QUERY = f"SELECT rowid FROM {TEXT_INDEX} WHERE {TEXT_INDEX} MATCH :trigrams"
INDEXED = ("name_folded", "description_folded", "link_folded", "link_path_folded")
_LETTERS = 3
_PIECES = 8
_PIECES_IN_ALL = 32
"""Each trigram costs one more list to read, and a few of them exclude most rows."""

_NARROWING = {
    Operator.EQ,
    Operator.CONTAINS,
    Operator.STARTSWITH,
    Operator.ENDSWITH,
}


def trigram_query(condition: Condition) -> str:
    """Return an FTS5 query that matches every row of the condition.

    It is empty if there is none, or if an ordinary index finds the rows as well.
    """
    return _query(condition, max(2, min(_PIECES, _PIECES_IN_ALL // _count(condition))))


def _count(condition: Condition) -> int:
    """Return the number of comparisons in a condition."""
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
    chosen = _pieces(value, pieces)
    if not chosen:
        return ""
    quoted = " AND ".join(f'"{piece.replace(chr(34), chr(34) * 2)}"' for piece in chosen)
    return f"({{{condition.field.attribute}_folded}} : ({quoted}))"


def _has_index(condition: Condition) -> bool:
    return (
        isinstance(condition, Comparison)
        and condition.operator in {Operator.EQ, Operator.IN}
        and condition.field.name in {"id", "name", "link", "applicationId"}
    )


def _pieces(value: str, most: int) -> list[str]:
    """Return distinct trigrams from all parts of a text."""
    starts = len(value) - _LETTERS + 1
    step = max(1, starts // most)
    pieces = (value[start : start + _LETTERS] for start in range(0, starts, step))
    return list(dict.fromkeys(pieces))[:most]
