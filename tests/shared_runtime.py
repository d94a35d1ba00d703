"""The operator's runtime on a database that many tests share, opened once instead of for each."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from portico.domain.people.passwords import PasswordHasher
from portico.services.runtime import Runtime

T = TypeVar("T")


class SharedRuntime:
    """A runtime that stays open, on an event loop and a thread of its own."""

    def __init__(self, open_runtime: Callable[[], Awaitable[Runtime]]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._runtime = self._run(open_runtime)

    def run(self, work: Callable[[Runtime], Awaitable[T]], passwords: PasswordHasher) -> T:
        """Runs work, whose entries in the audit trail have a transaction id of their own."""
        runtime = replace(self._runtime, passwords=passwords, transaction_id=str(uuid.uuid4()))
        return self._run(lambda: work(runtime))

    def close(self) -> None:
        """Closes the database and ends the thread."""
        self._run(self._runtime.database.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()
