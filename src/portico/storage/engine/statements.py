"""Compiles SQLAlchemy statements for the drivers: SQL text, ordered values, named rows.

SQLAlchemy composes and compiles. Its engines are not used, because running a statement through them
costs several times as much as the driver itself (decision 0010).
"""

from __future__ import annotations

import json
import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import (
    Alias,
    BigInteger,
    Boolean,
    ColumnElement,
    Delete,
    Dialect,
    Executable,
    Insert,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    insert,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import NullType, TypeEngine

P = ParamSpec("P")
T = TypeVar("T")
CACHED_SHAPES = 512

Row = Any
"""A named tuple of the columns that a statement selects."""

Bound = Mapping[str, Any] | Sequence[Any]
"""Values for the placeholders of a statement, by name or in order, as its driver takes them."""

_PLACEHOLDER = re.compile(r":(\w+)")
_ROW_OF_VALUES = re.compile(r"\((:\w+, )*:\w+\)\Z")

_Processor = Callable[[Any], Any] | None


def cached(build: Callable[P, T]) -> Callable[P, T]:
    """Cache the results of a function for the 512 argument lists used last."""
    # lru_cache loses the types of the arguments.
    return cast("Callable[P, T]", lru_cache(maxsize=CACHED_SHAPES)(build))


_FEW_ROWS = "few_rows"


def deleting_few(statement: Delete) -> Delete:
    """Mark a DELETE of few rows, cascades included, so that SQLite runs it on the event loop."""
    return statement.execution_options(**{_FEW_ROWS: True})


@cached
def insert_into(table: Table) -> Insert:
    """Return the INSERT of whole rows of a table."""
    return insert(table)


class PreparedStatement:
    """A statement compiled for one driver. `names` are the names of its values.

    An INSERT with placeholders by name repeats `row_of_values` to store several rows. `lists` are
    the names of the values that are lists. `deletes_many` is True for a DELETE that can remove any
    number of rows.
    """

    def __init__(self, statement: Executable, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        self._compiled = compiled
        self._expands = bool(compiled.post_compile_params)
        self._constants = {
            name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required
        }
        self.sql = compiled.string
        few = statement.get_execution_options().get(_FEW_ROWS, False)
        self.deletes_many = isinstance(statement, Delete) and not few
        self.lists = [n for n, bind in compiled.binds.items() if isinstance(bind.type, ValueList)]
        order: Sequence[str] | None = compiled.positiontup
        if compiled.literal_execute_params and not self._expands:
            # The SQL contains constants, which never change.
            unknown = dict.fromkeys(compiled.binds)
            state = compiled.construct_expanded_state(unknown | self._constants)
            self.sql, order = state.statement, state.positiontup
        self._processors: dict[str, _Processor] = {
            name: _bind_processor(bind.type, dialect) for name, bind in compiled.binds.items()
        }
        self._processed = [(name, each) for name, each in self._processors.items() if each]
        self._order = None if order is None else [(name, self._processors[name]) for name in order]
        row_of_values = _ROW_OF_VALUES.search(self.sql) if isinstance(statement, Insert) else None
        self.row_of_values = row_of_values and row_of_values[0]
        types = (
            [column.type for column in statement.selected_columns]
            if isinstance(statement, SelectBase)
            else []
        )
        converters = [(place, _result_processor(each, dialect)) for place, each in enumerate(types)]
        self._converters = [(place, each) for place, each in converters if each is not None]
        self._make: Callable[[Iterable[Any]], Row] | None = None

    def bind(self, values: Mapping[str, Any]) -> tuple[str, Bound]:
        """Return the SQL text and its values, by name or in order of the placeholders."""
        if self._constants:
            values = {**self._constants, **values}
        if self._expands:
            return self._expanded(values)
        if self._order is None:
            if self._processed:
                converted = {name: process(values[name]) for name, process in self._processed}
                values = {**values, **converted}
            return self.sql, values
        return self.sql, [
            values[name] if process is None else process(values[name])
            for name, process in self._order
        ]

    def bind_rows(self, rows: Sequence[Mapping[str, Any]]) -> tuple[str, Bound]:
        """Return one INSERT for several rows, and their values in order."""
        assert self.row_of_values is not None
        names = _PLACEHOLDER.findall(self.row_of_values)
        row_of_values = _PLACEHOLDER.sub("?", self.row_of_values)
        several = ", ".join([row_of_values] * len(rows))
        bound: list[Any] = []
        for row in rows:
            _, values = self.bind(row)
            bound += [values[name] for name in names]
        return self.sql.removesuffix(self.row_of_values) + several, bound

    def _expanded(self, values: Mapping[str, Any]) -> tuple[str, Bound]:
        """Return the same for a list with one placeholder for each member."""
        state = self._compiled.construct_expanded_state(values, escape_names=False)
        bound = dict(state.parameters)
        for name, process in (*self._processed, *state.processors.items()):
            if name in bound:
                bound[name] = process(bound[name])
        if state.positiontup is None:
            return state.statement, bound
        return state.statement, [bound[name] for name in state.positiontup]

    def rows(
        self, names: Callable[[], Iterable[str]], fetched: Iterable[Sequence[Any]]
    ) -> list[Row]:
        """Return the driver's rows, converted and named; `names` is called for the first ones."""
        make = self._make or self._name(names())
        # Converting column by column takes one call for all rows, and copies no row.
        columns: list[Iterable[Any]] = list(zip(*fetched, strict=True)) if self._converters else []
        if columns:
            for place, convert in self._converters:
                columns[place] = map(convert, columns[place])
            fetched = zip(*columns, strict=True)
        return list(map(make, fetched))

    def _name(self, names: Iterable[str]) -> Callable[[Iterable[Any]], Row]:
        make_type: Callable[..., Any] = namedtuple
        row_type = make_type("Row", list(names), rename=True)
        make: Callable[[Iterable[Any]], Row] = row_type._make
        self._make = make
        return make


class StatementCompiler:
    """Compiles statements for one kind of database. Each statement is compiled once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._prepared: WeakKeyDictionary[Executable, dict[tuple[str, ...], PreparedStatement]] = (
            WeakKeyDictionary()
        )

    def prepare(self, statement: Executable, values: Mapping[str, Any]) -> PreparedStatement:
        """Return the statement, compiled for values of these names."""
        forms = self._prepared.get(statement)
        if forms is None:
            forms = self._prepared[statement] = {}
        # An INSERT or UPDATE depends on the names of the values; a SELECT does not.
        names = () if isinstance(statement, SelectBase) else tuple(values)
        prepared = forms.get(names)
        if prepared is None:
            prepared = forms[names] = PreparedStatement(statement, names, self._dialect)
        return prepared


def _bind_processor(kind: TypeEngine[Any], dialect: Dialect) -> _Processor:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _result_processor(kind: TypeEngine[Any], dialect: Dialect) -> _Processor:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


class ValueList(TypeDecorator[Sequence[Any]]):
    """A list of values as one parameter: an array on PostgreSQL, a JSON array on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, item: type[TypeEngine[Any]]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the parameter."""
        if dialect.name != "postgresql":
            return Text()
        # Users of SQLite need not wait for the import of another dialect.
        from sqlalchemy.dialects.postgresql import ARRAY

        return ARRAY(self.item)

    def bind_processor(self, dialect: Dialect) -> _Processor:
        """Return None if the driver takes the list itself, else a converter to JSON."""
        return None if dialect.name == "postgresql" else json.dumps


class Among(FunctionElement[Any]):
    """`column IN (...)` with the members in one parameter, so that the statement never changes.

    It has no type: SQLite would get `... = 1` behind a Boolean, and use no index.
    """

    type = NullType()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        item = type(column.type) if isinstance(column.type, BigInteger | Boolean) else Text
        super().__init__(column, bindparam(name, type_=ValueList(item)))


@compiles(Among)
def _compile_among(among: Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401  # the compiler's own
    column, members = (compiler.process(each, **options) for each in among.clauses)
    if compiler.dialect.name == "postgresql":
        return f"{column} = ANY ({members})"
    return f"{column} IN (SELECT value FROM json_each({members}))"


class _AliasByIndex(Alias):
    """An alias that SQLite looks up by one index (`INDEXED BY`)."""

    inherit_cache = False  # a key of SQLAlchemy's cache would not have the index
    index = ""


def alias_by_index(table: Table, name: str, index: str) -> Alias:
    """Return an alias of a table, whose rows SQLite finds by the index and in no other way.

    Without statistics SQLite takes a primary key that begins with the tenant for better than any
    index, and reads all rows of the tenant. PostgreSQL has statistics and chooses itself.
    """
    # The public constructors make plain aliases alone.
    made = _AliasByIndex._construct(table, name=name)
    made.index = index
    return made


@compiles(_AliasByIndex)
def _compile_alias(alias: _AliasByIndex, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401  # the compiler's own
    named: str = compiler.visit_alias(alias, **options)  # type: ignore[no-untyped-call]
    is_source = options.get("asfrom") and compiler.dialect.name == "sqlite"
    return f"{named} INDEXED BY {alias.index}" if is_source else named
