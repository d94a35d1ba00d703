"""Threads for work on large bodies, so that the event loop answers other requests meanwhile.

Decision 19 gives the measurements behind the numbers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

INLINE_BYTES = 32 * 1024
"""Work on fewer bytes than this stays on the event loop: it takes less than a millisecond, and
handing it to a thread would cost more."""

QUICK_INLINE_BYTES = 1024 * 1024
"""The same for hashing and for encoding JSON, which take about a millisecond for a megabyte. Under
load a thread would wait longer than that for the interpreter.
"""


class Threads:
    """A few threads of one process. More would only compete for the interpreter."""

    def __init__(self, count: int = 2) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="portico-bodies")

    async def run(self, work: Callable[[], T], size: int = INLINE_BYTES) -> T:
        """Do the work on a thread and return its result; on `size` bytes that are few, do it here.

        The work must not touch the database or the event loop.
        """
        if size < INLINE_BYTES:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """End the threads. What waits for one is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
