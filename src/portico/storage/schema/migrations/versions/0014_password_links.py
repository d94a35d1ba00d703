"""The links by which administrators and portal users set their own password."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import id_column, id_columns, reference, text_column
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0014"
down_revision = "0013"
oldest_server = "0012"
touches = {
    "portal_user": Effect.IS_REFERRED_TO,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create empty tables."""
    begin_migration()
    console, portal = "console_password_link", "portal_password_link"
    op.create_table(
        console,
        sa.Column("administrator_id", sa.BigInteger(), autoincrement=False, nullable=False),
        text_column("digest"),
        id_column("expires"),
        sa.PrimaryKeyConstraint("administrator_id"),
    )
    op.create_index(f"uq_{console}_digest", console, ["digest"], unique=True)
    op.create_index(f"ix_{console}_expires", console, ["expires"])
    create_tenant_table(
        portal,
        *id_columns("customer_id", "user_id"),
        text_column("digest"),
        id_column("expires"),
        sa.PrimaryKeyConstraint("customer_id", "user_id", name=f"pk_{portal}"),
        refers=(reference(f"fk_{portal}_user", "user_id", "portal_user", cascade=True),),
    )
    op.create_index(f"uq_{portal}_digest", portal, ["customer_id", "digest"], unique=True)
    op.create_index(f"ix_{portal}_expires", portal, ["customer_id", "expires"])
