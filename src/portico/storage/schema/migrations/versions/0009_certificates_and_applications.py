"""Certificates and application segments, which portals and links name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create two empty tables."""
    begin_migration()
    _create_table(
        "certificate",
        _id("valid_from_in_epoch_sec"),
        _id("valid_to_in_epoch_sec"),
        _text("certificate"),
        _text("cert_chain"),
        _text("issued_to"),
        _text("issued_by"),
        _text("serial_no"),
        _text("public_key"),
        sa.Column("san", sa.Text(), nullable=False),
        _text("c_name"),
    )
    _create_table(
        "application_segment",
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("domain_names", sa.Text(), nullable=False),
    )


def _create_table(name: str, *columns: sa.Column[int] | sa.Column[str] | sa.Column[bool]) -> None:
    create_tenant_table(
        name,
        _id("customer_id"),
        _id("id"),
        _id("microtenant_id"),
        _id("creation_time"),
        _id("modified_time"),
        _id("modified_by"),
        _text("name"),
        _text("name_folded"),
        _text("description"),
        _text("description_folded"),
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


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)
