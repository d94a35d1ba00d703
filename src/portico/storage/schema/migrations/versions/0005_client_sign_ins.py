"""The time of the last sign-in of each API client."""

from __future__ import annotations

import sqlalchemy as sa

from portico.storage.schema.columns import id_columns
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0005"
down_revision = "0004"
oldest_server = "0004"
touches: dict[str, Effect] = {}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create an empty table. Earlier sign-ins were not recorded."""
    begin_migration()
    create_tenant_table(
        "client_sign_in",
        *id_columns("customer_id", "client_id", "time"),
        sa.PrimaryKeyConstraint("customer_id", "client_id", name="pk_client_sign_in"),
        refers=(),
    )
