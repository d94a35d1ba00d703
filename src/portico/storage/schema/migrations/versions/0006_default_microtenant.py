"""Default's microtenant gets its precedence, after all others, and allows privileged approvals."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Number Default of each tenant after its last microtenant."""
    # Grouped and joined by the tenant, as a distributed database needs it.
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
