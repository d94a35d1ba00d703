"""Threads for work on large bodies, so that the event loop can answer other requests.

The numbers come from the measurements in docs/decisions/0019-bodies.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

INLINE_BYTES = 32 * 1024
"""Work on fewer bytes stays on the event loop: it takes less than a millisecond, and a thread would
cost more."""

QUICK_INLINE_BYTES = 1024 * 1024
"""The same limit for hashing and encoding JSON, which take about a millisecond for a megabyte.
Under load, a thread would wait longer than that for the interpreter.
"""


class Threads:
    """The threads of one process. More than a few would only compete for the interpreter."""

    def __init__(self, count: int = 2) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="portico-bodies")

    async def run(self, work: Callable[[], T], size: int = INLINE_BYTES) -> T:
        """Do the work on a thread, or on the event loop if it has few bytes. Return its result.

        `size` is the number of bytes. The work must not use the database or the event loop.
        """
        if size < INLINE_BYTES:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """End the threads and cancel the work that waits for one."""
        self._pool.shutdown(wait=False, cancel_futures=True)
