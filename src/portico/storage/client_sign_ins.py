"""When API clients signed in last: beside them, since what is kept of a client changes with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select, text

from portico.storage.connections import Connection
from portico.storage.statements import Among, kept
from portico.storage.tables import client_sign_in

# Both databases take the same words. Servers' clocks differ a little; the later one stays.
_NOTE = text(
    "INSERT INTO client_sign_in (client_id, time) VALUES (:client_id, :time) "
    "ON CONFLICT (client_id) DO UPDATE SET time = excluded.time "
    "WHERE client_sign_in.time < excluded.time"
)


class ClientSignIns:
    """The last sign-in of each API client of the installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def note(self, client_id: int, time: int) -> None:
        """Notes that a client signed in."""
        await self._connection.run(_NOTE, {"client_id": client_id, "time": time})

    async def last(self, client_ids: Iterable[int]) -> dict[int, int]:
        """When each of the clients signed in last; those that never did are left out."""
        rows = await self._connection.rows(_last(), {"client_ids": list(client_ids)})
        return {row.client_id: row.time for row in rows}


@kept
def _last() -> Select[Any]:
    return select(client_sign_in).where(Among(client_sign_in.c.client_id, "client_ids"))
