"""Portico's additions to links and portals: sections, groups, order, pages and addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


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


def _id(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _stamps() -> tuple[sa.Column[int], ...]:
    return _id("creation_time"), _id("modified_time"), _id("modified_by")


def _create_section() -> None:
    create_tenant_table(
        "section",
        _id("customer_id"),
        _id("id"),
        _id("microtenant_id"),
        *_stamps(),
        _text("name"),
        _text("name_folded"),
        _id("position"),
        sa.PrimaryKeyConstraint("customer_id", "id", name="pk_section"),
        refers=(
            sa.ForeignKeyConstraint(
                ["customer_id", "microtenant_id"],
                ["microtenant.customer_id", "microtenant.id"],
                name="fk_section_microtenant",
                ondelete="CASCADE",
            ),
        ),
    )
    op.create_index(
        "uq_section_name", "section", ["customer_id", "microtenant_id", "name_folded"], unique=True
    )


def _create_portal_group() -> None:
    create_tenant_table(
        "portal_group",
        _id("customer_id"),
        _id("id"),
        *_stamps(),
        _text("name"),
        _text("name_folded"),
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


def _of_link(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id", "link_id"],
        ["user_portal_link.customer_id", "user_portal_link.id"],
        name=name,
        ondelete="CASCADE",
    )


def _create_link_presentation() -> None:
    create_tenant_table(
        "link_presentation",
        _id("customer_id"),
        _id("link_id"),
        _id("section_id", nullable=True),
        _id("position"),
        sa.Column("icon_is_dark", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "link_id", name="pk_link_presentation"),
        refers=(
            _of_link("fk_link_presentation_link"),
            sa.ForeignKeyConstraint(
                ["customer_id", "section_id"],
                ["section.customer_id", "section.id"],
                name="fk_link_presentation_section",
            ),
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
        _id("customer_id"),
        _id("link_id"),
        _id("group_id"),
        sa.PrimaryKeyConstraint("customer_id", "link_id", "group_id", name="pk_link_group"),
        refers=(
            _of_link("fk_link_group_link"),
            sa.ForeignKeyConstraint(
                ["customer_id", "group_id"],
                ["portal_group.customer_id", "portal_group.id"],
                name="fk_link_group_group",
            ),
        ),
    )
    op.create_index("ix_link_group_group", "link_group", ["customer_id", "group_id", "link_id"])


def _create_portal_page() -> None:
    create_tenant_table(
        "portal_page",
        _id("customer_id"),
        _id("portal_id"),
        _text("slug"),
        sa.Column("audience", sa.Text(), nullable=False),
        _text("title"),
        _text("accent"),
        _text("favicon"),
        sa.PrimaryKeyConstraint("customer_id", "portal_id", name="pk_portal_page"),
        refers=(
            sa.ForeignKeyConstraint(
                ["customer_id", "portal_id"],
                ["user_portal.customer_id", "user_portal.id"],
                name="fk_portal_page_portal",
                ondelete="CASCADE",
            ),
        ),
    )


def _create_portal_address() -> None:
    op.create_table(
        "portal_address",
        _text("address"),
        _id("customer_id"),
        _id("portal_id"),
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
