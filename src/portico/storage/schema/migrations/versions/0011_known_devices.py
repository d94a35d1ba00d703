"""The browsers in which administrators and portal users have signed in before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create empty tables. Browsers become known at the next sign-in."""
    begin_migration()
    op.create_table(
        "console_device",
        _text("digest"),
        _id("administrator_id"),
        _id("expires"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_console_device_administrator", "console_device", ["administrator_id"])
    op.create_index("ix_console_device_expires", "console_device", ["expires"])
    create_tenant_table(
        "portal_device",
        _id("customer_id"),
        _text("digest"),
        _id("user_id"),
        _id("expires"),
        sa.PrimaryKeyConstraint("customer_id", "digest", name="pk_portal_device"),
        refers=(_of_user("fk_portal_device_user"),),
    )
    op.create_index("ix_portal_device_expires", "portal_device", ["customer_id", "expires"])
    op.create_index("ix_portal_device_user", "portal_device", ["customer_id", "user_id"])


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _of_user(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id", "user_id"],
        ["portal_user.customer_id", "portal_user.id"],
        name=name,
        ondelete="CASCADE",
    )
