"""Columns and keys that tables share, and how they store their values.

Migrations use them too, so what a function here returns must not change.
"""

from __future__ import annotations

import json
from enum import StrEnum

from sqlalchemy import (
    TEXT,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Text,
    TypeDecorator,
    text,
)

# With collation "C", PostgreSQL compares and lower-cases bytes like SQLite, in any locale.
PlainText = Text().with_variant(TEXT(collation="C"), "postgresql")


class TextTuple(TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, stored as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        """Return the JSON text of a tuple."""
        return json.dumps(value or (), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        """Return the tuple of a stored JSON text."""
        return tuple(json.loads(value or "[]"))


class Choice(TypeDecorator[StrEnum]):
    """A member of a text enumeration, stored as its value."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[StrEnum]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """Return the value of a member."""
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Return the member of a stored value."""
        return None if value is None else self.choices(value)


def id_column(name: str, *, nullable: bool = False) -> Column[int]:
    """Return a 64-bit integer column that the database never generates."""
    return Column(name, BigInteger, nullable=nullable, autoincrement=False)


def time_columns(*names: str) -> tuple[Column[int], ...]:
    """Return a column for each of the names: seconds since 1970, or 0 for no time."""
    return tuple(
        Column(name, BigInteger, nullable=False, server_default=text("0")) for name in names
    )


def text_column(name: str) -> Column[str]:
    """Return a text column. A missing text is stored as ""."""
    return Column(name, PlainText, nullable=False)


def id_columns(*names: str) -> tuple[Column[int], ...]:
    """Return a column of 64-bit integers for each of the names."""
    return tuple(map(id_column, names))


def text_columns(*names: str) -> tuple[Column[str], ...]:
    """Return a column of texts for each of the names."""
    return tuple(map(text_column, names))


def flag_column(name: str) -> Column[bool]:
    """Return a column of booleans."""
    return Column(name, Boolean, nullable=False)


def stamp_columns() -> tuple[Column[int], ...]:
    """Return the columns of a record's times and author."""
    return id_columns("creation_time", "modified_time", "modified_by")


def owned_columns() -> tuple[Column[int] | Column[str], ...]:
    """Return the first columns of an object that has a description and one microtenant."""
    return (
        *id_columns("customer_id", "id", "microtenant_id"),
        *stamp_columns(),
        *text_columns("name", "name_folded", "description", "description_folded"),
    )


def reference(name: str, column: str, table: str, *, cascade: bool = False) -> ForeignKeyConstraint:
    """Return a reference to a row of the same tenant in `table`, by its id in `column`.

    With `cascade`, the rows that refer to it are deleted with it.
    """
    return ForeignKeyConstraint(
        ["customer_id", column],
        [f"{table}.customer_id", f"{table}.id"],
        name=name,
        ondelete="CASCADE" if cascade else None,
    )


def owned_keys(name: str) -> tuple[PrimaryKeyConstraint | ForeignKeyConstraint, ...]:
    """Return the keys of a table whose rows belong to one microtenant of one tenant."""
    return (
        PrimaryKeyConstraint("customer_id", "id", name=f"pk_{name}"),
        reference(f"fk_{name}_microtenant", "microtenant_id", "microtenant"),
    )
