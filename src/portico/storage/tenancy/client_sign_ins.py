"""When API clients signed in last."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, select, text

from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import kept
from portico.storage.schema.tables import client_sign_in

# Both databases take the same words. Servers' clocks differ a little; the later one stays.
_NOTE = text(
    "INSERT INTO client_sign_in (customer_id, client_id, time) "
    "VALUES (:customer_id, :client_id, :time) "
    "ON CONFLICT (customer_id, client_id) DO UPDATE SET time = excluded.time "
    "WHERE client_sign_in.time < excluded.time"
)


class ClientSignIns:
    """The last sign-in of each API client of a tenant."""

    def __init__(self, connection: Connection, customer_id: int) -> None:
        self._connection = connection
        self._customer_id = customer_id

    async def note(self, client_id: int, time: int) -> None:
        """Notes that a client signed in."""
        values = {"customer_id": self._customer_id, "client_id": client_id, "time": time}
        await self._connection.run(_NOTE, values)

    async def last(self) -> dict[int, int]:
        """When each of the clients signed in last; those that never did are left out."""
        rows = await self._connection.rows(_last(), {"customer_id": self._customer_id})
        return {row.client_id: row.time for row in rows}


@kept
def _last() -> Select[Any]:
    return select(client_sign_in).where(client_sign_in.c.customer_id == bindparam("customer_id"))
