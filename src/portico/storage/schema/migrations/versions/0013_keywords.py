"""Keywords by which people find a link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import PlainText

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty for every link."""
    keywords = sa.Column("keywords", sa.Text(), nullable=False, server_default=sa.text("'[]'"))
    folded = sa.Column("keywords_folded", PlainText, nullable=False, server_default=sa.text("''"))
    for column in (keywords, folded):
        op.add_column("link_presentation", column)
