"""Revisions and link counts in slots, so that writers of one tenant do not wait for each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import id_columns, reference
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0004"
down_revision = "0003"
oldest_server = "0004"
touches = {
    "customer": Effect.IS_ALTERED,
    "link_tally": Effect.IS_DROPPED,
    "microtenant": Effect.IS_ALTERED,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move each tenant's revision and each microtenant's link count into slot 0."""
    begin_migration()
    create_tenant_table(
        "customer_revision",
        *id_columns("customer_id", "slot", "revision"),
        sa.PrimaryKeyConstraint("customer_id", "slot", name="pk_customer_revision"),
        refers=(
            sa.ForeignKeyConstraint(
                ["customer_id"], ["customer.id"], name="fk_customer_revision_customer"
            ),
        ),
    )
    op.execute("INSERT INTO customer_revision SELECT id, 0, revision FROM customer")
    op.drop_column("customer", "revision")
    create_tenant_table(
        "link_count",
        *id_columns("customer_id", "microtenant_id", "slot", "links"),
        sa.PrimaryKeyConstraint("customer_id", "microtenant_id", "slot", name="pk_link_count"),
        refers=(
            reference("fk_link_count_microtenant", "microtenant_id", "microtenant", cascade=True),
        ),
    )
    op.execute(
        "INSERT INTO link_count SELECT customer_id, microtenant_id, 0, links FROM link_tally"
    )
    op.drop_table("link_tally")
