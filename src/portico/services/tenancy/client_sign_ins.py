"""Last-used times of API clients, recorded at sign-in."""

from __future__ import annotations

import asyncio
import logging

from portico.domain.errors import ConcurrentChange, Unavailable
from portico.domain.records import Clock
from portico.domain.tenancy.identity import ApiClient
from portico.storage.engine.connections import Database
from portico.storage.tenancy.client_sign_ins import ClientSignIns

NOTE_EVERY_SECONDS = 60 * 60
RETRY_SECONDS = 60

logger = logging.getLogger("portico")


class SignInNotes:
    """Records sign-ins of API clients, at most once an hour for each client and process.

    Clients sign in often, so all other sign-ins only cost a look into a dictionary.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._due: dict[int, float] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, client: ApiClient) -> None:
        """Record a sign-in in the background; must be called on the event loop.

        Logs a failure, and tries again at the first sign-in a minute later.
        """
        now = self._clock()
        if now < self._due.get(client.id, 0):
            return
        self._due[client.id] = now + NOTE_EVERY_SECONDS
        task = asyncio.create_task(self._write(client, now))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def finish(self) -> None:
        """Wait until every sign-in is written."""
        await asyncio.gather(*self._writing)

    async def _write(self, client: ApiClient, now: float) -> None:
        try:
            async with self._database.transaction(client.customer_id) as connection:
                await ClientSignIns(connection, client.customer_id).note(client.id, int(now))
        except (Unavailable, ConcurrentChange) as error:
            self._due[client.id] = now + RETRY_SECONDS
            logger.warning("The sign-in of API client %s was not recorded: %s", client.id, error)
