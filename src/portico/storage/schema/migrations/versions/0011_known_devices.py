"""The browsers in which administrators and portal users have signed in before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import id_column, id_columns, reference, text_column
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0011"
down_revision = "0010"
oldest_server = "0008"
touches = {
    "portal_user": Effect.IS_REFERRED_TO,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create empty tables. Browsers become known at the next sign-in."""
    begin_migration()
    op.create_table(
        "console_device",
        text_column("digest"),
        *id_columns("administrator_id", "expires"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_console_device_administrator", "console_device", ["administrator_id"])
    op.create_index("ix_console_device_expires", "console_device", ["expires"])
    create_tenant_table(
        "portal_device",
        id_column("customer_id"),
        text_column("digest"),
        *id_columns("user_id", "expires"),
        sa.PrimaryKeyConstraint("customer_id", "digest", name="pk_portal_device"),
        refers=(reference("fk_portal_device_user", "user_id", "portal_user", cascade=True),),
    )
    op.create_index("ix_portal_device_expires", "portal_device", ["customer_id", "expires"])
    op.create_index("ix_portal_device_user", "portal_device", ["customer_id", "user_id"])
