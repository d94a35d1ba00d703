"""The first schema: tenants and everything that belongs to them, clients and signing keys."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INDEXED = ("name_folded", "description_folded", "link_folded", "link_path_folded")
TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create every table, the row that counts process numbers, and the text index."""
    op.create_table(
        "api_client",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("microtenant_id", sa.BigInteger(), nullable=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("secret_hash", TEXT, nullable=False),
        sa.Column("public_key", TEXT, nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.Column("revoked_time", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_api_client_customer", "api_client", ["customer_id"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("microtenant_id", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_type", TEXT, nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("object_name", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=False),
        sa.Column("after", TEXT, nullable=False),
        sa.Column("transaction_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_audit_entry"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("auth_domains", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ended_session",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("token_id", TEXT, nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "token_id", name="pk_ended_session"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "id_node",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("handed_out", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "client_id", "key", name="pk_idempotent_answer"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_idempotent_answer_age",
        "idempotent_answer",
        ["customer_id", "creation_time"],
        unique=False,
    )
    op.create_table(
        "signing_key",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("secret", TEXT, nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.Column("retire_time", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "microtenant",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.Column("modified_time", sa.BigInteger(), nullable=False),
        sa.Column("modified_by", sa.BigInteger(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("name_folded", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("description_folded", TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("criteria_attribute", TEXT, nullable=False),
        sa.Column("criteria_attribute_values", sa.Text(), nullable=False),
        sa.Column("privileged_approvals_enabled", sa.Boolean(), nullable=False),
        sa.Column("scope_order", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_microtenant_customer"),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_microtenant"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_microtenant_name", "microtenant", ["customer_id", "name_folded"], unique=True
    )
    op.create_table(
        "link_tally",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("microtenant_id", sa.BigInteger(), nullable=False),
        sa.Column("links", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "microtenant_id"],
            ["microtenant.customer_id", "microtenant.id"],
            name="fk_link_tally_microtenant",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "microtenant_id", name="pk_link_tally"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "user_portal",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("microtenant_id", sa.BigInteger(), nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.Column("modified_time", sa.BigInteger(), nullable=False),
        sa.Column("modified_by", sa.BigInteger(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("name_folded", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("description_folded", TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("managed_by_zs", sa.Boolean(), nullable=True),
        sa.Column("certificate_id", sa.BigInteger(), nullable=True),
        sa.Column("certificate_name", TEXT, nullable=False),
        sa.Column("domain", TEXT, nullable=False),
        sa.Column("ext_domain", TEXT, nullable=False),
        sa.Column("ext_domain_name", TEXT, nullable=False),
        sa.Column("ext_domain_translation", TEXT, nullable=False),
        sa.Column("ext_label", TEXT, nullable=False),
        sa.Column("user_notification", TEXT, nullable=False),
        sa.Column("user_notification_enabled", sa.Boolean(), nullable=False),
        sa.Column("image_data", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "microtenant_id"],
            ["microtenant.customer_id", "microtenant.id"],
            name="fk_user_portal_microtenant",
        ),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_user_portal"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_user_portal_name",
        "user_portal",
        ["customer_id", "microtenant_id", "name_folded"],
        unique=True,
    )
    op.create_table(
        "user_portal_aup",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("microtenant_id", sa.BigInteger(), nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.Column("modified_time", sa.BigInteger(), nullable=False),
        sa.Column("modified_by", sa.BigInteger(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("name_folded", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("description_folded", TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("aup", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("phone_num", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "microtenant_id"],
            ["microtenant.customer_id", "microtenant.id"],
            name="fk_user_portal_aup_microtenant",
        ),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_user_portal_aup"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_user_portal_aup_name",
        "user_portal_aup",
        ["customer_id", "microtenant_id", "name_folded"],
        unique=True,
        sqlite_where=sa.text("name_folded <> ''"),
        postgresql_where=sa.text("name_folded <> ''"),
    )
    op.create_table(
        "user_portal_link",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("microtenant_id", sa.BigInteger(), nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.Column("modified_time", sa.BigInteger(), nullable=False),
        sa.Column("modified_by", sa.BigInteger(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("name_folded", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("description_folded", TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("icon_text", TEXT, nullable=False),
        sa.Column("link", TEXT, nullable=False),
        sa.Column("link_folded", TEXT, nullable=False),
        sa.Column("link_path", TEXT, nullable=False),
        sa.Column("link_path_folded", TEXT, nullable=False),
        sa.Column("protocol", TEXT, nullable=False),
        sa.Column("application_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id", "microtenant_id"],
            ["microtenant.customer_id", "microtenant.id"],
            name="fk_user_portal_link_microtenant",
        ),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_user_portal_link"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_user_portal_link_application",
        "user_portal_link",
        ["customer_id", "microtenant_id", "application_id"],
        unique=False,
        sqlite_where=sa.text("application_id IS NOT NULL"),
        postgresql_where=sa.text("application_id IS NOT NULL"),
    )
    op.create_index(
        "ix_user_portal_link_created",
        "user_portal_link",
        ["customer_id", "microtenant_id", "creation_time", "id"],
        unique=False,
    )
    op.create_index(
        "ix_user_portal_link_enabled",
        "user_portal_link",
        ["customer_id", "microtenant_id", "enabled", "id"],
        unique=False,
    )
    op.create_index(
        "ix_user_portal_link_host",
        "user_portal_link",
        ["customer_id", "microtenant_id", "link_folded"],
        unique=False,
    )
    op.create_index(
        "ix_user_portal_link_id",
        "user_portal_link",
        ["customer_id", "microtenant_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_user_portal_link_modified",
        "user_portal_link",
        ["customer_id", "microtenant_id", "modified_time", "id"],
        unique=False,
    )
    op.create_index(
        "uq_user_portal_link_name",
        "user_portal_link",
        ["customer_id", "microtenant_id", "name_folded"],
        unique=True,
        postgresql_include=["id"],
    )
    op.create_table(
        "portal_assignment",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("portal_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "link_id"],
            ["user_portal_link.customer_id", "user_portal_link.id"],
            name="fk_portal_assignment_link",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "portal_id"],
            ["user_portal.customer_id", "user_portal.id"],
            name="fk_portal_assignment_portal",
        ),
        sa.PrimaryKeyConstraint("customer_id", "link_id", "portal_id", name="pk_portal_assignment"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_portal_assignment_portal",
        "portal_assignment",
        ["customer_id", "portal_id", "link_id"],
        unique=False,
    )
    op.execute("INSERT INTO id_node (id, handed_out) VALUES (1, 0)")
    if op.get_bind().dialect.name == "sqlite":
        _index_text_on_sqlite()
    else:
        _index_text_on_postgresql()


def _index_text_on_sqlite() -> None:
    """Create an FTS5 trigram index of the folded text, which triggers update.

    Searches are correct without it.
    """
    bind = op.get_bind()
    modules = {row[0] for row in bind.exec_driver_sql("SELECT name FROM pragma_module_list")}
    if "fts5" not in modules or sqlite3.sqlite_version_info < (3, 34):
        return
    columns = ", ".join(INDEXED)
    old, new = (", ".join(f"{row}.{column}" for column in INDEXED) for row in ("old", "new"))
    forget = (
        f"INSERT INTO link_text (link_text, rowid, {columns}) VALUES ('delete', old.id, {old});"
    )
    add = f"INSERT INTO link_text (rowid, {columns}) VALUES (new.id, {new});"
    op.execute(
        f"CREATE VIRTUAL TABLE link_text USING fts5({columns}, content='user_portal_link', "
        "content_rowid='id', tokenize='trigram case_sensitive 1', detail=column)"
    )
    # The index identifies a link only by its id, so ids must be unique across tenants.
    guard = (
        "SELECT RAISE(ABORT, 'another tenant has the link id') "
        "WHERE EXISTS (SELECT 1 FROM link_text_docsize WHERE id = new.id);"
    )
    for name, event, body in (
        ("guarded", "BEFORE INSERT", guard),
        ("added", "AFTER INSERT", add),
        ("removed", "AFTER DELETE", forget),
        ("changed", f"AFTER UPDATE OF {columns}", forget + add),
    ):
        bind.exec_driver_sql(
            f"CREATE TRIGGER link_text_{name} {event} ON user_portal_link BEGIN {body} END"
        )


def _index_text_on_postgresql() -> None:
    """Create a trigram index if the role can create the extension.

    Searches are correct without it.
    """
    bind = op.get_bind()
    try:
        with bind.begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DBAPIError:
        return
    expressions = ", ".join(f"{column} gin_trgm_ops" for column in INDEXED)
    op.execute(
        f"CREATE INDEX ix_user_portal_link_text ON user_portal_link USING gin ({expressions})"
    )
