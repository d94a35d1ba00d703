"""What every noun's storage does the same way: map by name, filter by tenant, page, write.

A repository lives inside one transaction and one scope. Its statements start from `_select`,
`_update` and `_delete`, which carry the tenancy filter, so no statement can forget it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Delete,
    FromClause,
    Row,
    Select,
    Table,
    Update,
    and_,
    delete,
    func,
    insert,
    select,
    true,
    update,
)

from portico.domain.base import Page, Record, Scope, fold
from portico.domain.search import ListQuery
from portico.storage.connections import Connection
from portico.storage.search import where

R = TypeVar("R", bound=Record)


def in_scope(table: Table, scope: Scope) -> ColumnElement[bool]:
    """The tenancy filter: the tenant's rows, and of those the microtenant's where rows have one."""
    tenant = table.c.customer_id == scope.customer_id
    if "microtenant_id" not in table.c:
        return tenant
    return and_(tenant, table.c.microtenant_id == scope.microtenant_id)


class Repository(Generic[R]):
    """The stored records of one noun that one scope may see."""

    table: ClassVar[Table]
    record: ClassVar[type[Any]]

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection = connection
        self.scope = scope

    async def find(self, record_id: int) -> R | None:
        """The record with that id, or None when this scope has none."""
        rows = await self.connection.rows(self._select(self.table.c.id == record_id))
        return self._record(rows[0]) if rows else None

    async def find_all(self, record_ids: Iterable[int]) -> dict[int, R]:
        """The records with those ids that this scope has, by id, in one statement."""
        wanted = sorted(set(record_ids))
        if not wanted:
            return {}
        rows = await self.connection.rows(self._select(self.table.c.id.in_(wanted)))
        return {record.id: record for record in map(self._record, rows)}

    async def ids_by_name(self, names: Iterable[str]) -> dict[str, int]:
        """For each of the names that is taken, in its folded form: the id of its holder."""
        wanted = sorted({fold(name) for name in names})
        statement = self._stored(self.table.c.name_folded.in_(wanted)).with_only_columns(
            self.table.c.name_folded, self.table.c.id
        )
        return {row.name_folded: row.id for row in await self.connection.rows(statement)}

    async def page(self, query: ListQuery, *extra: ColumnElement[bool]) -> Page[R]:
        """One page and the total, in one statement, also when the page is past the end."""
        conditions = list(extra)
        if query.condition is not None:
            conditions.append(where(query.condition, self.table))
        chosen = self._stored(*conditions)
        total = select(func.count().label("total")).select_from(
            self._stored(*conditions).with_only_columns(self.table.c.id).subquery()
        )
        window = (
            chosen.add_columns(self._order_column(query).label("sort_key"))
            .order_by(*self._order(query))
            .limit(query.page_size)
            .offset(query.offset)
            .subquery("page")
        )
        counted = total.subquery("counted")
        order = [window.c.sort_key, window.c.id]
        statement = (
            select(counted.c.total, window, *self._computed(window))
            .select_from(counted.outerjoin(window, true()))
            .order_by(*(key.desc() if query.descending else key for key in order))
        )
        rows = await self.connection.rows(statement)
        items = [self._record(row) for row in rows if row.id is not None]
        return Page(items=items, total=rows[0].total)

    async def insert(self, *records: R) -> None:
        """Stores new records in this scope."""
        if records:
            await self.connection.run(insert(self.table), [self._values(each) for each in records])

    async def replace(self, record: R) -> None:
        """Stores all fields of a record that exists."""
        statement = self._update(self.table.c.id == record.id).values(self._values(record))
        await self.connection.run(statement)

    async def remove(self, record_id: int) -> None:
        """Deletes the record with that id."""
        await self.connection.run(self._delete(self.table.c.id == record_id))

    @property
    def _columns(self) -> list[ColumnElement[Any]]:
        return [column for column in self.table.c if not column.name.endswith("_folded")]

    def _computed(self, source: FromClause) -> list[ColumnElement[Any]]:
        """What a record holds beside its columns, for the rows of `source`."""
        return []

    def _stored(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        return select(*self._columns).where(in_scope(self.table, self.scope), *conditions)

    def _select(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        return self._stored(*conditions).add_columns(*self._computed(self.table))

    def _update(self, *conditions: ColumnElement[bool]) -> Update:
        return update(self.table).where(in_scope(self.table, self.scope), *conditions)

    def _delete(self, *conditions: ColumnElement[bool]) -> Delete:
        return delete(self.table).where(in_scope(self.table, self.scope), *conditions)

    def _order_column(self, query: ListQuery) -> ColumnElement[Any]:
        folded = f"{query.sort_attribute}_folded"
        return self.table.c[folded if folded in self.table.c else query.sort_attribute]

    def _order(self, query: ListQuery) -> Sequence[ColumnElement[Any]]:
        keys = [self._order_column(query), self.table.c.id]
        return [key.desc() for key in keys] if query.descending else keys

    def _record(self, row: Row[Any]) -> R:
        stored = row._mapping
        record: R = self.record(**{each.name: stored[each.name] for each in fields(self.record)})
        return record

    def _values(self, record: R) -> Mapping[str, Any]:
        values: dict[str, Any] = {}
        for column in self.table.c:
            if column.name.endswith("_folded"):
                values[column.name] = fold(getattr(record, column.name.removesuffix("_folded")))
            else:
                values[column.name] = getattr(record, column.name)
        values["customer_id"] = self.scope.customer_id
        if "microtenant_id" in values:
            values["microtenant_id"] = self.scope.microtenant_id
        return values
