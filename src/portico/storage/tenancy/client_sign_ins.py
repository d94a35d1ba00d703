"""Stored times of the last sign-in of API clients."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, select, text

from portico.storage.engine.connections import Connection
from portico.storage.engine.statements import cached
from portico.storage.schema.tables import client_sign_in

# Both databases accept this. The later time wins, because the clocks of servers differ a little.
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
        """Store the time of a sign-in, in epoch seconds."""
        values = {"customer_id": self._customer_id, "client_id": client_id, "time": time}
        await self._connection.run(_NOTE, values)

    async def last(self) -> dict[int, int]:
        """Return the last sign-in of each client by id, without clients that never signed in."""
        rows = await self._connection.rows(_last(), {"customer_id": self._customer_id})
        return {row.client_id: row.time for row in rows}


@cached
def _last() -> Select[Any]:
    return select(client_sign_in).where(client_sign_in.c.customer_id == bindparam("customer_id"))
