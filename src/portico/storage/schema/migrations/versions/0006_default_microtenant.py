"""The Default microtenant comes after all others and allows privileged approvals."""

from __future__ import annotations

from alembic import op

from portico.storage.schema.migrations.effects import Effect

revision = "0006"
down_revision = "0005"
oldest_server = "0004"
touches = {
    "microtenant": Effect.CHANGES_ROWS,
}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Set the order of each tenant's Default microtenant to one more than that of its last one."""
    # A distributed database requires grouping and joining by tenant.
    op.execute(
        """
        UPDATE microtenant
        SET privileged_approvals_enabled = true, scope_order = others.last + 1
        FROM (
            SELECT customer_id, max(CASE WHEN id = 0 THEN 0 ELSE scope_order END) AS last
            FROM microtenant
            GROUP BY customer_id
        ) AS others
        WHERE microtenant.id = 0 AND microtenant.customer_id = others.customer_id
        """
    )
