"""The append-only audit trail: no statement changes or deletes an entry."""

from __future__ import annotations

from portico.domain.audit import AuditEntry
from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import insert_into
from portico.storage.schema.tables import audit_entry


class AuditTrail:
    """The audit entries of one tenant."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        self._customer_id = customer_id

    async def append(self, *entries: AuditEntry) -> None:
        """Store new entries."""
        rows = [vars(entry) | {"customer_id": self._customer_id} for entry in entries]
        if rows:
            await self._connection.run(insert_into(audit_entry), rows)
