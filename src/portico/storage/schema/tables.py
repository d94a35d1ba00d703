"""The metadata and the main tables. Keys of tenant tables start with `customer_id`, for sharding.

A `*_folded` column is the case-folded copy of a text, because the databases fold text outside
ASCII differently. On SQLite, tables with a composite key are WITHOUT ROWID, so every index has the
ids. Options of indexes on PostgreSQL are in the migrations alone: naming one loads its dialect.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    text,
)

from portico.domain.audit import Action
from portico.domain.tenancy.identity import Role
from portico.storage.schema.columns import (
    Choice,
    PlainText,
    TextTuple,
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

metadata = MetaData()

customer = Table(
    "customer",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    text_column("name"),
    Column("auth_domains", TextTuple, nullable=False),
    id_column("creation_time"),
)

# The revision of a tenant is the sum of its slots. Parallel writers use different slots, so that
# none waits for the commit of another.
customer_revision = Table(
    "customer_revision",
    metadata,
    *id_columns("customer_id", "slot", "revision"),
    PrimaryKeyConstraint("customer_id", "slot", name="pk_customer_revision"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_customer_revision_customer"),
    sqlite_with_rowid=False,
)

microtenant = Table(
    "microtenant",
    metadata,
    *id_columns("customer_id", "id"),
    *stamp_columns(),
    *text_columns("name", "name_folded", "description", "description_folded"),
    flag_column("enabled"),
    text_column("criteria_attribute"),
    Column("criteria_attribute_values", TextTuple, nullable=False),
    flag_column("privileged_approvals_enabled"),
    id_column("scope_order"),
    PrimaryKeyConstraint("customer_id", "id", name="pk_microtenant"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_microtenant_customer"),
    Index("uq_microtenant_name", "customer_id", "name_folded", unique=True),
    sqlite_with_rowid=False,
)


user_portal = Table(
    "user_portal",
    metadata,
    *owned_columns(),
    flag_column("enabled"),
    Column("managed_by_zs", Boolean, nullable=True),
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
    Index("uq_user_portal_name", "customer_id", "microtenant_id", "name_folded", unique=True),
    sqlite_with_rowid=False,
)

user_portal_link = Table(
    "user_portal_link",
    metadata,
    *owned_columns(),
    flag_column("enabled"),
    *text_columns("icon_text", "link", "link_folded", "link_path", "link_path_folded", "protocol"),
    id_column("application_id", nullable=True),
    *owned_keys("user_portal_link"),
    Index(
        "uq_user_portal_link_name",
        "customer_id",
        "microtenant_id",
        "name_folded",
        unique=True,
    ),
    Index("ix_user_portal_link_id", "customer_id", "microtenant_id", "id"),
    Index("ix_user_portal_link_enabled", "customer_id", "microtenant_id", "enabled", "id"),
    Index("ix_user_portal_link_created", "customer_id", "microtenant_id", "creation_time", "id"),
    Index("ix_user_portal_link_modified", "customer_id", "microtenant_id", "modified_time", "id"),
    Index("ix_user_portal_link_host", "customer_id", "microtenant_id", "link_folded"),
    Index(
        "ix_user_portal_link_application",
        "customer_id",
        "microtenant_id",
        "application_id",
        sqlite_where=text("application_id IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

portal_assignment = Table(
    "portal_assignment",
    metadata,
    *id_columns("customer_id", "link_id", "portal_id"),
    PrimaryKeyConstraint("customer_id", "link_id", "portal_id", name="pk_portal_assignment"),
    reference("fk_portal_assignment_link", "link_id", "user_portal_link", cascade=True),
    reference("fk_portal_assignment_portal", "portal_id", "user_portal"),
    Index("ix_portal_assignment_portal", "customer_id", "portal_id", "link_id"),
    sqlite_with_rowid=False,
)

# The number of links of each microtenant, so that a list does not count them; also in slots.
link_count = Table(
    "link_count",
    metadata,
    *id_columns("customer_id", "microtenant_id", "slot", "links"),
    PrimaryKeyConstraint("customer_id", "microtenant_id", "slot", name="pk_link_count"),
    reference("fk_link_count_microtenant", "microtenant_id", "microtenant", cascade=True),
    sqlite_with_rowid=False,
)

user_portal_aup = Table(
    "user_portal_aup",
    metadata,
    *owned_columns(),
    flag_column("enabled"),
    *text_columns("aup", "email", "phone_num"),
    Column("text_version", BigInteger, nullable=False, server_default=text("1")),
    *owned_keys("user_portal_aup"),
    Index(
        "uq_user_portal_aup_name",
        "customer_id",
        "microtenant_id",
        "name_folded",
        unique=True,
        sqlite_where=text("name_folded <> ''"),
    ),
    sqlite_with_rowid=False,
)

certificate = Table(
    "certificate",
    metadata,
    *owned_columns(),
    *id_columns("valid_from_in_epoch_sec", "valid_to_in_epoch_sec"),
    *text_columns("certificate", "cert_chain", "issued_to", "issued_by", "serial_no", "public_key"),
    Column("san", TextTuple, nullable=False),
    text_column("c_name"),
    *owned_keys("certificate"),
    Index("uq_certificate_name", "customer_id", "microtenant_id", "name_folded", unique=True),
    sqlite_with_rowid=False,
)

application_segment = Table(
    "application_segment",
    metadata,
    *owned_columns(),
    flag_column("enabled"),
    Column("domain_names", TextTuple, nullable=False),
    *owned_keys("application_segment"),
    Index(
        "uq_application_segment_name", "customer_id", "microtenant_id", "name_folded", unique=True
    ),
    sqlite_with_rowid=False,
)

audit_entry = Table(
    "audit_entry",
    metadata,
    *id_columns("customer_id", "id", "microtenant_id", "time", "actor_id"),
    Column("action", Choice(Action), nullable=False),
    text_column("object_type"),
    id_column("object_id"),
    *text_columns("object_name", "before", "after", "transaction_id"),
    Column("client_transaction_id", PlainText, nullable=True),
    PrimaryKeyConstraint("customer_id", "id", name="pk_audit_entry"),
    Index("ix_audit_entry_transaction", "customer_id", "transaction_id"),
    Index("ix_audit_entry_object", "customer_id", "object_id"),
    sqlite_with_rowid=False,
)

ended_session = Table(
    "ended_session",
    metadata,
    id_column("customer_id"),
    Column("token_id", PlainText, nullable=False),
    id_column("expires"),
    PrimaryKeyConstraint("customer_id", "token_id", name="pk_ended_session"),
    sqlite_with_rowid=False,
)

idempotent_answer = Table(
    "idempotent_answer",
    metadata,
    *id_columns("customer_id", "client_id"),
    Column("key", PlainText, nullable=False),
    text_column("fingerprint"),
    Column("status", Integer, nullable=False),
    text_column("body"),
    id_column("creation_time"),
    PrimaryKeyConstraint("customer_id", "client_id", "key", name="pk_idempotent_answer"),
    Index("ix_idempotent_answer_age", "customer_id", "creation_time"),
    sqlite_with_rowid=False,
)

# Read before the tenant is known. A distributed database has a copy on every node.
api_client = Table(
    "api_client",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    id_column("customer_id"),
    id_column("microtenant_id", nullable=True),
    text_column("name"),
    Column("role", Choice(Role), nullable=False),
    *text_columns("secret_hash", "public_key"),
    id_column("creation_time"),
    id_column("revoked_time", nullable=True),
    Index("ix_api_client_customer", "customer_id"),
)

# Separate from api_client, because it is written often and api_client is on every node.
client_sign_in = Table(
    "client_sign_in",
    metadata,
    *id_columns("customer_id", "client_id", "time"),
    PrimaryKeyConstraint("customer_id", "client_id", name="pk_client_sign_in"),
    sqlite_with_rowid=False,
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    text_column("secret"),
    id_column("creation_time"),
    id_column("retire_time", nullable=True),
)

# The keys that encrypt the secrets of the database. The key material is in a file, never here.
# `check_value` is an encrypted known text. The key without `replaced_time` is the current one.
secret_key = Table(
    "secret_key",
    metadata,
    Column("id", PlainText, primary_key=True),
    text_column("check_value"),
    id_column("creation_time"),
    id_column("replaced_time", nullable=True),
    flag_column("plain_text_left"),
)

id_node = Table(
    "id_node",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("handed_out", BigInteger, nullable=False),
)

readiness_probe = Table(
    "readiness_probe",
    metadata,
    Column("slot", Integer, primary_key=True, autoincrement=False),
    id_column("time"),
    text_column("padding"),
)

# What the server saw of a reverse proxy's headers, for `portico doctor`.
proxy_peer = Table(
    "proxy_peer",
    metadata,
    Column("peer", PlainText, primary_key=True),
    id_column("time"),
    flag_column("trusted"),
    *id_columns("requests", "with_for", "with_proto", "all_requests"),
)
