"""The start and the end of links and of notices on portals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.migrations.effects import Effect

revision = "0019"
down_revision = "0018"
oldest_server = "0019"
touches = {
    "link_presentation": Effect.IS_ALTERED,
    "portal_page": Effect.IS_ALTERED,
}
branch_labels = None
depends_on = None

COLUMNS = {
    "link_presentation": ("starts", "ends"),
    "portal_page": ("notice_starts", "notice_ends"),
}


def upgrade() -> None:
    """Add the columns. 0 is no time, so everything stays shown."""
    for table, names in COLUMNS.items():
        for name in names:
            column = sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0"))
            op.add_column(table, column)
