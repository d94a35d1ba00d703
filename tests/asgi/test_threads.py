"""Work on large bodies leaves the event loop; work on small ones does not."""

from __future__ import annotations

import asyncio
import threading

from portico.asgi.threads import INLINE_BYTES, Threads


def test_only_large_work_leaves_the_event_loop() -> None:
    async def where() -> list[bool]:
        threads, here = Threads(), threading.get_ident()
        sizes = (0, INLINE_BYTES - 1, INLINE_BYTES)
        try:
            used = [await threads.run(threading.get_ident, size=size) for size in sizes]
            return [each == here for each in (*used, await threads.run(threading.get_ident))]
        finally:
            threads.close()

    assert asyncio.run(where()) == [True, True, False, False]
