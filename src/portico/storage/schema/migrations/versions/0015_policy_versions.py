"""Numbers of the versions of policies, and the number that each person accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.migrations.effects import Effect

revision = "0015"
down_revision = "0014"
oldest_server = "0015"
touches = {
    "user_portal_aup": Effect.IS_ALTERED,
    "aup_acceptance": Effect.IS_ALTERED,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. The current text of every policy is version 1."""
    number = sa.Column("text_version", sa.BigInteger(), nullable=False, server_default=sa.text("1"))
    op.add_column("user_portal_aup", number)
    op.add_column("aup_acceptance", sa.Column("text_version", sa.BigInteger(), nullable=True))
