"""Tables of people: administrators, portal users, their sessions, and their activity on portals.

Tables that are read before the tenant is known (administrators, providers, failed sign-ins) are on
the coordinator of a distributed database. The others belong to one tenant.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    false,
    text,
)

from portico.domain.people.second_factors import FactorMethod
from portico.domain.people.sessions import ProvenBy
from portico.domain.tenancy.identity import Role
from portico.storage.schema.columns import (
    Choice,
    PlainText,
    TextTuple,
    flag_column,
    id_column,
    id_columns,
    reference,
    stamp_columns,
    text_column,
    text_columns,
)
from portico.storage.schema.tables import metadata

administrator = Table(
    "administrator",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    *text_columns("name", "name_folded", "display_name", "email", "password_hash"),
    id_column("disabled_time", nullable=True),
    id_column("provider_id", nullable=True),
    text_column("subject"),
    id_column("creation_time"),
    id_column("last_sign_in", nullable=True),
    Index("uq_administrator_name", "name_folded", unique=True),
    Index("ix_administrator_subject", "provider_id", "subject"),
)

administrator_grant = Table(
    "administrator_grant",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    *id_columns("administrator_id", "customer_id"),
    id_column("microtenant_id", nullable=True),
    Column("role", Choice(Role), nullable=False),
    Index("ix_administrator_grant_administrator", "administrator_id"),
    Index("ix_administrator_grant_customer", "customer_id"),
)

console_session = Table(
    "console_session",
    metadata,
    Column("digest", PlainText, primary_key=True),
    text_column("csrf_token"),
    id_column("administrator_id"),
    id_column("customer_id", nullable=True),
    id_column("microtenant_id", nullable=True),
    *id_columns("created", "seen", "expires"),
    Column("proven_by", Choice(ProvenBy), nullable=False, server_default=text("'password'")),
    Index("ix_console_session_administrator", "administrator_id"),
    Index("ix_console_session_expires", "expires"),
)

console_device = Table(
    "console_device",
    metadata,
    Column("digest", PlainText, primary_key=True),
    *id_columns("administrator_id", "expires"),
    Index("ix_console_device_administrator", "administrator_id"),
    Index("ix_console_device_expires", "expires"),
)

console_password_link = Table(
    "console_password_link",
    metadata,
    Column("administrator_id", BigInteger, primary_key=True, autoincrement=False),
    text_column("digest"),
    id_column("expires"),
    Index("uq_console_password_link_digest", "digest", unique=True),
    Index("ix_console_password_link_expires", "expires"),
)

# `secret` is encrypted: the shared secret of an app, or the public key of a passkey.
second_factor = Table(
    "second_factor",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    id_column("administrator_id"),
    Column("method", Choice(FactorMethod), nullable=False),
    *text_columns("name", "host", "credential_id", "secret"),
    *id_columns("counter", "creation_time"),
    id_column("last_used", nullable=True),
    Index("ix_second_factor_administrator", "administrator_id"),
    Index("ix_second_factor_credential", "credential_id"),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    id_column("administrator_id"),
    Column("digest", PlainText, nullable=False),
    PrimaryKeyConstraint("administrator_id", "digest", name="pk_recovery_code"),
)

# A row for each tenant that requires a second factor. The key is not called `customer_id`, because
# sign-in joins the table with the grants, which are on the coordinator.
second_factor_rule = Table(
    "second_factor_rule",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
)

password_proof = Table(
    "password_proof",
    metadata,
    Column("digest", PlainText, primary_key=True),
    id_column("administrator_id"),
    *text_columns("browser", "password", "challenge"),
    id_column("expires"),
    Index("ix_password_proof_administrator", "administrator_id"),
    Index("ix_password_proof_expires", "expires"),
)

identity_provider = Table(
    "identity_provider",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    id_column("customer_id"),
    *text_columns("name", "issuer", "client_id", "client_secret", "groups_claim"),
    flag_column("for_console"),
    flag_column("for_portals"),
    flag_column("enabled"),
    id_column("creation_time"),
    Index("ix_identity_provider_customer", "customer_id"),
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("scope", PlainText, nullable=False),
    Column("account", PlainText, nullable=False),
    Column("address", PlainText, nullable=False),
    Column("failures", Integer, nullable=False),
    *id_columns("since", "locked_until"),
    PrimaryKeyConstraint("scope", "account", "address", name="pk_sign_in_failure"),
    Index("ix_sign_in_failure_since", "since"),
)

portal_user = Table(
    "portal_user",
    metadata,
    *id_columns("customer_id", "id"),
    *stamp_columns(),
    *text_columns(
        "name", "name_folded", "display_name", "display_name_folded", "email", "password_hash"
    ),
    flag_column("enabled"),
    id_column("provider_id", nullable=True),
    text_column("subject"),
    Column("claimed_groups", TextTuple, nullable=False),
    text_column("language"),
    id_column("last_sign_in", nullable=True),
    PrimaryKeyConstraint("customer_id", "id", name="pk_portal_user"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_portal_user_customer"),
    Index("uq_portal_user_name", "customer_id", "name_folded", unique=True),
    Index(
        "uq_portal_user_subject",
        "customer_id",
        "provider_id",
        "subject",
        unique=True,
        sqlite_where=text("provider_id IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)


portal_user_group = Table(
    "portal_user_group",
    metadata,
    *id_columns("customer_id", "user_id", "group_id"),
    PrimaryKeyConstraint("customer_id", "user_id", "group_id", name="pk_portal_user_group"),
    reference("fk_portal_user_group_user", "user_id", "portal_user", cascade=True),
    reference("fk_portal_user_group_group", "group_id", "portal_group", cascade=True),
    Index("ix_portal_user_group_group", "customer_id", "group_id", "user_id"),
    sqlite_with_rowid=False,
)

portal_session = Table(
    "portal_session",
    metadata,
    id_column("customer_id"),
    Column("digest", PlainText, nullable=False),
    text_column("csrf_token"),
    *id_columns("user_id", "created", "seen", "expires"),
    PrimaryKeyConstraint("customer_id", "digest", name="pk_portal_session"),
    reference("fk_portal_session_user", "user_id", "portal_user", cascade=True),
    Index("ix_portal_session_user", "customer_id", "user_id"),
    Index("ix_portal_session_expires", "customer_id", "expires"),
    sqlite_with_rowid=False,
)

portal_device = Table(
    "portal_device",
    metadata,
    id_column("customer_id"),
    Column("digest", PlainText, nullable=False),
    *id_columns("user_id", "expires"),
    PrimaryKeyConstraint("customer_id", "digest", name="pk_portal_device"),
    reference("fk_portal_device_user", "user_id", "portal_user", cascade=True),
    Index("ix_portal_device_user", "customer_id", "user_id"),
    Index("ix_portal_device_expires", "customer_id", "expires"),
    sqlite_with_rowid=False,
)

portal_password_link = Table(
    "portal_password_link",
    metadata,
    *id_columns("customer_id", "user_id"),
    text_column("digest"),
    id_column("expires"),
    PrimaryKeyConstraint("customer_id", "user_id", name="pk_portal_password_link"),
    reference("fk_portal_password_link_user", "user_id", "portal_user", cascade=True),
    Index("uq_portal_password_link_digest", "customer_id", "digest", unique=True),
    Index("ix_portal_password_link_expires", "customer_id", "expires"),
    sqlite_with_rowid=False,
)

# An acceptance outlives the policy and the person, so there is no foreign key to either.
aup_acceptance = Table(
    "aup_acceptance",
    metadata,
    *id_columns("customer_id", "id", "aup_id"),
    text_column("version"),
    id_column("user_id", nullable=True),
    *text_columns("visitor", "name"),
    id_column("time"),
    id_column("text_version", nullable=True),
    PrimaryKeyConstraint("customer_id", "id", name="pk_aup_acceptance"),
    Index("ix_aup_acceptance_user", "customer_id", "user_id", "aup_id", "version"),
    Index("ix_aup_acceptance_visitor", "customer_id", "visitor", "aup_id", "version"),
    sqlite_with_rowid=False,
)

favourite = Table(
    "favourite",
    metadata,
    *id_columns("customer_id", "user_id", "link_id", "time"),
    Column("position", BigInteger, nullable=False, server_default=text("0")),
    Column("removed", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("customer_id", "user_id", "link_id", name="pk_favourite"),
    reference("fk_favourite_user", "user_id", "portal_user", cascade=True),
    reference("fk_favourite_link", "link_id", "user_portal_link", cascade=True),
    Index("ix_favourite_link", "customer_id", "link_id"),
    sqlite_with_rowid=False,
)

recent_opening = Table(
    "recent_opening",
    metadata,
    *id_columns("customer_id", "user_id", "link_id", "time"),
    PrimaryKeyConstraint("customer_id", "user_id", "link_id", name="pk_recent_opening"),
    reference("fk_recent_opening_user", "user_id", "portal_user", cascade=True),
    reference("fk_recent_opening_link", "link_id", "user_portal_link", cascade=True),
    Index("ix_recent_opening_link", "customer_id", "link_id"),
    sqlite_with_rowid=False,
)

# `day` is the number of days since the epoch, UTC.
link_opening = Table(
    "link_opening",
    metadata,
    *id_columns("customer_id", "link_id", "day", "openings"),
    PrimaryKeyConstraint("customer_id", "link_id", "day", name="pk_link_opening"),
    reference("fk_link_opening_link", "link_id", "user_portal_link", cascade=True),
    Index("ix_link_opening_day", "customer_id", "day"),
    sqlite_with_rowid=False,
)
