"""Counts the `X-Forwarded-*` headers that arrive, and stores the counts for `portico doctor`.

Only the server sees which headers a reverse proxy really sends. So it records facts, and doctor
judges them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from starlette.types import Scope

from portico.asgi.client_address import TrustedProxies
from portico.domain.errors import ConcurrentChange, Unavailable
from portico.domain.proxy_peers import ProxyPeer
from portico.domain.records import Clock
from portico.storage.engine.connections import Database
from portico.storage.proxy_peers import ProxyPeers

MOST_PEERS = 32
STORED_PEERS = 2
FIRST_SECONDS = 5.0
EVERY_SECONDS = 600.0
PROBES = ("/healthz", "/readyz")

logger = logging.getLogger("portico")


class ForwardedRequests:
    """The peers of one worker that sent such headers, or that it trusts to send them."""

    def __init__(self, proxies: TrustedProxies) -> None:
        self._proxies = proxies
        self._all_requests = 0
        self._peers: dict[str, ProxyPeer] = {}

    def note(self, scope: Scope, names: Sequence[bytes]) -> None:
        """Count a request with the names of its `X-Forwarded-*` headers.

        Health checks do not count, because load balancers send them themselves.
        """
        if scope["path"] in PROBES:
            return
        self._all_requests += 1
        if not (names or self._proxies):
            return
        client = scope.get("client")
        address = client[0] if client else ""
        peer = self._peers.get(address)
        if peer is None:
            is_trusted = address in self._proxies
            if len(self._peers) >= MOST_PEERS or not (names or is_trusted):
                return
            peer = self._peers[address] = ProxyPeer(peer=address, trusted=is_trusted)
        peer.requests += 1
        peer.with_for += b"x-forwarded-for" in names
        peer.with_proto += b"x-forwarded-proto" in names

    def busiest(self, now: int) -> list[ProxyPeer]:
        """Return the peers with most requests."""
        peers = sorted(self._peers.values(), key=lambda each: -each.requests)[:STORED_PEERS]
        for each in peers:
            each.time, each.all_requests = now, self._all_requests
        return peers


class ForwardingRecord:
    """Stores the counts of a worker: soon after its start, every ten minutes, and at its end.

    It is a context manager around the time in which the worker serves.
    """

    def __init__(self, proxies: TrustedProxies, database: Database, clock: Clock) -> None:
        self.requests = ForwardedRequests(proxies)
        self._database = database
        self._clock = clock
        self._stored = 0
        self._has_failed = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        """Begin to store."""
        self._task = asyncio.create_task(self._run())

    async def __aexit__(self, *_: object) -> None:
        """Store the last counts."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._try_to_store()

    async def _run(self) -> None:
        while True:
            is_first = not (self._stored or self._has_failed)
            await asyncio.sleep(FIRST_SECONDS if is_first else EVERY_SECONDS)
            await self._try_to_store()

    async def _try_to_store(self) -> None:
        try:
            await self._store()
        except Exception:  # a defect must neither end the record nor fill the log
            if not self._has_failed:
                event = {"event": "proxy_headers.failed"}
                logger.exception("The headers of reverse proxies were not recorded.", extra=event)
            self._has_failed = True

    async def _store(self) -> None:
        peers = self.requests.busiest(int(self._clock()))
        total = sum(each.requests for each in peers)
        if total == self._stored:
            return
        try:
            async with self._database.transaction() as connection:
                for each in peers:
                    await ProxyPeers(connection).write(each)
        except (Unavailable, ConcurrentChange) as error:
            logger.warning("The headers of reverse proxies were not recorded: %s", error.reason)
        else:
            self._stored = total
