"""The readiness check behind `/readyz`: Portico can serve the schema and the database commits.

Each probe writes, so there is at most one in five seconds, however many requests ask. Each probe
has a deadline, so that `/readyz` fails instead of hanging with the disk.
"""

from __future__ import annotations

import asyncio
import logging

from portico.domain.errors import ConcurrentChange, Unavailable
from portico.domain.records import Clock
from portico.storage.engine.connections import Database
from portico.storage.readiness import write_probe
from portico.storage.schema import compatibility

PROBE_SECONDS = 5.0
DEADLINE_SECONDS = 3.0
TOO_SLOW = "The database did not commit a test write in time. It is locked, or its disk hangs."
LOCKED = "Another process holds the write lock of the database."
OTHER_SCHEMA = (
    "The schema of the database does not match this version of Portico. Run `portico db current`."
)
REFUSED = "The database refused a test write. The log has the error."

logger = logging.getLogger("portico")


class Readiness:
    """The last result for one server process, and the probe that gets the next one.

    `slot` is the row that the probe writes to. `every` and `within` are in seconds.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        slot: int,
        *,
        every: float = PROBE_SECONDS,
        within: float = DEADLINE_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._slot = slot
        self._every = every
        self._within = within
        self._reason = ""
        self._checked = False
        self._began = -every
        self._probe: asyncio.Task[None] | None = None

    def is_ready(self) -> bool:
        """Return whether the last check succeeded. Any thread may call it."""
        return self._checked and not self._reason

    async def reason(self) -> str:
        """Return why the server is not ready, as a sentence, or "" if it is ready."""
        try:
            self._database.check_storage()
        except Unavailable as error:
            self._settle(error.reason)
            return self._reason
        now = asyncio.get_running_loop().time()
        if self._probe is None and now >= self._began + self._every:
            self._began = now
            self._probe = asyncio.create_task(self._run())
        probe = self._probe
        if probe is not None:
            await asyncio.wait({probe}, timeout=max(0.0, self._began + self._within - now))
            if not probe.done():
                probe.cancel()
                self._settle(TOO_SLOW)
        return self._reason

    async def close(self) -> None:
        """Cancel a running probe."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait({self._probe})

    async def _run(self) -> None:
        try:
            self._settle(await self._find_reason())
        finally:
            self._probe = None

    async def _find_reason(self) -> str:
        try:
            async with self._database.read() as connection:
                if not await compatibility.is_servable(connection):
                    return OTHER_SCHEMA
            async with self._database.transaction() as connection:
                now = int(self._clock())
                await write_probe(connection, self._slot, now, padded=bool(self._reason))
        except ConcurrentChange:
            return LOCKED
        except Unavailable as error:
            return error.reason
        except Exception:  # any error means that it is not ready
            logger.exception("The readiness probe failed.")
            return REFUSED
        return ""

    def _settle(self, reason: str) -> None:
        if reason and not self._reason:
            logger.error("Not ready: %s", reason, extra={"event": "readiness.lost"})
        elif self._reason and not reason:
            logger.info("Ready again.", extra={"event": "readiness.restored"})
        self._reason = reason
        self._checked = True
