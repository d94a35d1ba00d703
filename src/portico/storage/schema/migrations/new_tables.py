"""How a migration makes a table in a database that may already be spread over a cluster.

There a tenant's table is placed while it is empty and refers to nothing, and its references follow:
Citus takes a reference only between tables whose places it knows. Tables without a tenant key are
made by `op.create_table`: they stay on the coordinator.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, text

_IS_DISTRIBUTED = text(
    "SELECT 1 FROM pg_dist_partition WHERE logicalrelid::text IN ('customer', 'public.customer')"
)
_HAS_CITUS = text("SELECT 1 FROM pg_extension WHERE extname = 'citus'")

Part = Column[int] | Column[str] | Column[bool] | PrimaryKeyConstraint


def begin_migration() -> None:
    """Prepares a distributed database for tables that refer to one another in one transaction."""
    if is_distributed():
        op.execute("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")


def is_distributed() -> bool:
    """Whether the tenants of the database are shards of a cluster."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql" or not connection.execute(_HAS_CITUS).all():
        return False
    return bool(connection.execute(_IS_DISTRIBUTED).all())


def create_tenant_table(name: str, *parts: Part, refers: tuple[ForeignKeyConstraint, ...]) -> None:
    """Makes a table whose key starts with the tenant, beside that tenant's other rows."""
    if not is_distributed():
        op.create_table(name, *parts, *refers, sqlite_with_rowid=False)
        return
    op.create_table(name, *parts)
    op.execute(
        f"SELECT create_distributed_table('{name}', 'customer_id', colocate_with => 'customer')"
    )
    for reference in refers:
        _refer(name, reference)


def _refer(name: str, reference: ForeignKeyConstraint) -> None:
    targets = [element.target_fullname.split(".") for element in reference.elements]
    op.create_foreign_key(
        str(reference.name),
        name,
        targets[0][0],
        list(reference.column_keys),
        [column for _, column in targets],
        ondelete=reference.ondelete,
    )
