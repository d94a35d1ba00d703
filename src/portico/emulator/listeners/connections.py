"""The open connections of the server: how many there are, which are idle, and how they all end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from portico.emulator.listeners.http_exchange import HttpExchange
from portico.emulator.listeners.limits import Limits
from portico.emulator.listeners.refusals import TooManyTunnels
from portico.emulator.listeners.stream import ByteStream


class Connections:
    """The connections up to their limit. A further one replaces the one that is idle longest."""

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.connections
        self._most_tunnels = limits.tunnels
        self._tasks: dict[asyncio.Task[None], ByteStream] = {}
        self._idle: dict[ByteStream, None] = {}
        self._exchanges: set[HttpExchange] = set()
        self._tunnels: set[ByteStream] = set()
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

    @property
    def tunnel_count(self) -> int:
        """Return how many tunnels to other hosts are open."""
        return len(self._tunnels)

    @contextmanager
    def tunnelling(self, stream: ByteStream) -> Iterator[None]:
        """Count a tunnel for the length of a block. It ends when the server stops.

        Raises TooManyTunnels.
        """
        if len(self._tunnels) >= self._most_tunnels:
            raise TooManyTunnels(self._most_tunnels)
        self._tunnels.add(stream)
        try:
            yield
        finally:
            self._tunnels.discard(stream)

    async def stop(self, seconds: float) -> None:
        """End idle connections, tunnels and event streams; give other requests time to finish."""
        self.is_stopping = True
        for stream in (*self._idle, *self._tunnels):
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
