"""The Citus worker of each tenant, and a limit on the connections to each worker.

A worker that does not answer keeps every statement of its tenants waiting until its timeout. With a
bound for each worker those statements never take all connections from the tenants of the others.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from portico.storage.engine.slots import Slots

KNOWN_SECONDS = 60.0
"""Seconds for which a tenant's worker is cached. Rebalancing a cluster moves shards."""

KNOWN_TENANTS = 100_000
COORDINATOR = 0
"""The group of the coordinator. Citus numbers workers from 1."""

_WAITING_IN_ALL = 4_096
_WAITING_FOR_EACH = 1_024
_HAS_CITUS = "SELECT count(*) FROM pg_extension WHERE extname = 'citus'"
_IS_DISTRIBUTED = """SELECT count(*) FROM pg_dist_partition
WHERE logicalrelid = 'customer'::regclass"""
_GROUP = """SELECT min(groupid) FROM pg_dist_placement
WHERE shardid = get_shard_id_for_distribution_column('customer'::regclass, $1::bigint)"""

_UNLIMITED = nullcontext()

Fetch = Callable[..., Awaitable[int | None]]


class Nodes:
    """The workers of one cluster, as one process uses them; a database of one node has none.

    `fetch` runs a query of one value. A worker's tenants have six tenths of `connections`.
    """

    def __init__(self, fetch: Fetch, connections: int, wait_seconds: float) -> None:
        self._fetch = fetch
        self._is_distributed: bool | None = None
        self._groups: dict[int, tuple[int, float]] = {}
        self._slots = Slots(
            in_all=max(1, connections),
            for_each=max(1, connections * 6 // 10),
            wait_seconds=wait_seconds,
            waiting_in_all=_WAITING_IN_ALL,
            waiting_for_each=_WAITING_FOR_EACH,
            what="requests for the tenants of one worker",
        )

    async def group_of(self, customer_id: int) -> int:
        """Return the group of the worker that has the tenant's rows; 0 for none of the workers."""
        if self._is_distributed is None:
            has_citus = await self._fetch(_HAS_CITUS)
            self._is_distributed = bool(has_citus and await self._fetch(_IS_DISTRIBUTED))
        if not self._is_distributed or not customer_id:
            return COORDINATOR
        known, until = self._groups.get(customer_id, (COORDINATOR, 0.0))
        now = time.monotonic()
        if now < until:
            return known
        group = await self._fetch(_GROUP, customer_id) or COORDINATOR
        if len(self._groups) >= KNOWN_TENANTS:
            self._groups.clear()
        self._groups[customer_id] = group, now + KNOWN_SECONDS
        return group

    def hold(self, group: int) -> AbstractAsyncContextManager[None]:
        """Hold one of the connections for a group's tenants. Raises Overloaded when entered."""
        return _UNLIMITED if group == COORDINATOR else self._slots.hold(group)
