"""Rows for every table of the schema, so that tests never forget a new table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import BigInteger, Boolean, Integer, Table

from portico.storage.schema.citus_placement import metadata

TABLES = list(metadata.sorted_tables)


def value_of(table: Table, column: str, number: int) -> object:
    """A value that names the row, so that a reference to a table finds its row of the number."""
    kind = table.c[column].type
    if isinstance(kind, Boolean):
        return 1
    return number if isinstance(kind, BigInteger | Integer) else str(number)


def add_rows(path: Path, number: int, tables: list[Table] = TABLES) -> None:
    """Adds one row to every table. All of its ids are the number."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for table in tables:
            columns = [column.name for column in table.columns]
            values = [value_of(table, column, number) for column in columns]
            places = ", ".join("?" for _ in columns)
            connection.execute(
                f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})", values
            )
        connection.commit()
