"""Audit entries keep the transaction id that the client sent beside the server's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column. It is NULL in existing entries, so no row is rewritten on any database."""
    op.add_column("audit_entry", sa.Column("client_transaction_id", TEXT, nullable=True))
