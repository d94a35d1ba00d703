"""Numbers of the versions of policies, and the number that each person accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. The current text of every policy is version 1."""
    number = sa.Column("text_version", sa.BigInteger(), nullable=False, server_default=sa.text("1"))
    op.add_column("user_portal_aup", number)
    op.add_column("aup_acceptance", sa.Column("text_version", sa.BigInteger(), nullable=True))
