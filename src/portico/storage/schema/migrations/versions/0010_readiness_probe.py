"""The table that `/readyz` writes to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import PlainText
from portico.storage.schema.migrations.effects import Effect

revision = "0010"
down_revision = "0009"
oldest_server = "0008"
touches: dict[str, Effect] = {}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create an empty table. A distributed database keeps it on the coordinator."""
    op.create_table(
        "readiness_probe",
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("padding", PlainText, nullable=False),
        sa.PrimaryKeyConstraint("slot"),
    )
