"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.migrations.effects import Effect

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
oldest_server = ${repr(up_revision)}
touches: dict[str, Effect] = {}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Brings the schema forward."""
    ${upgrades if upgrades else "pass"}
