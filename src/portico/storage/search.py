"""The compiler from a search condition to a WHERE clause.

Values are bound parameters and wildcards are literal. Text is compared by its folded column, with
the results of `portico.domain.search.matches`. A condition is compiled without its values, so that
statements can be cached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, func, or_

from portico.domain.search import AllOf, AnyOf, Comparison, Condition, FieldKind, Operator
from portico.storage.engine.statements import Among
from portico.storage.text_matches import HasText

_SUBSTRING = {Operator.CONTAINS, Operator.STARTSWITH, Operator.ENDSWITH}
_TESTS: Mapping[Operator, Callable[..., Any]] = {
    Operator.EQ: eq,
    Operator.NE: ne,
    Operator.GT: gt,
    Operator.GE: ge,
    Operator.LT: lt,
    Operator.LE: le,
}


def shape(condition: Condition) -> Condition:
    """Return a condition without its values: equal for searches that differ only in these."""
    if isinstance(condition, Comparison):
        return replace(condition, values=())
    return replace(condition, parts=tuple(shape(part) for part in condition.parts))


def is_selective(condition: Condition) -> bool:
    """Return whether the condition probably matches only a few of many rows."""
    if isinstance(condition, AllOf):
        return any(map(is_selective, condition.parts))
    if isinstance(condition, AnyOf):
        return all(map(is_selective, condition.parts))
    picks = condition.operator in {Operator.EQ, Operator.IN, *_SUBSTRING}
    return picks and condition.field.kind is not FieldKind.FLAG


def finds_by_key(condition: Condition) -> bool:
    """Return whether an index of unique values finds the rows, so that a search is no scan."""
    if isinstance(condition, AllOf):
        return any(map(finds_by_key, condition.parts))
    if isinstance(condition, AnyOf):
        return all(map(finds_by_key, condition.parts))
    field = condition.field
    is_key = field.attribute == "id" or (
        field.attribute == "name" and field.kind is FieldKind.FOLDED
    )
    return is_key and condition.operator in {Operator.EQ, Operator.IN}


def bound(condition: Condition) -> dict[str, Any]:
    """Return the values of a condition, by the names that `where` gives their parameters."""
    return {
        _name(position): _bindable(comparison)
        for position, comparison in enumerate(_comparisons(condition))
    }


def where(condition: Condition, table: Table) -> ColumnElement[bool]:
    """Return the WHERE clause for the rows of `table` that match a condition of that shape."""
    return _clause(condition, table, iter(range(1_000_000)))


def _comparisons(condition: Condition) -> Iterator[Comparison]:
    if isinstance(condition, Comparison):
        yield condition
    else:
        for part in condition.parts:
            yield from _comparisons(part)


def _name(position: int) -> str:
    return f"value_{position}"


def _bindable(comparison: Comparison) -> Any:  # noqa: ANN401  # whatever the column holds
    if comparison.operator is Operator.IN:
        return list(comparison.values)
    return comparison.values[0]


def _clause(condition: Condition, table: Table, numbers: Iterator[int]) -> ColumnElement[bool]:
    if isinstance(condition, AllOf):
        return and_(*(_clause(part, table, numbers) for part in condition.parts))
    if isinstance(condition, AnyOf):
        return or_(*(_clause(part, table, numbers) for part in condition.parts))
    return _comparison(condition, table, _name(next(numbers)))


def _comparison(comparison: Comparison, table: Table, name: str) -> ColumnElement[bool]:
    column = _comparable(comparison, table)
    clause: ColumnElement[bool]
    if comparison.operator is Operator.IN:
        clause = Among(column, name)
    elif comparison.operator in _SUBSTRING:
        clause = HasText(column, comparison.operator, name)
    else:
        clause = _TESTS[comparison.operator](column, bindparam(name))
    if comparison.operator is Operator.NE and table.c[comparison.field.attribute].nullable:
        return or_(clause, column.is_(None))
    return clause


def _comparable(comparison: Comparison, table: Table) -> Any:  # noqa: ANN401  # any column type
    attribute = comparison.field.attribute
    if comparison.field.kind is FieldKind.FOLDED:
        return table.c[f"{attribute}_folded"]
    if comparison.field.kind is FieldKind.ASCII:
        return func.lower(table.c[attribute])
    return table.c[attribute]
