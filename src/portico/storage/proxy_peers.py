"""Stored counts of the headers of possible reverse proxies, which belong to no tenant."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, select, text

from portico.domain.proxy_peers import ProxyPeer
from portico.storage.engine.connections import Connection
from portico.storage.schema.tables import proxy_peer

KEPT_SECONDS = 7 * 24 * 60 * 60

_NAMES = tuple(column.name for column in proxy_peer.columns)
_WRITE = text(
    f"INSERT INTO proxy_peer ({', '.join(_NAMES)}) VALUES ({', '.join(f':{n}' for n in _NAMES)}) "
    f"ON CONFLICT (peer) DO UPDATE SET {', '.join(f'{n} = excluded.{n}' for n in _NAMES[1:])}"
)


class ProxyPeers:
    """The peers of the last seven days."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def write(self, peer: ProxyPeer) -> None:
        """Store the counts of a peer in place of older ones, and delete what is out of date."""
        await self._connection.run(_WRITE, asdict(peer))
        old = proxy_peer.c.time < peer.time - KEPT_SECONDS
        await self._connection.run(delete(proxy_peer).where(old))

    async def since(self, time: int, limit: int) -> list[ProxyPeer]:
        """Return the peers of the requests since a time in epoch seconds, newest first."""
        statement = select(proxy_peer).where(proxy_peer.c.time >= time)
        rows = await self._connection.rows(
            statement.order_by(proxy_peer.c.time.desc(), proxy_peer.c.peer).limit(limit)
        )
        return [ProxyPeer(**row._asdict()) for row in rows]
