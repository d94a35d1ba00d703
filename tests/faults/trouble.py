"""Ways to make trouble: many callers at once, a lock that somebody holds, a server's workers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import text

from portico.storage.engine.connections import Database
from tests.harness import with_database

T = TypeVar("T")
WAIT_SECONDS = 30.0


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Runs work(0) to work(count - 1), all let go at the same moment; the results in that order."""
    runtime = threading.Barrier(count)

    def run(number: int) -> T:
        runtime.wait(WAIT_SECONDS)
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def children_of(process_id: int) -> list[int]:
    """The processes that a process has started: the workers of a server."""
    children: list[int] = []
    for thread in Path(f"/proc/{process_id}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            children += map(int, (thread / "children").read_text().split())
    return children


def is_running(process_id: int) -> bool:
    """Whether a process exists and has not ended: one that nobody has waited for yet has ended."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def started_by(method: str) -> tuple[str, str]:
    """How to run `portico` so that its workers are started by "fork" or by "spawn"."""
    return (
        "-c",
        f"import multiprocessing; multiprocessing.set_start_method('{method}')\n"
        "from portico.cli import main; main()",
    )


_KEEP_WRITERS_OUT = text("LOCK TABLE user_portal_link IN SHARE ROW EXCLUSIVE MODE")


@contextmanager
def held_lock(database_url: str, customer_id: str) -> Iterator[None]:
    """Holds the write lock of a tenant, as another process may, for the length of a block."""
    held, release = threading.Event(), threading.Event()

    async def hold(database: Database) -> None:
        async with database.write(int(customer_id)) as connection:
            if connection.writers_overlap:
                await connection.run(_KEEP_WRITERS_OUT)
            held.set()
            await asyncio.to_thread(release.wait, WAIT_SECONDS)

    holder = threading.Thread(target=with_database, args=(database_url, hold))
    holder.start()
    try:
        assert held.wait(WAIT_SECONDS)
        yield
    finally:
        release.set()
        holder.join(WAIT_SECONDS)
