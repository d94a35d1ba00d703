"""The placement of each table in a distributed database.

This module imports every module that defines tables. Code that needs all tables takes them from
here.
"""

from __future__ import annotations

from sqlalchemy import Table

from portico.storage.schema import page_tables, people_tables, tables

_DEFINITIONS = (tables, people_tables, page_tables)
metadata = tables.metadata


def _is_of_tenant(table: Table) -> bool:
    return next(iter(table.primary_key.columns)).name == "customer_id"


TENANT_TABLES = (tables.customer, *filter(_is_of_tenant, metadata.sorted_tables))
"""The tables that are distributed by tenant: `customer` first, each after those it refers to."""

REFERENCE_TABLES = (tables.api_client,)
"""The tables with a full copy on every node, because each API request joins them to tenant tables.

A write to one of them fails while any worker is unreachable, so it must be rare.
"""

COORDINATOR_TABLES = tuple(
    table for table in metadata.sorted_tables if table not in (*TENANT_TABLES, *REFERENCE_TABLES)
)
"""The tables on the coordinator, which are read before the tenant is known.

No statement joins them with the other tables. A new table without a tenant key is one of these
automatically.
"""
