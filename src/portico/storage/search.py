"""The compiler from a search tree to a WHERE clause. Every value is bound, every wildcard literal.

Text is compared with its folded copy; `portico.domain.search.matches` says what must come out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_

from portico.domain.search import AllOf, AnyOf, Comparison, Condition, FieldKind, Operator

_TESTS: Mapping[Operator, Callable[..., Any]] = {
    Operator.EQ: eq,
    Operator.NE: ne,
    Operator.GT: gt,
    Operator.GE: ge,
    Operator.LT: lt,
    Operator.LE: le,
    Operator.CONTAINS: lambda column, part: column.contains(part, autoescape=True),
    Operator.STARTSWITH: lambda column, part: column.startswith(part, autoescape=True),
    Operator.ENDSWITH: lambda column, part: column.endswith(part, autoescape=True),
}


def where(condition: Condition, table: Table) -> ColumnElement[bool]:
    """The WHERE clause that keeps the rows of `table` that meet the condition."""
    if isinstance(condition, AllOf):
        return and_(*(where(part, table) for part in condition.parts))
    if isinstance(condition, AnyOf):
        return or_(*(where(part, table) for part in condition.parts))
    return _comparison(condition, table)


def _comparison(comparison: Comparison, table: Table) -> ColumnElement[bool]:
    column = _comparable(comparison, table)
    if comparison.operator is Operator.IN:
        listed: ColumnElement[bool] = column.in_(comparison.values)
        return listed
    clause: ColumnElement[bool] = _TESTS[comparison.operator](column, comparison.values[0])
    if comparison.operator is Operator.NE and column.nullable:
        return or_(clause, column.is_(None))
    return clause


def _comparable(comparison: Comparison, table: Table) -> Any:  # noqa: ANN401  # any column type
    attribute = comparison.field.attribute
    if comparison.field.kind is FieldKind.FOLDED:
        return table.c[f"{attribute}_folded"]
    if comparison.field.kind is FieldKind.ASCII:
        return func.lower(table.c[attribute])
    return table.c[attribute]
