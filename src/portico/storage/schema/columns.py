"""Column types that tables share, and how they store their values."""

from __future__ import annotations

import json
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects import postgresql

# With collation "C", PostgreSQL compares and lower-cases bytes like SQLite, in any locale.
PlainText = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


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


def text_column(name: str) -> Column[str]:
    """Return a text column. A missing text is stored as ""."""
    return Column(name, PlainText, nullable=False)


def flag_column(name: str) -> Column[bool]:
    """Return a column of booleans."""
    return Column(name, Boolean, nullable=False)


def stamp_columns() -> tuple[Column[int], ...]:
    """Return the columns of a record's times and author."""
    return id_column("creation_time"), id_column("modified_time"), id_column("modified_by")


def owned_keys(name: str) -> tuple[PrimaryKeyConstraint | ForeignKeyConstraint, ...]:
    """Return the keys of a table whose rows belong to one microtenant of one tenant."""
    return (
        PrimaryKeyConstraint("customer_id", "id", name=f"pk_{name}"),
        ForeignKeyConstraint(
            ["customer_id", "microtenant_id"],
            ["microtenant.customer_id", "microtenant.id"],
            name=f"fk_{name}_microtenant",
        ),
    )
