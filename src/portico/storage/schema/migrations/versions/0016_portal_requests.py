"""Requests of the visitors of portals, and whether a portal takes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import (
    id_column,
    id_columns,
    reference,
    stamp_columns,
    text_column,
)
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0016"
down_revision = "0015"
oldest_server = "0015"
touches = {
    "portal_page": Effect.IS_ALTERED,
    "user_portal": Effect.IS_REFERRED_TO,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create an empty table. No portal takes requests until an administrator says so."""
    begin_migration()
    op.add_column(
        "portal_page",
        sa.Column("accepts_requests", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    create_tenant_table(
        "portal_request",
        *id_columns("customer_id", "id", "microtenant_id"),
        *stamp_columns(),
        id_column("portal_id"),
        sa.Column("kind", sa.Text, nullable=False),
        text_column("text"),
        id_column("link_id", nullable=True),
        text_column("link_name"),
        id_column("user_id", nullable=True),
        text_column("user_name"),
        id_column("closed_time", nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_portal_request"),
        refers=(reference("fk_portal_request_portal", "portal_id", "user_portal", cascade=True),),
    )
    op.create_index(
        "ix_portal_request_state",
        "portal_request",
        ["customer_id", "microtenant_id", "closed_time", "id"],
    )
    op.create_index(
        "ix_portal_request_portal", "portal_request", ["customer_id", "portal_id", "creation_time"]
    )
