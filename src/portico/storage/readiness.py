"""The write with which a server proves that it can write, to a table that nothing else uses.

It belongs to no tenant: no revision rises and no audit entry is made. A distributed database keeps
the table on its coordinator.
"""

from __future__ import annotations

from sqlalchemy import text

from portico.storage.engine.connections import Connection

PROBE_SLOTS = 1_024
"""Servers write to different rows, or one that hangs in its transaction would make all wait."""

PADDING_BYTES = 512 * 1024

_WRITE = text(
    "INSERT INTO readiness_probe (slot, time, padding) VALUES (:slot, :time, :padding) "
    "ON CONFLICT (slot) DO UPDATE SET time = excluded.time, padding = excluded.padding"
)


async def write_probe(connection: Connection, slot: int, now: int, *, padded: bool) -> None:
    """Write the row of a server. `now` is in epoch seconds.

    `padded` makes it write more than the largest link with its audit entry: on a disk that was
    full a moment ago, room for a few bytes is not enough to be ready.
    """
    padding = "x" * PADDING_BYTES if padded else ""
    await connection.run(_WRITE, {"slot": slot, "time": now, "padding": padding})
