"""People: administrators, portal users, sessions, and activity on portals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


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


def _id(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _of_user(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id", "user_id"],
        ["portal_user.customer_id", "portal_user.id"],
        name=name,
        ondelete="CASCADE",
    )


def _of_link(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id", "link_id"],
        ["user_portal_link.customer_id", "user_portal_link.id"],
        name=name,
        ondelete="CASCADE",
    )


def _create_administrator() -> None:
    op.create_table(
        "administrator",
        _id("id"),
        _text("name"),
        _text("name_folded"),
        _text("display_name"),
        _text("email"),
        _text("password_hash"),
        _id("disabled_time", nullable=True),
        _id("provider_id", nullable=True),
        _text("subject"),
        _id("creation_time"),
        _id("last_sign_in", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_administrator_subject", "administrator", ["provider_id", "subject"])
    op.create_index("uq_administrator_name", "administrator", ["name_folded"], unique=True)


def _create_administrator_grant() -> None:
    op.create_table(
        "administrator_grant",
        _id("id"),
        _id("administrator_id"),
        _id("customer_id"),
        _id("microtenant_id", nullable=True),
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
        _text("digest"),
        _text("csrf_token"),
        _id("administrator_id"),
        _id("customer_id", nullable=True),
        _id("microtenant_id", nullable=True),
        _id("created"),
        _id("seen"),
        _id("expires"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_console_session_administrator", "console_session", ["administrator_id"])
    op.create_index("ix_console_session_expires", "console_session", ["expires"])


def _create_identity_provider() -> None:
    op.create_table(
        "identity_provider",
        _id("id"),
        _id("customer_id"),
        _text("name"),
        _text("issuer"),
        _text("client_id"),
        _text("client_secret"),
        _text("groups_claim"),
        sa.Column("for_console", sa.Boolean(), nullable=False),
        sa.Column("for_portals", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _id("creation_time"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_identity_provider_customer", "identity_provider", ["customer_id"])


def _create_sign_in_failure() -> None:
    op.create_table(
        "sign_in_failure",
        _text("scope"),
        _text("account"),
        _text("address"),
        sa.Column("failures", sa.Integer(), nullable=False),
        _id("since"),
        _id("locked_until"),
        sa.PrimaryKeyConstraint("scope", "account", "address", name="pk_sign_in_failure"),
    )
    op.create_index("ix_sign_in_failure_since", "sign_in_failure", ["since"])


def _create_portal_user() -> None:
    create_tenant_table(
        "portal_user",
        _id("customer_id"),
        _id("id"),
        _id("creation_time"),
        _id("modified_time"),
        _id("modified_by"),
        _text("name"),
        _text("name_folded"),
        _text("display_name"),
        _text("display_name_folded"),
        _text("email"),
        _text("password_hash"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _id("provider_id", nullable=True),
        _text("subject"),
        sa.Column("claimed_groups", sa.Text(), nullable=False),
        _text("language"),
        _id("last_sign_in", nullable=True),
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
        _id("customer_id"),
        _id("user_id"),
        _id("group_id"),
        sa.PrimaryKeyConstraint("customer_id", "user_id", "group_id", name="pk_portal_user_group"),
        refers=(
            sa.ForeignKeyConstraint(
                ["customer_id", "group_id"],
                ["portal_group.customer_id", "portal_group.id"],
                name="fk_portal_user_group_group",
                ondelete="CASCADE",
            ),
            _of_user("fk_portal_user_group_user"),
        ),
    )
    op.create_index(
        "ix_portal_user_group_group", "portal_user_group", ["customer_id", "group_id", "user_id"]
    )


def _create_portal_session() -> None:
    create_tenant_table(
        "portal_session",
        _id("customer_id"),
        _text("digest"),
        _text("csrf_token"),
        _id("user_id"),
        _id("created"),
        _id("seen"),
        _id("expires"),
        sa.PrimaryKeyConstraint("customer_id", "digest", name="pk_portal_session"),
        refers=(_of_user("fk_portal_session_user"),),
    )
    op.create_index("ix_portal_session_expires", "portal_session", ["customer_id", "expires"])
    op.create_index("ix_portal_session_user", "portal_session", ["customer_id", "user_id"])


def _create_aup_acceptance() -> None:
    create_tenant_table(
        "aup_acceptance",
        _id("customer_id"),
        _id("id"),
        _id("aup_id"),
        _text("version"),
        _id("user_id", nullable=True),
        _text("visitor"),
        _text("name"),
        _id("time"),
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
        _id("customer_id"),
        _id("user_id"),
        _id("link_id"),
        _id("time"),
        sa.PrimaryKeyConstraint("customer_id", "user_id", "link_id", name="pk_favourite"),
        refers=(
            _of_link("fk_favourite_link"),
            _of_user("fk_favourite_user"),
        ),
    )
    op.create_index("ix_favourite_link", "favourite", ["customer_id", "link_id"])


def _create_recent_opening() -> None:
    create_tenant_table(
        "recent_opening",
        _id("customer_id"),
        _id("user_id"),
        _id("link_id"),
        _id("time"),
        sa.PrimaryKeyConstraint("customer_id", "user_id", "link_id", name="pk_recent_opening"),
        refers=(
            _of_link("fk_recent_opening_link"),
            _of_user("fk_recent_opening_user"),
        ),
    )
    op.create_index("ix_recent_opening_link", "recent_opening", ["customer_id", "link_id"])


def _create_link_opening() -> None:
    create_tenant_table(
        "link_opening",
        _id("customer_id"),
        _id("link_id"),
        _id("day"),
        _id("openings"),
        sa.PrimaryKeyConstraint("customer_id", "link_id", "day", name="pk_link_opening"),
        refers=(_of_link("fk_link_opening_link"),),
    )
    op.create_index("ix_link_opening_day", "link_opening", ["customer_id", "day"])
