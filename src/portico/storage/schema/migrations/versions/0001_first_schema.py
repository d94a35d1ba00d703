"""The first schema: tenants and everything that belongs to them, clients and signing keys."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from portico.storage.schema.columns import (
    flag_column,
    id_column,
    id_columns,
    owned_columns,
    owned_keys,
    reference,
    stamp_columns,
    text_column,
    text_columns,
)
from portico.storage.schema.migrations.effects import Effect

revision = "0001"
down_revision = None
oldest_server = "0001"
touches: dict[str, Effect] = {}
branch_labels = None
depends_on = None

INDEXED = ("name_folded", "description_folded", "link_folded", "link_path_folded")


def upgrade() -> None:
    """Create every table, the row that counts process numbers, and the text index."""
    op.create_table(
        "api_client",
        *id_columns("id", "customer_id"),
        id_column("microtenant_id", nullable=True),
        text_column("name"),
        sa.Column("role", sa.Text(), nullable=False),
        *text_columns("secret_hash", "public_key"),
        id_column("creation_time"),
        id_column("revoked_time", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_api_client_customer", "api_client", ["customer_id"])
    op.create_table(
        "audit_entry",
        *id_columns("customer_id", "id", "microtenant_id", "time", "actor_id"),
        sa.Column("action", sa.Text(), nullable=False),
        text_column("object_type"),
        id_column("object_id"),
        *text_columns("object_name", "before", "after", "transaction_id"),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_audit_entry"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer",
        id_column("id"),
        text_column("name"),
        sa.Column("auth_domains", sa.Text(), nullable=False),
        *id_columns("revision", "creation_time"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ended_session",
        id_column("customer_id"),
        text_column("token_id"),
        id_column("expires"),
        sa.PrimaryKeyConstraint("customer_id", "token_id", name="pk_ended_session"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "id_node",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        id_column("handed_out"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "idempotent_answer",
        *id_columns("customer_id", "client_id"),
        *text_columns("key", "fingerprint"),
        sa.Column("status", sa.Integer(), nullable=False),
        text_column("body"),
        id_column("creation_time"),
        sa.PrimaryKeyConstraint("customer_id", "client_id", "key", name="pk_idempotent_answer"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_idempotent_answer_age", "idempotent_answer", ["customer_id", "creation_time"]
    )
    op.create_table(
        "signing_key",
        id_column("id"),
        text_column("secret"),
        id_column("creation_time"),
        id_column("retire_time", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "microtenant",
        *id_columns("customer_id", "id"),
        *stamp_columns(),
        *text_columns("name", "name_folded", "description", "description_folded"),
        flag_column("enabled"),
        text_column("criteria_attribute"),
        sa.Column("criteria_attribute_values", sa.Text(), nullable=False),
        flag_column("privileged_approvals_enabled"),
        id_column("scope_order"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_microtenant_customer"),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_microtenant"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_microtenant_name", "microtenant", ["customer_id", "name_folded"], unique=True
    )
    op.create_table(
        "link_tally",
        *id_columns("customer_id", "microtenant_id", "links"),
        reference("fk_link_tally_microtenant", "microtenant_id", "microtenant", cascade=True),
        sa.PrimaryKeyConstraint("customer_id", "microtenant_id", name="pk_link_tally"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "user_portal",
        *owned_columns(),
        flag_column("enabled"),
        sa.Column("managed_by_zs", sa.Boolean(), nullable=True),
        id_column("certificate_id", nullable=True),
        *text_columns(
            "certificate_name",
            "domain",
            "ext_domain",
            "ext_domain_name",
            "ext_domain_translation",
            "ext_label",
            "user_notification",
        ),
        flag_column("user_notification_enabled"),
        text_column("image_data"),
        *owned_keys("user_portal"),
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
        *owned_columns(),
        flag_column("enabled"),
        *text_columns("aup", "email", "phone_num"),
        *owned_keys("user_portal_aup"),
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
        *owned_columns(),
        flag_column("enabled"),
        *text_columns(
            "icon_text", "link", "link_folded", "link_path", "link_path_folded", "protocol"
        ),
        id_column("application_id", nullable=True),
        *owned_keys("user_portal_link"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_user_portal_link_application",
        "user_portal_link",
        ["customer_id", "microtenant_id", "application_id"],
        sqlite_where=sa.text("application_id IS NOT NULL"),
        postgresql_where=sa.text("application_id IS NOT NULL"),
    )
    op.create_index(
        "ix_user_portal_link_created",
        "user_portal_link",
        ["customer_id", "microtenant_id", "creation_time", "id"],
    )
    op.create_index(
        "ix_user_portal_link_enabled",
        "user_portal_link",
        ["customer_id", "microtenant_id", "enabled", "id"],
    )
    op.create_index(
        "ix_user_portal_link_host",
        "user_portal_link",
        ["customer_id", "microtenant_id", "link_folded"],
    )
    op.create_index(
        "ix_user_portal_link_id", "user_portal_link", ["customer_id", "microtenant_id", "id"]
    )
    op.create_index(
        "ix_user_portal_link_modified",
        "user_portal_link",
        ["customer_id", "microtenant_id", "modified_time", "id"],
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
        *id_columns("customer_id", "link_id", "portal_id"),
        reference("fk_portal_assignment_link", "link_id", "user_portal_link", cascade=True),
        reference("fk_portal_assignment_portal", "portal_id", "user_portal"),
        sa.PrimaryKeyConstraint("customer_id", "link_id", "portal_id", name="pk_portal_assignment"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_portal_assignment_portal", "portal_assignment", ["customer_id", "portal_id", "link_id"]
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
