"""Tables of Portico's additions to links and portals: sections, groups, pages and domains.

They are separate from the vendor's tables, so a client that replaces whole objects does not change
them, and a link with default values needs no row.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    false,
    text,
)

from portico.domain.portals.pages import Audience
from portico.domain.portals.requests import RequestKind
from portico.storage.schema.columns import (
    Choice,
    PlainText,
    TextTuple,
    id_column,
    id_columns,
    reference,
    stamp_columns,
    text_column,
    text_columns,
    time_columns,
)
from portico.storage.schema.tables import metadata

section = Table(
    "section",
    metadata,
    *id_columns("customer_id", "id", "microtenant_id"),
    *stamp_columns(),
    *text_columns("name", "name_folded"),
    id_column("position"),
    PrimaryKeyConstraint("customer_id", "id", name="pk_section"),
    reference("fk_section_microtenant", "microtenant_id", "microtenant", cascade=True),
    Index("uq_section_name", "customer_id", "microtenant_id", "name_folded", unique=True),
    sqlite_with_rowid=False,
)

portal_group = Table(
    "portal_group",
    metadata,
    *id_columns("customer_id", "id"),
    *stamp_columns(),
    *text_columns("name", "name_folded"),
    PrimaryKeyConstraint("customer_id", "id", name="pk_portal_group"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_portal_group_customer"),
    Index("uq_portal_group_name", "customer_id", "name_folded", unique=True),
    sqlite_with_rowid=False,
)

# A link without a row has the default values. A link with groups always has a row.
link_presentation = Table(
    "link_presentation",
    metadata,
    *id_columns("customer_id", "link_id"),
    id_column("section_id", nullable=True),
    id_column("position"),
    Column("icon_is_dark", Boolean, nullable=True),
    Column("keywords", TextTuple, nullable=False, server_default=text("'[]'")),
    # The keywords as searches compare them, one on each line.
    Column("keywords_folded", PlainText, nullable=False, server_default=text("''")),
    *time_columns("starts", "ends"),
    PrimaryKeyConstraint("customer_id", "link_id", name="pk_link_presentation"),
    reference("fk_link_presentation_link", "link_id", "user_portal_link", cascade=True),
    reference("fk_link_presentation_section", "section_id", "section"),
    Index("ix_link_presentation_section", "customer_id", "section_id", "link_id"),
    sqlite_with_rowid=False,
)

link_group = Table(
    "link_group",
    metadata,
    *id_columns("customer_id", "link_id", "group_id"),
    PrimaryKeyConstraint("customer_id", "link_id", "group_id", name="pk_link_group"),
    reference("fk_link_group_link", "link_id", "user_portal_link", cascade=True),
    reference("fk_link_group_group", "group_id", "portal_group"),
    Index("ix_link_group_group", "customer_id", "group_id", "link_id"),
    sqlite_with_rowid=False,
)

portal_page = Table(
    "portal_page",
    metadata,
    *id_columns("customer_id", "portal_id"),
    text_column("slug"),
    Column("audience", Choice(Audience), nullable=False),
    *text_columns("title", "accent", "favicon"),
    Column("accepts_requests", Boolean, nullable=False, server_default=false()),
    *time_columns("notice_starts", "notice_ends"),
    PrimaryKeyConstraint("customer_id", "portal_id", name="pk_portal_page"),
    reference("fk_portal_page_portal", "portal_id", "user_portal", cascade=True),
    sqlite_with_rowid=False,
)

# Visitors ask for links and report broken ones. A request outlives the link and the person.
portal_request = Table(
    "portal_request",
    metadata,
    *id_columns("customer_id", "id", "microtenant_id"),
    *stamp_columns(),
    id_column("portal_id"),
    Column("kind", Choice(RequestKind), nullable=False),
    text_column("text"),
    id_column("link_id", nullable=True),
    text_column("link_name"),
    id_column("user_id", nullable=True),
    text_column("user_name"),
    id_column("closed_time", nullable=True),
    PrimaryKeyConstraint("customer_id", "id", name="pk_portal_request"),
    reference("fk_portal_request_portal", "portal_id", "user_portal", cascade=True),
    Index("ix_portal_request_state", "customer_id", "microtenant_id", "closed_time", "id"),
    Index("ix_portal_request_portal", "customer_id", "portal_id", "creation_time"),
    sqlite_with_rowid=False,
)

# The id and slug of each portal. Read before the tenant is known, so there is no foreign key.
portal_address = Table(
    "portal_address",
    metadata,
    Column("address", PlainText, primary_key=True),
    *id_columns("customer_id", "portal_id"),
    Index("ix_portal_address_portal", "customer_id", "portal_id"),
)

# The domain of each portal that has one, allowed or not. Among portals of a tenant with the same
# host, the lowest claim wins.
portal_domain = Table(
    "portal_domain",
    metadata,
    *id_columns("customer_id", "portal_id"),
    text_column("host"),
    id_column("claim_id"),
    PrimaryKeyConstraint("customer_id", "portal_id", name="pk_portal_domain"),
    reference("fk_portal_domain_portal", "portal_id", "user_portal", cascade=True),
    Index("ix_portal_domain_host", "customer_id", "host", "claim_id"),
    sqlite_with_rowid=False,
)

# The domains that the operator allows, each with its tenant. Read before the tenant is known.
allowed_domain = Table(
    "allowed_domain",
    metadata,
    Column("name", PlainText, primary_key=True),
    *id_columns("customer_id", "creation_time"),
)
