"""The rows of a database as a backup has them: which tables, which columns, in which order.

The database itself says which columns its tables have, so a backup also works before an upgrade,
and an older backup loads into the schema that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    TypeDecorator,
    cast,
    column,
    func,
    inspect,
    literal,
    select,
    table,
    text,
    true,
    union_all,
)
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.types import TypeEngine

from portico.storage.backups.archive import Value
from portico.storage.backups.manifest import BackupError
from portico.storage.schema.citus_placement import TENANT_TABLES, metadata
from portico.storage.schema.state_tables import TENANTS, tenant_column

LEFT_OUT: Mapping[str, str] = {
    "console_device": "a known browser may skip limits that its owner has since reset",
    "console_password_link": "a link that was used since would work again",
    "console_session": "a session that was ended since would be valid again",
    "ended_session": "tokens end with the signing keys that are left out too",
    "password_proof": "it is half of a sign-in, and ends within minutes",
    "portal_device": "a known browser may skip limits that its owner has since reset",
    "portal_password_link": "a link that was used since would work again",
    "portal_session": "a session that was ended since would be valid again",
    "proxy_peer": "it tells what the proxies of the old server sent, not those of the new one",
    "readiness_probe": "it is the test write of a running server",
    "sign_in_failure": "a lockout of that time means nothing later",
    "signing_key": "tokens that were ended since would be valid again",
}
"""The tables that no backup has, each with the reason. Every other table is in it."""

_GRANTS = table("administrator_grant", column("administrator_id"), column("customer_id"))
OF_ADMINISTRATORS = {
    "administrator": "id",
    "recovery_code": "administrator_id",
    "second_factor": "administrator_id",
}
OF_TENANT = {"second_factor_rule": "tenant_id"}
OF_THE_INSTALLATION = ("id_node", "secret_key")
"""The tables that a backup of one tenant has whole: its ids and its secrets depend on them."""

_ROWS_AT_ONCE = 50
_VALUES = msgspec.json.Decoder(list[Value])
_IS_DISTRIBUTED = text(
    "SELECT 1 FROM pg_dist_partition WHERE logicalrelid::text IN ('customer', 'public.customer')"
)
_HAS_CITUS = text("SELECT 1 FROM pg_extension WHERE extname = 'citus'")
_LEAST, _MOST = -(2**63), 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class StoredTable:
    """A table of a database: its columns, the primary key first, with their kinds."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[type, ...]
    nullable: tuple[bool, ...]
    key: tuple[str, ...]

    def accepts(self, values: Sequence[Value]) -> bool:
        """Return whether values are of the kinds of the columns."""
        return all(
            may_be_null if value is None else type(value) is kind and _fits(value)
            for value, kind, may_be_null in zip(values, self.kinds, self.nullable, strict=True)
        )

    @cached_property
    def clause(self) -> Any:  # noqa: ANN401  # a TableClause, whose columns depend on the table
        """Return the table for statements, without the types that make objects of values."""
        kinds = {int: BigInteger, bool: Boolean, str: Text}
        columns = zip(self.columns, self.kinds, strict=True)
        return table(self.name, *(column(name, kinds[kind]()) for name, kind in columns))


def stored_tables(connection: SyncConnection) -> list[StoredTable]:
    """Return the tables of a database that backups have, each after those that it refers to.

    Raises BackupError for a column of a kind that backups do not know.
    """
    found = inspect(connection)
    present = set(found.get_table_names())
    tables = []
    for known in metadata.sorted_tables:
        if known.name in present and known.name not in LEFT_OUT:
            # SQLAlchemy's names are a kind of string that JSON encoders do not know.
            key = tuple(map(str, found.get_pk_constraint(known.name)["constrained_columns"]))
            columns = {str(each["name"]): each for each in found.get_columns(known.name)}
            names = (*key, *sorted(set(columns) - set(key)))
            tables.append(
                StoredTable(
                    name=str(known.name),
                    columns=names,
                    kinds=tuple(kind_of(columns[name]["type"]) for name in names),
                    nullable=tuple(bool(columns[name]["nullable"]) for name in names),
                    key=key,
                )
            )
    return tables


def kind_of(stored: TypeEngine[Any]) -> type:
    """Return the Python type of the values of a column. Raises BackupError for an unknown one."""
    plain = stored.impl_instance if isinstance(stored, TypeDecorator) else stored
    for sql_type, kind in ((Boolean, bool), (Integer, int), (Text, str)):
        if isinstance(plain, sql_type):
            return kind
    raise BackupError(f"Backups do not know how to store a column of the type {stored!r}.")


