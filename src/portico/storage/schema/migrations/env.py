"""Alembic's entry point. Runs migrations on the connection that the caller opened."""

from __future__ import annotations

from alembic import context

from portico.storage.schema.citus_placement import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=False,  # the transaction of the caller covers every migration
)
context.run_migrations()
