"""Which rows of the database are a tenant's state when the stand-in saves and restores it.

A table with the column `customer_id` belongs to tenants. Every other table must be named here,
which a test checks, so that a new table is never forgotten.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from sqlalchemy import BigInteger, Table

from portico.storage.schema.citus_placement import metadata

TENANTS = "customer"
REVISIONS = "customer_revision"
ADMINISTRATORS = "administrator"
GRANTS = "administrator_grant"

SHARED = frozenset(
    (ADMINISTRATORS, "recovery_code", "second_factor", "second_factor_rule", "sign_in_failure")
)
"""State that no tenant owns. It is copied with all tenants together."""

KEPT = frozenset(
    (
        "console_device",
        "console_password_link",
        "console_session",
        "id_node",
        "password_proof",
        "proxy_peer",
        "readiness_probe",
        "secret_key",
        "signing_key",
    )
)
"""The installation's own tables: keys, which tokens outlive a reset with, and console sessions."""


@dataclass(frozen=True)
class StateTable:
    """A table of state: its columns, its primary key, and the column with the tenant's id."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    tenant_column: str | None

    @property
    def column_list(self) -> str:
        """Return the columns for a statement."""
        return ", ".join(self.columns)


def tenant_column(table: Table) -> str | None:
    """Return the column of a table that holds the tenant's id, or None."""
    if table.name == TENANTS:
        return "id"
    return "customer_id" if "customer_id" in table.c else None


def state_tables() -> tuple[StateTable, ...]:
    """Return the tables of state, each after those that it refers to.

    The revisions are not among them, because a revision is never restored.
    """
    return tuple(
        _described(table)
        for table in metadata.sorted_tables
        if table.name not in KEPT and table.name != REVISIONS
    )


def _described(table: Table) -> StateTable:
    return StateTable(
        name=table.name,
        columns=tuple(column.name for column in table.columns),
        key=tuple(column.name for column in table.primary_key),
        tenant_column=tenant_column(table),
    )


def highest_id(connection: sqlite3.Connection) -> int:
    """Return the highest id of any row, or 0 for an empty database."""
    highest = 0
    for table in metadata.sorted_tables:
        if "id" in table.c and isinstance(table.c.id.type, BigInteger):
            (found,) = connection.execute(f"SELECT max(id) FROM {table.name}").fetchone()
            highest = max(highest, found or 0)
    return highest
