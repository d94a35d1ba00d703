"""When each API client signed in last."""

from __future__ import annotations

import sqlalchemy as sa

from portico.storage.new_tables import begin_migration, create_reference_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes an empty table: nothing was noted before."""
    begin_migration()
    create_reference_table(
        "client_sign_in",
        sa.Column("client_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("client_id"),
    )
