"""The base of all repositories: columns mapped by name, the tenancy filter, pages and writes.

A repository belongs to one transaction and one scope. Only `_rows`, `_scan` and `_run` fill the
parameters of `in_scope`, so no statement can omit the scope. Statements are cached by their shape,
because building one costs more than running it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from operator import attrgetter, itemgetter
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Executable,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    bindparam,
    delete,
    func,
    select,
    true,
    update,
)

from portico.domain.errors import NameTaken, NotFound, SearchTooExpensive
from portico.domain.records import Page, Record, Scope, fold, natural_key
from portico.domain.search import Condition, ListQuery
from portico.storage.engine.connections import Connection, DuplicateKey, ReadTooSlow
from portico.storage.engine.duplicates import last_value
from portico.storage.engine.statements import Among, Row, cached, insert_into
from portico.storage.search import bound, finds_by_key, is_selective, shape, where

R = TypeVar("R", bound=Record)
S = TypeVar("S")
DEEP_OFFSET = 10_000
"""The database scans everything before a page, so from this offset on the page can be slow."""

NATURAL_NAMES = 5_000
"""The longest list that is sorted by the numbers within its names."""

_KEYS = {"customer_id", "microtenant_id", "id"}


def in_scope(table: Table, *, by_id: bool = False) -> ColumnElement[bool]:
    """Return the tenancy filter: the tenant, and the microtenant in tables that have that column.

    Use `by_id` with conditions on ids. It keeps the database from scanning an index of the whole
    microtenant where the primary key is faster.
    """
    tenant = table.c.customer_id == bindparam("scope_customer_id")
    if "microtenant_id" not in table.c:
        return tenant
    # No index covers an arithmetic expression.
    microtenant = table.c.microtenant_id + 0 if by_id else table.c.microtenant_id
    return and_(tenant, microtenant == bindparam("scope_microtenant_id"))


class Repository(Generic[R]):
    """The stored records of one noun in one scope."""

    table: ClassVar[Table]
    record: ClassVar[type[Any]]
    vague: ClassVar[frozenset[str]] = frozenset()
    """Names of narrowings that probably match many rows."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection = connection
        self.scope = scope

    async def find(self, record_id: int, *, lock: bool = False) -> R | None:
        """Return the record with that id, or None when this scope has none.

        `lock` is for a transaction that decides by the record: see `lock`.
        """
        if lock:
            await self.lock(record_id)
        rows = await self._rows(_find(type(self)), record_id=record_id)
        return self._record(rows[0]) if rows else None

    async def get(self, record_id: int, *, lock: bool = False) -> R:
        """Return the record with that id, as `find` does. Raises NotFound."""
        record = await self.find(record_id, lock=lock)
        if record is None:
            raise NotFound(record_id)
        return record

    async def find_all(self, record_ids: Iterable[int], *, lock: bool = False) -> dict[int, R]:
        """Return the records with those ids that this scope has, by id.

        `lock` is for a transaction that decides by the records: see `lock`.
        """
        requested = sorted(set(record_ids))
        if not requested:
            return {}
        if lock:
            await self.lock(*requested)
        rows = await self._rows(_find_all(type(self)), record_ids=requested)
        return {record.id: record for record in map(self._record, rows)}

    async def lock_existing(self, record_ids: Iterable[int]) -> set[int]:
        """Return which of the ids this scope has, locked: see `lock`. Reads nothing else."""
        requested = sorted(set(record_ids))
        rows = await self._rows(_lock(self.table), record_ids=requested) if requested else ()
        return {row.id for row in rows}

    async def lock(self, *record_ids: int) -> None:
        """Keep other transactions from changing records until this one ends.

        Waits for those that hold them. Does nothing in a read, and where writers take turns anyway.
        It is a statement of its own because what is computed beside a row would be as old as the
        wait.
        """
        if record_ids and self.connection.writers_overlap:
            await self._rows(_lock(self.table), record_ids=sorted(record_ids))

    async def ids_by_name(self, names: Iterable[str]) -> dict[str, int]:
        """Return the ids of the records that have one of the names, by folded name."""
        folded = sorted({fold(name) for name in names})
        rows = await self._rows(_ids_by_name(self.table), names=folded)
        return {row.name_folded: row.id for row in rows}

    async def page(self, query: ListQuery) -> Page[R]:
        """Return one page and the total, in one statement, even if the page is past the end.

        Raises SearchTooExpensive when the database does not finish the search in time.
        """
        return await self._page(query)

    async def _page(self, query: ListQuery, *narrowed: str, **values: object) -> Page[R]:
        """Return a page of the rows that match `_narrowing(narrowed)`, which takes `values`."""
        if query.natural and query.sort_attribute == "name":
            return await self._natural_page(query, *narrowed, **values)
        return await self._ordered_page(query, *narrowed, **values)

    async def _natural_page(self, query: ListQuery, *narrowed: str, **values: object) -> Page[R]:
        """Return a page in an order that no index has: the names are sorted in memory."""
        condition = query.condition
        bindings = values | {"most": NATURAL_NAMES + 1}
        if condition is not None:
            bindings |= bound(condition)
        statement = _names(type(self), None if condition is None else shape(condition), narrowed)
        try:
            rows = await self._scan(statement, **bindings)
        except ReadTooSlow as error:
            raise SearchTooExpensive(error.seconds) from error
        if len(rows) > NATURAL_NAMES:
            return await self._ordered_page(query, *narrowed, **values)
        ordered = sorted(rows, key=_natural_order, reverse=query.descending)
        ids = [row.id for row in ordered[query.offset : query.offset + query.page_size]]
        found = await self.find_all(ids)
        return Page(items=[found[each] for each in ids if each in found], total=len(rows))

    async def _ordered_page(self, query: ListQuery, *narrowed: str, **values: object) -> Page[R]:
        condition = query.condition
        statement = _page(
            type(self),
            query.sort_attribute,
            query.descending,
            None if condition is None else shape(condition),
            narrowed,
        )
        is_scan = bool(narrowed) or query.offset >= DEEP_OFFSET
        if condition is not None:
            values |= bound(condition)
            is_scan = is_scan or not finds_by_key(condition)
        values |= {"page_size": query.page_size, "page_offset": query.offset}
        read = self._scan if is_scan else self._rows
        try:
            rows = await read(statement, **values)
        except ReadTooSlow as error:
            if condition is None:
                raise
            raise SearchTooExpensive(error.seconds) from error
        items = [self._record(row) for row in rows if row.id is not None]
        return Page(items=items, total=rows[0].total)

    async def texts(
        self, columns: tuple[str, ...], condition: Condition | None, limit: int
    ) -> dict[int, tuple[str, ...]]:
        """Return some columns of at most `limit` rows by id, in the order of names.

        Raises SearchTooExpensive when the database does not finish in time.
        """
        return await self._texts(columns, condition, limit)

    async def _texts(
        self,
        columns: tuple[str, ...],
        condition: Condition | None,
        limit: int,
        *narrowed: str,
        **values: object,
    ) -> dict[int, tuple[str, ...]]:
        shaped = None if condition is None else shape(condition)
        if condition is not None:
            values |= bound(condition)
        values |= {"page_size": limit, "page_offset": 0}
        try:
            rows = await self._scan(_texts(type(self), columns, shaped, narrowed), **values)
        except ReadTooSlow as error:
            raise SearchTooExpensive(error.seconds) from error
        return {row.id: tuple(row[1:]) for row in rows}

    async def insert(self, *records: R) -> None:
        """Store new records in this scope."""
        if records:
            # All writers use the same order, so that two with the same names cannot deadlock.
            values = sorted((self._values(record) for record in records), key=_name_folded)
            with named(*records):
                await self.connection.run(insert_into(self.table), values)

    async def replace(self, record: R) -> bool:
        """Store all fields of a record. Returns False if this scope has no record with its id."""
        values = self._values(record)
        changed = {name: value for name, value in values.items() if name not in _KEYS}
        with named(record):
            return bool(await self._run(_update(self.table), record_id=record.id, **changed))

    async def remove(self, record_id: int) -> bool:
        """Delete the record with that id. Returns False if this scope has none."""
        return bool(await self._run(_delete(self.table), record_id=record_id))

    async def _rows(self, statement: Executable, **values: object) -> Sequence[Row]:
        return await self.connection.rows(statement, self._bound(values))

    async def _scan(self, statement: Executable, **values: object) -> Sequence[Row]:
        return await self.connection.scan(statement, self._bound(values))

    async def _run(self, statement: Executable, **values: object) -> int:
        return await self.connection.run(statement, self._bound(values))

    def _bound(self, values: dict[str, object]) -> dict[str, object]:
        values["scope_customer_id"] = self.scope.customer_id
        values["scope_microtenant_id"] = self.scope.microtenant_id
        return values

    @classmethod
    def _narrowing(cls, narrowed: tuple[str, ...]) -> list[ColumnElement[bool]]:
        """Return the further conditions of a page, by the names that the noun gives them."""
        return []

    @classmethod
    def _counted(cls) -> Select[Any] | None:
        """Return a query for the number of rows in scope, as `total`, if it is stored."""
        return None

    @classmethod
    def _extended(cls, statement: Select[Any]) -> Select[Any]:
        """Return a statement on rows of the table, extended by what a record has beside them."""
        return statement

    def _record(self, row: Row) -> R:
        record: R = restored(self.record, row)
        return record

    def _values(self, record: R) -> Mapping[str, Any]:
        names, read, folded = _columns(self.table)
        values: dict[str, Any] = dict(zip(names, read(record), strict=True))
        for column, name in folded:
            values[column] = fold(values[name])
        values["customer_id"] = self.scope.customer_id
        if "microtenant_id" in values:
            values["microtenant_id"] = self.scope.microtenant_id
        return values


