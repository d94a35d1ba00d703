"""Deletes old records once an hour, on a thread with a database connection of its own."""

from __future__ import annotations

import asyncio
import logging
import threading

from portico.domain.durations import duration_seconds
from portico.domain.errors import PorticoError
from portico.installation import make_cipher, open_runtime
from portico.services.retention import Retention, remove_old_records
from portico.settings import Settings
from portico.storage.engine.database import open_database, sqlite_path

FIRST_SECONDS = 60.0
EVERY_SECONDS = 60 * 60.0
_CONNECTIONS = 2  # one holds the lock

logger = logging.getLogger("portico")


def start_retention(settings: Settings, first_after: float = FIRST_SECONDS) -> None:
    """Start the thread, if the settings limit how long anything is kept.

    `first_after` is the number of seconds until the first run. The thread ends with the process.
    """
    retention = Retention(
        audit=duration_seconds(settings.keep_audit),
        openings=duration_seconds(settings.keep_openings),
        sign_in_events=duration_seconds(settings.keep_sign_in_events),
    )
    if retention:
        run = _repeat(settings, retention, first_after)
        threading.Thread(target=asyncio.run, args=(run,), name="retention", daemon=True).start()


async def _repeat(settings: Settings, retention: Retention, first_after: float) -> None:
    pause = first_after
    while True:
        await asyncio.sleep(pause)
        pause = EVERY_SECONDS
        try:
            await run_retention(settings, retention)
        except PorticoError as error:
            event = {"event": "retention.failed"}
            logger.error(
                "Old records were not deleted: %s Next try in an hour.", error, extra=event
            )
        except Exception:  # a defect must not end the schedule
            event = {"event": "retention.failed"}
            logger.exception("Old records were not deleted. Next try in an hour.", extra=event)


async def run_retention(settings: Settings, retention: Retention) -> None:
    """Delete old records once, unless another process does it, and log how many."""
    database = open_database(settings.database, pool_size=_CONNECTIONS)
    try:
        runtime = await open_runtime(settings, database, make_cipher(settings))
        removed = await remove_old_records(runtime, retention, sqlite_path(settings.database))
    finally:
        await database.close()
    if removed:
        logger.info(
            "Old records were deleted.", extra={"event": "retention.done", "deleted": removed}
        )
