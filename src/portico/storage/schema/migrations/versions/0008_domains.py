"""Separate tables for the domains that the operator allows and those that portals claim."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

from portico.domain.links.hosts import host_address
from portico.storage.schema.columns import id_column, id_columns, reference, text_column
from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration, create_tenant_table

revision = "0008"
down_revision = "0007"
oldest_server = "0008"
touches = {
    "portal_address": Effect.CHANGES_ROWS,
    "user_portal": Effect.IS_REFERRED_TO,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables, and allow every domain that routes today for its tenant."""
    begin_migration()
    create_tenant_table(
        "portal_domain",
        *id_columns("customer_id", "portal_id"),
        text_column("host"),
        id_column("claim_id"),
        sa.PrimaryKeyConstraint("customer_id", "portal_id", name="pk_portal_domain"),
        refers=(reference("fk_portal_domain_portal", "portal_id", "user_portal", cascade=True),),
    )
    op.create_index("ix_portal_domain_host", "portal_domain", ["customer_id", "host", "claim_id"])
    op.create_table(
        "allowed_domain",
        text_column("name"),
        *id_columns("customer_id", "creation_time"),
        sa.PrimaryKeyConstraint("name"),
    )
    _keep_domains()


def _keep_domains() -> None:
    """Move the domains from the table of addresses, which had one portal for each domain."""
    connection = op.get_bind()
    routed = {
        address: (customer_id, portal_id)
        for address, customer_id, portal_id in connection.execute(
            sa.text(
                "SELECT address, customer_id, portal_id FROM portal_address "
                "WHERE address LIKE '%.%'"
            )
        )
        # Browsers send international names as ASCII, so other rows never routed.
        if address.isascii()
    }
    now = int(time.time())
    op.bulk_insert(
        sa.table("allowed_domain", *map(sa.column, ("name", "customer_id", "creation_time"))),
        [
            {"name": host, "customer_id": customer_id, "creation_time": now}
            for host, (customer_id, _) in routed.items()
        ],
    )
    portals = connection.execute(
        sa.text("SELECT customer_id, id, domain FROM user_portal WHERE domain LIKE '%.%'")
    )
    claims = [
        {
            "customer_id": customer_id,
            "portal_id": portal_id,
            "host": host,
            # The portal that is reached today comes before all others with its domain.
            "claim_id": 0 if routed.get(host) == (customer_id, portal_id) else portal_id,
        }
        for customer_id, portal_id, domain in portals
        if "." in (host := host_address(domain))
    ]
    names = ("customer_id", "portal_id", "host", "claim_id")
    op.bulk_insert(sa.table("portal_domain", *map(sa.column, names)), claims)
    op.execute("DELETE FROM portal_address WHERE address LIKE '%.%'")