AnyRepository = type[Repository[Any]]


class OrderedRepository(Repository[R]):
    """The stored records of a noun that has few of them, which are read all at once."""

    order_by: ClassVar[tuple[ColumnElement[Any], ...]]

    async def all(self) -> list[R]:
        """Return all records of the scope in their order."""
        return [self._record(row) for row in await self._rows(_all(type(self)))]


@cached
def _all(repository: type[OrderedRepository[Any]]) -> Select[Any]:
    return _stored(repository.table).order_by(*repository.order_by)


def _name_folded(values: Mapping[str, Any]) -> str:
    return str(values.get("name_folded", ""))


def _natural_order(row: Row) -> tuple[tuple[str | int, ...], int]:
    return natural_key(row.name_folded), row.id


@contextmanager
def named(*records: Any) -> Iterator[None]:  # noqa: ANN401  # records of any noun
    """Turn a duplicate key on a name into NameTaken, with the name of the record."""
    try:
        yield
    except DuplicateKey as duplicate:
        if "name" in duplicate.key:
            for record in records:
                if len(records) == 1 or fold(record.name) == last_value(duplicate.detail):
                    raise NameTaken(record.name) from None
        raise


def restored(record: type[S], row: Row, **computed: object) -> S:
    """Return a record with the values of a row; `computed` values take precedence.

    Skips the initialiser of the frozen record, which takes eight times as long.
    """
    names, read = _fields(record, type(row))
    made = object.__new__(record)
    values = dict(zip(names, read(row), strict=False))
    values.update(computed)
    object.__setattr__(made, "__dict__", values)
    return made


