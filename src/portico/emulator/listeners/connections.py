"""The open connections of the server: how many there are, which are idle, and how they all end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from portico.emulator.listeners.http_exchange import HttpExchange
from portico.emulator.listeners.stream import ByteStream


class Connections:
    """At most `limit` connections. A new one takes the place of the one that is idle longest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: dict[asyncio.Task[None], ByteStream] = {}
        self._idle: dict[ByteStream, None] = {}
        self._exchanges: set[HttpExchange] = set()
        self.is_stopping = False

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def answering_count(self) -> int:
        """Return how many requests the application is answering."""
        return len(self._exchanges)

    def has_room(self) -> bool:
        """Return whether one more connection can be served; if needed, drop an idle one."""
        if len(self._tasks) < self._limit:
            return True
        if not self._idle:
            return False
        oldest = next(iter(self._idle))
        del self._idle[oldest]
        oldest.abort()
        return True

    def add(self, task: asyncio.Task[None], stream: ByteStream) -> None:
        """Count a connection until its task ends. It is idle until its first request begins."""
        self._tasks[task] = stream
        self._idle[stream] = None
        task.add_done_callback(self._remove)

    def _remove(self, task: asyncio.Task[None]) -> None:
        self._idle.pop(self._tasks.pop(task), None)

    @contextmanager
    def idling(self, stream: ByteStream) -> Iterator[None]:
        """Mark a connection as idle for the length of a block."""
        if self.is_stopping:
            stream.abort()
        self._idle[stream] = None
        try:
            yield
        finally:
            self._idle.pop(stream, None)

    @contextmanager
    def answering(self, exchange: HttpExchange) -> Iterator[None]:
        """Note the exchange of a connection for the length of a block."""
        self._exchanges.add(exchange)
        try:
            yield
        finally:
            self._exchanges.discard(exchange)

    async def stop(self, seconds: float) -> None:
        """Close idle connections and end event streams; give other requests time to finish."""
        self.is_stopping = True
        for stream in tuple(self._idle):
            stream.abort()
        for exchange in tuple(self._exchanges):
            exchange.keep_alive = False
            if exchange.is_event_stream:
                exchange.disconnect()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=seconds)
        left = dict(self._tasks)
        for task, stream in left.items():
            stream.abort()
            task.cancel()
        if left:
            await asyncio.wait(left)
