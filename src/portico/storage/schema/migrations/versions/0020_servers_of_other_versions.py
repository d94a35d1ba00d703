"""The oldest schema whose servers can serve the database, beside its version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.migrations.effects import Effect

revision = "0020"
down_revision = "0019"
oldest_server = "0019"
touches: dict[str, Effect] = {}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to Alembic's table. The migration environment fills it."""
    op.add_column("alembic_version", sa.Column("oldest_server", sa.Text(), nullable=True))
