"""Portico's additions to links and portals: sections, groups, order, pages and addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.columns import (
    id_column,
    id_columns,
    reference,
    stamp_columns,
    text_column,
    text_columns,
)
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0002"
down_revision = "0001"
oldest_server = "0002"
touches = {
    "audit_entry": Effect.IS_INDEXED,
    "customer": Effect.IS_REFERRED_TO,
    "microtenant": Effect.IS_REFERRED_TO,
    "user_portal": Effect.IS_REFERRED_TO,
    "user_portal_link": Effect.IS_REFERRED_TO,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, add the addresses of existing portals, and index the audit trail."""
    begin_migration()
    _create_section()
    _create_portal_group()
    _create_link_presentation()
    _create_link_group()
    _create_portal_page()
    _create_portal_address()
    op.create_index("ix_audit_entry_transaction", "audit_entry", ["customer_id", "transaction_id"])
    op.create_index("ix_audit_entry_object", "audit_entry", ["customer_id", "object_id"])


def _create_section() -> None:
    create_tenant_table(
        "section",
        *id_columns("customer_id", "id", "microtenant_id"),
        *stamp_columns(),
        *text_columns("name", "name_folded"),
        id_column("position"),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_section"),
        refers=(
            reference("fk_section_microtenant", "microtenant_id", "microtenant", cascade=True),
        ),
    )
    op.create_index(
        "uq_section_name", "section", ["customer_id", "microtenant_id", "name_folded"], unique=True
    )


def _create_portal_group() -> None:
    create_tenant_table(
        "portal_group",
        *id_columns("customer_id", "id"),
        *stamp_columns(),
        *text_columns("name", "name_folded"),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_portal_group"),
        refers=(
            sa.ForeignKeyConstraint(
                ["customer_id"], ["customer.id"], name="fk_portal_group_customer"
            ),
        ),
    )
    op.create_index(
        "uq_portal_group_name", "portal_group", ["customer_id", "name_folded"], unique=True
    )


def _create_link_presentation() -> None:
    create_tenant_table(
        "link_presentation",
        *id_columns("customer_id", "link_id"),
        id_column("section_id", nullable=True),
        id_column("position"),
        sa.Column("icon_is_dark", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "link_id", name="pk_link_presentation"),
        refers=(
            reference("fk_link_presentation_link", "link_id", "user_portal_link", cascade=True),
            reference("fk_link_presentation_section", "section_id", "section"),
        ),
    )
    op.create_index(
        "ix_link_presentation_section",
        "link_presentation",
        ["customer_id", "section_id", "link_id"],
    )


def _create_link_group() -> None:
    create_tenant_table(
        "link_group",
        *id_columns("customer_id", "link_id", "group_id"),
        sa.PrimaryKeyConstraint("customer_id", "link_id", "group_id", name="pk_link_group"),
        refers=(
            reference("fk_link_group_link", "link_id", "user_portal_link", cascade=True),
            reference("fk_link_group_group", "group_id", "portal_group"),
        ),
    )
    op.create_index("ix_link_group_group", "link_group", ["customer_id", "group_id", "link_id"])


def _create_portal_page() -> None:
    create_tenant_table(
        "portal_page",
        *id_columns("customer_id", "portal_id"),
        text_column("slug"),
        sa.Column("audience", sa.Text(), nullable=False),
        *text_columns("title", "accent", "favicon"),
        sa.PrimaryKeyConstraint("customer_id", "portal_id", name="pk_portal_page"),
        refers=(reference("fk_portal_page_portal", "portal_id", "user_portal", cascade=True),),
    )


def _create_portal_address() -> None:
    op.create_table(
        "portal_address",
        text_column("address"),
        *id_columns("customer_id", "portal_id"),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_index("ix_portal_address_portal", "portal_address", ["customer_id", "portal_id"])
    # An existing portal gets its id and its domain as addresses. A domain belongs to the first
    # portal that has it. The portal gets a slug at its next change.
    for address, condition in (
        ("CAST(id AS TEXT)", "id > 0"),
        ("lower(domain)", "domain LIKE '%.%' AND domain NOT LIKE '%.'"),
    ):
        op.execute(
            "INSERT INTO portal_address (address, customer_id, portal_id) "
            f"SELECT {address}, customer_id, id FROM user_portal WHERE {condition} "
            "ORDER BY user_portal.id ON CONFLICT (address) DO NOTHING"
        )
