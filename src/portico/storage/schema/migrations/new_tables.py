"""Creates tables in migrations, also in a database that is already distributed over a cluster.

There, a tenant table is distributed while it is empty, before its foreign keys are added, because
Citus accepts a foreign key only between tables with a known placement. Create tables without a
tenant key with `op.create_table`: they stay on the coordinator.
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
    """Prepare a distributed database for tables that refer to one another in one transaction."""
    if is_distributed():
        op.execute("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")


def is_distributed() -> bool:
    """Return whether the database is distributed by tenant."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql" or not connection.execute(_HAS_CITUS).all():
        return False
    return bool(connection.execute(_IS_DISTRIBUTED).all())


def create_tenant_table(name: str, *parts: Part, refers: tuple[ForeignKeyConstraint, ...]) -> None:
    """Create a table whose key starts with the tenant, colocated with the other tenant tables."""
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
