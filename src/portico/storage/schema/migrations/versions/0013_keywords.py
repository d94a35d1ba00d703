"""Keywords by which people find a link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import PlainText
from portico.storage.schema.migrations.effects import Effect

revision = "0013"
down_revision = "0012"
oldest_server = "0012"
touches = {
    "link_presentation": Effect.IS_ALTERED,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty for every link."""
    keywords = sa.Column("keywords", sa.Text(), nullable=False, server_default=sa.text("'[]'"))
    folded = sa.Column("keywords_folded", PlainText, nullable=False, server_default=sa.text("''"))
    for column in (keywords, folded):
        op.add_column("link_presentation", column)
