"""The order that people give their favourites, and the places of those they removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.migrations.effects import Effect

revision = "0018"
down_revision = "0017"
oldest_server = "0018"
touches = {
    "favourite": Effect.IS_ALTERED,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Stored favourites keep their order, which is that of their times."""
    op.add_column(
        "favourite",
        sa.Column("position", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "favourite", sa.Column("removed", sa.Boolean, nullable=False, server_default=sa.false())
    )
