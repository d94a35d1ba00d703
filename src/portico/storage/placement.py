"""Where each table lives in a distributed database. Importing it completes the metadata, so whoever
looks at all tables takes them from here.
"""

from __future__ import annotations

from portico.storage import page_tables, people_tables, tables

metadata = tables.metadata

REFERENCE_TABLES = (
    tables.api_client,
    tables.signing_key,
    tables.id_node,
    page_tables.portal_address,
    page_tables.allowed_domain,
    people_tables.administrator,
    people_tables.administrator_grant,
    people_tables.console_session,
    people_tables.identity_provider,
    people_tables.sign_in_failure,
)
"""The tables that a distributed database keeps whole on every node."""

LOCAL_TABLES = (tables.readiness_probe,)
"""The tables that stay on its coordinator alone."""

TENANT_TABLES = tuple(
    table
    for table in metadata.sorted_tables
    if table not in REFERENCE_TABLES and table not in LOCAL_TABLES
)
"""The tables that it shards by tenant, each after those that it refers to."""
