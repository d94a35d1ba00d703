"""Where each table lives in a distributed database.

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
"""The tables that are sharded by tenant: the tenants first, each table after those it refers to."""

REFERENCE_TABLES = (tables.api_client,)
"""The tables that every node has whole: what is joined to a tenant's tables for each API request.

A write to one of them fails while any worker is away, so it must be rare.
"""

COORDINATOR_TABLES = tuple(
    table for table in metadata.sorted_tables if table not in (*TENANT_TABLES, *REFERENCE_TABLES)
)
"""The tables that stay on the coordinator: what is read before the tenant is known.

No statement joins them with tables of the other kinds. A new table without a tenant key belongs
here by itself.
"""