def listed_ids(listed: str | None) -> tuple[int, ...]:
    """Return ids from a comma-separated list, sorted."""
    if not listed:
        return ()
    if "," not in listed:  # most links are on one portal
        return (int(listed),)
    return tuple(sorted(map(int, listed.split(","))))


@cached
def _fields(record: type[Any], row: type[Any]) -> tuple[tuple[str, ...], Callable[[Row], Any]]:
    """Return the fields of a record, and a function that reads them from rows of that type."""
    names = tuple(each.name for each in fields(record))
    return names, itemgetter(*map(row._fields.index, names))


@cached
def _columns(
    table: Table,
) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]], tuple[tuple[str, str], ...]]:
    """Return the columns of fields, a function that reads these, and (folded, plain) columns."""
    every = [column.name for column in table.c]
    names = tuple(name for name in every if not name.endswith("_folded"))
    folded = tuple((name, name.removesuffix("_folded")) for name in every if name not in names)
    return names, attrgetter(*names), folded


def plain_columns(table: Table) -> list[Column[Any]]:
    """Return the columns that a record has as fields: all but the folded copies."""
    return [column for column in table.c if not column.name.endswith("_folded")]


def _stored(table: Table, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(*plain_columns(table)).where(in_scope(table), *conditions)


@cached
def _lock(table: Table) -> Select[Any]:
    """Lock rows, always in the same order, so that no two transactions wait for each other.

    References to the rows can still be made.
    """
    among = Among(table.c.id, "record_ids")
    chosen = select(table.c.id).where(in_scope(table), among).order_by(table.c.id)
    return chosen.with_for_update(key_share=True)


@cached
def _find(repository: AnyRepository) -> Select[Any]:
    table = repository.table
    return repository._extended(_stored(table, table.c.id == bindparam("record_id")))


@cached
def _find_all(repository: AnyRepository) -> Select[Any]:
    table = repository.table
    return repository._extended(_stored(table, Among(table.c.id, "record_ids")))


@cached
def _ids_by_name(table: Table) -> Select[Any]:
    among = Among(table.c.name_folded, "names")
    return select(table.c.name_folded, table.c.id).where(in_scope(table), among)


@cached
def _update(table: Table) -> Executable:
    # The values of an UPDATE use the column names, so the key needs a different one.
    return update(table).where(in_scope(table), table.c.id == bindparam("record_id"))


@cached
def _delete(table: Table) -> Executable:
    return delete(table).where(in_scope(table), table.c.id == bindparam("record_id"))


@cached
def _page(
    repository: AnyRepository,
    sort_attribute: str,
    descending: bool,
    condition: Condition | None,
    narrowed: tuple[str, ...],
) -> Select[Any]:
    """Return the query for one page and the total: the keys of the page, then their rows."""
    table = repository.table
    keys, counted = _keys(repository, sort_attribute, descending, condition, narrowed)
    if condition is None and not narrowed:
        stored = repository._counted()
        counted = counted if stored is None else stored
    total = counted.subquery("counted")
    # Citus needs the scope beside each table to route the query.
    same = and_(in_scope(table), table.c.id == keys.c.id)
    return repository._extended(
        select(total.c.total, *plain_columns(table))
        .select_from(total.outerjoin(keys, true()).outerjoin(table, same))
        .order_by(*_directed([keys.c.sort_key, keys.c.id], descending))
    )


def _keys(
    repository: AnyRepository,
    sort_attribute: str,
    descending: bool,
    condition: Condition | None,
    narrowed: tuple[str, ...],
) -> tuple[Subquery, Select[Any]]:
    """Return the queries for the keys of one page, and for the number of rows on all pages.

    If few rows can match, the query finds them once, then counts and sorts them. Otherwise the keys
    come from an index in order, so that a deep page costs little more than scanning that index.
    """
    table = repository.table
    narrow = not repository.vague.issuperset(narrowed)
    conditions = _conditions(repository, condition, narrowed)
    folded = f"{sort_attribute}_folded"
    sort_key: ColumnElement[Any] = table.c[folded if folded in table.c else sort_attribute]
    source: FromClause = table
    if narrow or (condition is not None and is_selective(condition)):
        matching = select(table.c.id, sort_key.label("sort_key")).where(*conditions)
        source = matching.cte("matching").prefix_with("MATERIALIZED")
        sort_key, conditions = source.c.sort_key, []
    keys = (
        select(source.c.id, sort_key.label("sort_key"))
        .where(*conditions)
        .order_by(*_directed([sort_key, source.c.id], descending))
        .limit(bindparam("page_size"))
        .offset(bindparam("page_offset"))
        .subquery("page")
    )
    counted = select(func.count().label("total")).select_from(source).where(*conditions)
    return keys, counted


@cached
def _names(
    repository: AnyRepository, condition: Condition | None, narrowed: tuple[str, ...]
) -> Select[Any]:
    """Return the query for the ids and folded names of rows in no order, at most `most`."""
    table = repository.table
    conditions = _conditions(repository, condition, narrowed)
    return select(table.c.id, table.c.name_folded).where(*conditions).limit(bindparam("most"))


@cached
def _texts(
    repository: AnyRepository,
    columns: tuple[str, ...],
    condition: Condition | None,
    narrowed: tuple[str, ...],
) -> Select[Any]:
    """Return the query for the ids and some columns of the first rows by name."""
    table = repository.table
    keys, _ = _keys(repository, "name", False, condition, narrowed)
    return (
        select(table.c.id, *(table.c[name] for name in columns))
        .select_from(keys.join(table, and_(in_scope(table), table.c.id == keys.c.id)))
        .order_by(keys.c.sort_key, keys.c.id)
    )


def _conditions(
    repository: AnyRepository, condition: Condition | None, narrowed: tuple[str, ...]
) -> list[ColumnElement[bool]]:
    table = repository.table
    narrow = not repository.vague.issuperset(narrowed)
    conditions = [in_scope(table, by_id=narrow), *repository._narrowing(narrowed)]
    if condition is not None:
        conditions.append(where(condition, table))
    return conditions


def _directed(keys: Sequence[ColumnElement[Any]], descending: bool) -> Sequence[ColumnElement[Any]]:
    return [key.desc() for key in keys] if descending else keys
