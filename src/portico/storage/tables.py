"""Every table, once. Keys of a tenant's tables start with `customer_id`, so that tenants shard.

Columns carry the names of the record fields; a `*_folded` column is the case-folded copy of the
text beside it, because the two databases fold text outside ASCII differently or not at all. On
SQLite a composite key is the table itself (WITHOUT ROWID), so that every index covers the ids.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects import postgresql

from portico.domain.audit import Action
from portico.domain.identity import Role

E = TypeVar("E", bound=StrEnum)

# PostgreSQL compares and lower-cases as bytes, like SQLite, whatever the cluster's locale is.
PlainText = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


class TextTuple(TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, stored as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        """JSON text of the tuple."""
        return json.dumps(value or (), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        """The tuple of the stored JSON text."""
        return tuple(json.loads(value or "[]"))


class Choice(TypeDecorator[StrEnum]):
    """A member of a text enumeration, stored by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[StrEnum]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """The member's value."""
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member of the stored value."""
        return None if value is None else self.choices(value)


metadata = MetaData()


def _id(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable, autoincrement=False)


def _text(name: str) -> Column[str]:
    return Column(name, PlainText, nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _stamps() -> tuple[Column[int], ...]:
    return _id("creation_time"), _id("modified_time"), _id("modified_by")


customer = Table(
    "customer",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _text("name"),
    Column("auth_domains", TextTuple, nullable=False),
    _id("revision"),
    _id("creation_time"),
)

microtenant = Table(
    "microtenant",
    metadata,
    _id("customer_id"),
    _id("id"),
    *_stamps(),
    _text("name"),
    _text("name_folded"),
    _text("description"),
    _text("description_folded"),
    _flag("enabled"),
    _text("criteria_attribute"),
    Column("criteria_attribute_values", TextTuple, nullable=False),
    _flag("privileged_approvals_enabled"),
    _id("scope_order"),
    PrimaryKeyConstraint("customer_id", "id", name="pk_microtenant"),
    ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_microtenant_customer"),
    Index("uq_microtenant_name", "customer_id", "name_folded", unique=True),
    sqlite_with_rowid=False,
)


def _owned(name: str) -> tuple[PrimaryKeyConstraint | ForeignKeyConstraint, ...]:
    """The keys of a table whose rows belong to one microtenant of one tenant."""
    return (
        PrimaryKeyConstraint("customer_id", "id", name=f"pk_{name}"),
        ForeignKeyConstraint(
            ["customer_id", "microtenant_id"],
            ["microtenant.customer_id", "microtenant.id"],
            name=f"fk_{name}_microtenant",
        ),
    )


user_portal = Table(
    "user_portal",
    metadata,
    _id("customer_id"),
    _id("id"),
    _id("microtenant_id"),
    *_stamps(),
    _text("name"),
    _text("name_folded"),
    _text("description"),
    _text("description_folded"),
    _flag("enabled"),
    Column("managed_by_zs", Boolean, nullable=True),
    _id("certificate_id", nullable=True),
    _text("certificate_name"),
    _text("domain"),
    _text("ext_domain"),
    _text("ext_domain_name"),
    _text("ext_domain_translation"),
    _text("ext_label"),
    _text("user_notification"),
    _flag("user_notification_enabled"),
    _text("image_data"),
    *_owned("user_portal"),
    Index("uq_user_portal_name", "customer_id", "microtenant_id", "name_folded", unique=True),
    sqlite_with_rowid=False,
)

user_portal_link = Table(
    "user_portal_link",
    metadata,
    _id("customer_id"),
    _id("id"),
    _id("microtenant_id"),
    *_stamps(),
    _text("name"),
    _text("name_folded"),
    _text("description"),
    _text("description_folded"),
    _flag("enabled"),
    _text("icon_text"),
    _text("link"),
    _text("link_folded"),
    _text("link_path"),
    _text("link_path_folded"),
    _text("protocol"),
    _id("application_id", nullable=True),
    *_owned("user_portal_link"),
    Index(
        "uq_user_portal_link_name",
        "customer_id",
        "microtenant_id",
        "name_folded",
        unique=True,
        postgresql_include=["id"],
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
        postgresql_where=text("application_id IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

portal_assignment = Table(
    "portal_assignment",
    metadata,
    _id("customer_id"),
    _id("link_id"),
    _id("portal_id"),
    PrimaryKeyConstraint("customer_id", "link_id", "portal_id", name="pk_portal_assignment"),
    ForeignKeyConstraint(
        ["customer_id", "link_id"],
        ["user_portal_link.customer_id", "user_portal_link.id"],
        name="fk_portal_assignment_link",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["customer_id", "portal_id"],
        ["user_portal.customer_id", "user_portal.id"],
        name="fk_portal_assignment_portal",
    ),
    Index("ix_portal_assignment_portal", "customer_id", "portal_id", "link_id"),
    sqlite_with_rowid=False,
)

# How many links each microtenant has, so that a list need not count them.
link_tally = Table(
    "link_tally",
    metadata,
    _id("customer_id"),
    _id("microtenant_id"),
    _id("links"),
    PrimaryKeyConstraint("customer_id", "microtenant_id", name="pk_link_tally"),
    ForeignKeyConstraint(
        ["customer_id", "microtenant_id"],
        ["microtenant.customer_id", "microtenant.id"],
        name="fk_link_tally_microtenant",
        ondelete="CASCADE",
    ),
    sqlite_with_rowid=False,
)

user_portal_aup = Table(
    "user_portal_aup",
    metadata,
    _id("customer_id"),
    _id("id"),
    _id("microtenant_id"),
    *_stamps(),
    _text("name"),
    _text("name_folded"),
    _text("description"),
    _text("description_folded"),
    _flag("enabled"),
    _text("aup"),
    _text("email"),
    _text("phone_num"),
    *_owned("user_portal_aup"),
    Index(
        "uq_user_portal_aup_name",
        "customer_id",
        "microtenant_id",
        "name_folded",
        unique=True,
        sqlite_where=text("name_folded <> ''"),
        postgresql_where=text("name_folded <> ''"),
    ),
    sqlite_with_rowid=False,
)

audit_entry = Table(
    "audit_entry",
    metadata,
    _id("customer_id"),
    _id("id"),
    _id("microtenant_id"),
    _id("time"),
    _id("actor_id"),
    Column("action", Choice(Action), nullable=False),
    _text("object_type"),
    _id("object_id"),
    _text("object_name"),
    _text("before"),
    _text("after"),
    _text("transaction_id"),
    PrimaryKeyConstraint("customer_id", "id", name="pk_audit_entry"),
    sqlite_with_rowid=False,
)

ended_session = Table(
    "ended_session",
    metadata,
    _id("customer_id"),
    Column("token_id", PlainText, nullable=False),
    _id("expires"),
    PrimaryKeyConstraint("customer_id", "token_id", name="pk_ended_session"),
    sqlite_with_rowid=False,
)

idempotent_answer = Table(
    "idempotent_answer",
    metadata,
    _id("customer_id"),
    _id("client_id"),
    Column("key", PlainText, nullable=False),
    _text("fingerprint"),
    Column("status", Integer, nullable=False),
    _text("body"),
    _id("creation_time"),
    PrimaryKeyConstraint("customer_id", "client_id", "key", name="pk_idempotent_answer"),
    Index("ix_idempotent_answer_age", "customer_id", "creation_time"),
    sqlite_with_rowid=False,
)

# Read before the tenant is known, so small and on every node of a distributed database.
api_client = Table(
    "api_client",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _id("customer_id"),
    _id("microtenant_id", nullable=True),
    _text("name"),
    Column("role", Choice(Role), nullable=False),
    _text("secret_hash"),
    _text("public_key"),
    _id("creation_time"),
    _id("revoked_time", nullable=True),
    Index("ix_api_client_customer", "customer_id"),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _text("secret"),
    _id("creation_time"),
    _id("retire_time", nullable=True),
)

id_node = Table(
    "id_node",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("handed_out", BigInteger, nullable=False),
)

REFERENCE_TABLES = (api_client, signing_key, id_node)
"""The tables that a distributed database keeps whole on every node."""

TENANT_TABLES = tuple(table for table in metadata.sorted_tables if table not in REFERENCE_TABLES)
"""The tables that it shards by tenant, each after those that it refers to."""
