"""The transaction id of the client in audit entries, beside the one of the server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portico.storage.schema.migrations.effects import Effect

revision = "0007"
down_revision = "0006"
oldest_server = "0004"
touches = {
    "audit_entry": Effect.IS_ALTERED,
}
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column. It is NULL in existing entries, so no database rewrites rows."""
    op.add_column("audit_entry", sa.Column("client_transaction_id", TEXT, nullable=True))
