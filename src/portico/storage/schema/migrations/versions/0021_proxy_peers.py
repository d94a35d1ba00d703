"""What servers saw of the headers of reverse proxies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import flag_column, id_column, id_columns, text_column
from portico.storage.schema.migrations.effects import Effect

revision = "0021"
down_revision = "0020"
oldest_server = "0019"
touches: dict[str, Effect] = {}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create an empty table. A distributed database keeps it on the coordinator."""
    op.create_table(
        "proxy_peer",
        text_column("peer"),
        id_column("time"),
        flag_column("trusted"),
        *id_columns("requests", "with_for", "with_proto", "all_requests"),
        sa.PrimaryKeyConstraint("peer"),
    )
