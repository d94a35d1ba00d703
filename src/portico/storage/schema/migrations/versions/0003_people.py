"""People: administrators, portal users, sessions, and activity on portals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import (
    flag_column,
    id_column,
    id_columns,
    reference,
    stamp_columns,
    text_column,
    text_columns,
)
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0003"
down_revision = "0002"
oldest_server = "0002"
touches = {
    "customer": Effect.IS_REFERRED_TO,
    "portal_group": Effect.IS_REFERRED_TO,
    "user_portal_link": Effect.IS_REFERRED_TO,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, each after those that it refers to."""
    begin_migration()
    _create_administrator()
    _create_administrator_grant()
    _create_console_session()
    _create_identity_provider()
    _create_sign_in_failure()
    _create_portal_user()
    _create_portal_user_group()
    _create_portal_session()
    _create_aup_acceptance()
    _create_favourite()
    _create_recent_opening()
    _create_link_opening()


def _create_administrator() -> None:
    op.create_table(
        "administrator",
        id_column("id"),
        *text_columns("name", "name_folded", "display_name", "email", "password_hash"),
        id_column("disabled_time", nullable=True),
        id_column("provider_id", nullable=True),
        text_column("subject"),
        id_column("creation_time"),
        id_column("last_sign_in", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_administrator_subject", "administrator", ["provider_id", "subject"])
    op.create_index("uq_administrator_name", "administrator", ["name_folded"], unique=True)


def _create_administrator_grant() -> None:
    op.create_table(
        "administrator_grant",
        *id_columns("id", "administrator_id", "customer_id"),
        id_column("microtenant_id", nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_administrator_grant_administrator", "administrator_grant", ["administrator_id"]
    )
    op.create_index("ix_administrator_grant_customer", "administrator_grant", ["customer_id"])


def _create_console_session() -> None:
    op.create_table(
        "console_session",
        *text_columns("digest", "csrf_token"),
        id_column("administrator_id"),
        id_column("customer_id", nullable=True),
        id_column("microtenant_id", nullable=True),
        *id_columns("created", "seen", "expires"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_console_session_administrator", "console_session", ["administrator_id"])
    op.create_index("ix_console_session_expires", "console_session", ["expires"])


def _create_identity_provider() -> None:
    op.create_table(
        "identity_provider",
        *id_columns("id", "customer_id"),
        *text_columns("name", "issuer", "client_id", "client_secret", "groups_claim"),
        flag_column("for_console"),
        flag_column("for_portals"),
        flag_column("enabled"),
        id_column("creation_time"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_identity_provider_customer", "identity_provider", ["customer_id"])


def _create_sign_in_failure() -> None:
    op.create_table(
        "sign_in_failure",
        *text_columns("scope", "account", "address"),
        sa.Column("failures", sa.Integer(), nullable=False),
        *id_columns("since", "locked_until"),
        sa.PrimaryKeyConstraint("scope", "account", "address", name="pk_sign_in_failure"),
    )
    op.create_index("ix_sign_in_failure_since", "sign_in_failure", ["since"])


def _create_portal_user() -> None:
    create_tenant_table(
        "portal_user",
        *id_columns("customer_id", "id"),
        *stamp_columns(),
        *text_columns(
            "name", "name_folded", "display_name", "display_name_folded", "email", "password_hash"
        ),
        flag_column("enabled"),
        id_column("provider_id", nullable=True),
        text_column("subject"),
        sa.Column("claimed_groups", sa.Text(), nullable=False),
        text_column("language"),
        id_column("last_sign_in", nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_portal_user"),
        refers=(
            sa.ForeignKeyConstraint(
                ["customer_id"], ["customer.id"], name="fk_portal_user_customer"
            ),
        ),
    )
    op.create_index(
        "uq_portal_user_name", "portal_user", ["customer_id", "name_folded"], unique=True
    )
    op.create_index(
        "uq_portal_user_subject",
        "portal_user",
        ["customer_id", "provider_id", "subject"],
        unique=True,
        sqlite_where=sa.text("provider_id IS NOT NULL"),
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    )


def _create_portal_user_group() -> None:
    create_tenant_table(
        "portal_user_group",
        *id_columns("customer_id", "user_id", "group_id"),
        sa.PrimaryKeyConstraint("customer_id", "user_id", "group_id", name="pk_portal_user_group"),
        refers=(
            reference("fk_portal_user_group_group", "group_id", "portal_group", cascade=True),
            reference("fk_portal_user_group_user", "user_id", "portal_user", cascade=True),
        ),
    )
    op.create_index(
        "ix_portal_user_group_group", "portal_user_group", ["customer_id", "group_id", "user_id"]
    )


def _create_portal_session() -> None:
    create_tenant_table(
        "portal_session",
        id_column("customer_id"),
        *text_columns("digest", "csrf_token"),
        *id_columns("user_id", "created", "seen", "expires"),
        sa.PrimaryKeyConstraint("customer_id", "digest", name="pk_portal_session"),
        refers=(reference("fk_portal_session_user", "user_id", "portal_user", cascade=True),),
    )
    op.create_index("ix_portal_session_expires", "portal_session", ["customer_id", "expires"])
    op.create_index("ix_portal_session_user", "portal_session", ["customer_id", "user_id"])


def _create_aup_acceptance() -> None:
    create_tenant_table(
        "aup_acceptance",
        *id_columns("customer_id", "id", "aup_id"),
        text_column("version"),
        id_column("user_id", nullable=True),
        *text_columns("visitor", "name"),
        id_column("time"),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_aup_acceptance"),
        refers=(),
    )
    op.create_index(
        "ix_aup_acceptance_user", "aup_acceptance", ["customer_id", "user_id", "aup_id", "version"]
    )
    op.create_index(
        "ix_aup_acceptance_visitor",
        "aup_acceptance",
        ["customer_id", "visitor", "aup_id", "version"],
    )


def _create_favourite() -> None:
    create_tenant_table(
        "favourite",
        *id_columns("customer_id", "user_id", "link_id", "time"),
        sa.PrimaryKeyConstraint("customer_id", "user_id", "link_id", name="pk_favourite"),
        refers=(
            reference("fk_favourite_link", "link_id", "user_portal_link", cascade=True),
            reference("fk_favourite_user", "user_id", "portal_user", cascade=True),
        ),
    )
    op.create_index("ix_favourite_link", "favourite", ["customer_id", "link_id"])


def _create_recent_opening() -> None:
    create_tenant_table(
        "recent_opening",
        *id_columns("customer_id", "user_id", "link_id", "time"),
        sa.PrimaryKeyConstraint("customer_id", "user_id", "link_id", name="pk_recent_opening"),
        refers=(
            reference("fk_recent_opening_link", "link_id", "user_portal_link", cascade=True),
            reference("fk_recent_opening_user", "user_id", "portal_user", cascade=True),
        ),
    )
    op.create_index("ix_recent_opening_link", "recent_opening", ["customer_id", "link_id"])


def _create_link_opening() -> None:
    create_tenant_table(
        "link_opening",
        *id_columns("customer_id", "link_id", "day", "openings"),
        sa.PrimaryKeyConstraint("customer_id", "link_id", "day", name="pk_link_opening"),
        refers=(reference("fk_link_opening_link", "link_id", "user_portal_link", cascade=True),),
    )
    op.create_index("ix_link_opening_day", "link_opening", ["customer_id", "day"])
