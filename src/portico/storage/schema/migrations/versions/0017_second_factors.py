"""Second factors of administrators, and how console sessions were proven."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import id_column, id_columns, text_column, text_columns
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration

revision = "0017"
down_revision = "0016"
oldest_server = "0017"
touches = {
    "console_session": Effect.IS_ALTERED,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create empty tables. Sessions that exist count as proven by password alone."""
    begin_migration()
    proven_by = sa.Column("proven_by", sa.Text(), nullable=False, server_default="password")
    op.add_column("console_session", proven_by)
    op.create_table(
        "second_factor",
        *id_columns("id", "administrator_id"),
        sa.Column("method", sa.Text(), nullable=False),
        *text_columns("name", "host", "credential_id", "secret"),
        *id_columns("counter", "creation_time"),
        id_column("last_used", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_second_factor_administrator", "second_factor", ["administrator_id"])
    op.create_index("ix_second_factor_credential", "second_factor", ["credential_id"])
    op.create_table(
        "recovery_code",
        id_column("administrator_id"),
        text_column("digest"),
        sa.PrimaryKeyConstraint("administrator_id", "digest", name="pk_recovery_code"),
    )
    op.create_table(
        "second_factor_rule", id_column("tenant_id"), sa.PrimaryKeyConstraint("tenant_id")
    )
    op.create_table(
        "password_proof",
        text_column("digest"),
        id_column("administrator_id"),
        *text_columns("browser", "password", "challenge"),
        id_column("expires"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_password_proof_administrator", "password_proof", ["administrator_id"])
    op.create_index("ix_password_proof_expires", "password_proof", ["expires"])
