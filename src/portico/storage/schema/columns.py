"""The kinds of column that tables share, and how their values are stored."""

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

# PostgreSQL compares and lower-cases as bytes, like SQLite, whatever the cluster's locale is.
PlainText = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


class TextTuple(TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, stored as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        """JSON text of the tuple."""
        return json.dumps(value or (), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        """The tuple of the stored JSON text."""
        return tuple(json.loads(value or "[]"))


class Choice(TypeDecorator[StrEnum]):
    """A member of a text enumeration, stored by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[StrEnum]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """The member's value."""
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member of the stored value."""
        return None if value is None else self.choices(value)


def id_column(name: str, *, nullable: bool = False) -> Column[int]:
    """A 64-bit integer that the database never makes up."""
    return Column(name, BigInteger, nullable=nullable, autoincrement=False)


def text_column(name: str) -> Column[str]:
    """A text, empty when there is none."""
    return Column(name, PlainText, nullable=False)


def flag_column(name: str) -> Column[bool]:
    """True or false."""
    return Column(name, Boolean, nullable=False)


def stamp_columns() -> tuple[Column[int], ...]:
    """What the service adds to every record beside its keys."""
    return id_column("creation_time"), id_column("modified_time"), id_column("modified_by")


def owned_keys(name: str) -> tuple[PrimaryKeyConstraint | ForeignKeyConstraint, ...]:
    """The keys of a table whose rows belong to one microtenant of one tenant."""
    return (
        PrimaryKeyConstraint("customer_id", "id", name=f"pk_{name}"),
        ForeignKeyConstraint(
            ["customer_id", "microtenant_id"],
            ["microtenant.customer_id", "microtenant.id"],
            name=f"fk_{name}_microtenant",
        ),
    )
