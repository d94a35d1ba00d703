"""Alembic's entry point. Runs migrations on the connection that the caller opened.

It also stores which servers can serve the database then: `oldest_server` of the last migration.
"""

from __future__ import annotations

from alembic import context

from portico.storage.schema.citus_placement import metadata
from portico.storage.schema.compatibility import read_version, record_oldest_server

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=False,  # the transaction of the caller covers every migration
    on_version_apply=context.config.attributes.get("applied", ()),
)
context.run_migrations()
_revision = read_version(connection).revision
if _revision is not None:
    record_oldest_server(connection, context.script.get_revision(_revision).module.oldest_server)