def read_stored(
    connection: SyncConnection, tables: Sequence[StoredTable], customer_id: int | None
) -> Iterator[tuple[str, Sequence[Value]]]:
    """Yield the rows of all tables, or of one tenant, with the names of their tables.

    Rows come by primary key. In a cluster they come tenant by tenant, each by one statement, which
    one worker answers from one state of its data: Citus has no snapshot of several workers.
    """
    if customer_id is None and not _is_distributed(connection):
        for each in tables:
            yield from _rows(connection, each, None)
        return
    of_tenants = {each.name for each in TENANT_TABLES}
    for each in tables:
        if each.name not in of_tenants:
            yield from _rows(connection, each, customer_id)
    tenant_tables = [each for each in tables if each.name in of_tenants]
    tenants = _tenants(connection) if customer_id is None else [customer_id]
    for tenant in tenants:
        yield from rows_of_tenant(connection, tenant_tables, tenant)


def rows_of_tenant(
    connection: SyncConnection, tables: Sequence[StoredTable], customer_id: int
) -> Iterator[tuple[str, Sequence[Value]]]:
    """Yield the rows of one tenant in tables of tenants; on PostgreSQL, by one statement."""
    if connection.dialect.name != "postgresql":
        for each in tables:
            yield from _rows(connection, each, customer_id)
        return
    branches = []
    for number, each in enumerate(tables):
        order = _order(each, connection)
        line = cast(func.json_build_array(*each.clause.c), Text)
        branches.append(
            select(
                literal(number, Integer).label("number"),
                func.row_number().over(order_by=order).label("place"),
                line.label("line"),
            ).where(_condition(each, customer_id))
        )
    union = union_all(*branches).subquery()
    statement = select(union.c.number, union.c.line).order_by(union.c.number, union.c.place)
    for row in _stream(connection, statement):
        yield tables[row.number].name, _VALUES.decode(row.line)


def _rows(
    connection: SyncConnection, stored: StoredTable, customer_id: int | None
) -> Iterator[tuple[str, Sequence[Value]]]:
    statement = select(stored.clause).order_by(*_order(stored, connection))
    if customer_id is not None:
        statement = statement.where(_condition(stored, customer_id))
    for row in _stream(connection, statement):
        yield stored.name, tuple(row)


def _condition(stored: StoredTable, customer_id: int) -> ColumnElement[bool]:
    """Return which rows of a table a backup of one tenant has.

    Its administrators are those with a role in it. Their roles in other tenants stay behind.
    """
    if stored.name in OF_THE_INSTALLATION:
        return true()
    columns = stored.clause.c
    if stored.name in OF_ADMINISTRATORS:
        granted = select(_GRANTS.c.administrator_id).where(_GRANTS.c.customer_id == customer_id)
        found: ColumnElement[bool] = columns[OF_ADMINISTRATORS[stored.name]].in_(granted)
        return found
    own = OF_TENANT.get(stored.name) or tenant_column(metadata.tables[stored.name])
    if own is None:
        raise BackupError(f"Backups do not know which rows of {stored.name} are a tenant's.")
    same: ColumnElement[bool] = columns[own] == customer_id
    return same


def _order(stored: StoredTable, connection: SyncConnection) -> list[ColumnElement[Any]]:
    """Return the primary key as both databases sort it."""
    key = [stored.clause.c[name] for name in stored.key]
    if connection.dialect.name != "postgresql":
        return key
    return [each.collate("C") if isinstance(each.type, Text) else each for each in key]


def _stream(connection: SyncConnection, statement: Select[Any]) -> Iterator[Row[Any]]:
    """Yield the rows of a statement, few of which are in memory at once."""
    with connection.execute(statement, execution_options={"yield_per": _ROWS_AT_ONCE}) as result:
        yield from result


def _tenants(connection: SyncConnection) -> list[int]:
    column_of_ids: ColumnElement[int] = column("id")
    return list(
        connection.scalars(select(column_of_ids).select_from(table(TENANTS)).order_by("id"))
    )


def _is_distributed(connection: SyncConnection) -> bool:
    if connection.dialect.name != "postgresql" or not connection.execute(_HAS_CITUS).all():
        return False
    return bool(connection.execute(_IS_DISTRIBUTED).all())


def _fits(value: Value) -> bool:
    """Return whether both databases can store a value."""
    if isinstance(value, str):
        return "\0" not in value
    return isinstance(value, bool) or value is None or _LEAST <= value <= _MOST
