"""Certificates and application segments, which portals and links name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import (
    flag_column,
    id_columns,
    owned_columns,
    text_column,
    text_columns,
)
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0009"
down_revision = "0008"
oldest_server = "0008"
touches = {
    "microtenant": Effect.IS_REFERRED_TO,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create two empty tables."""
    begin_migration()
    _create_table(
        "certificate",
        *id_columns("valid_from_in_epoch_sec", "valid_to_in_epoch_sec"),
        *text_columns(
            "certificate", "cert_chain", "issued_to", "issued_by", "serial_no", "public_key"
        ),
        sa.Column("san", sa.Text(), nullable=False),
        text_column("c_name"),
    )
    _create_table(
        "application_segment",
        flag_column("enabled"),
        sa.Column("domain_names", sa.Text(), nullable=False),
    )


def _create_table(name: str, *columns: sa.Column[int] | sa.Column[str] | sa.Column[bool]) -> None:
    create_tenant_table(
        name,
        *owned_columns(),
        *columns,
        sa.PrimaryKeyConstraint("customer_id", "id", name=f"pk_{name}"),
        refers=(
            sa.ForeignKeyConstraint(
                ["customer_id", "microtenant_id"],
                ["microtenant.customer_id", "microtenant.id"],
                name=f"fk_{name}_microtenant",
            ),
        ),
    )
    op.create_index(
        f"uq_{name}_name", name, ["customer_id", "microtenant_id", "name_folded"], unique=True
    )
