"""The messages between the main process and a worker, and the worker's end of their pipe.

The main process asks for the metrics of a worker. A worker sends them once more before it ends,
and can ask for those of all workers together, to answer `/metrics` itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock, Thread

import msgspec
from prometheus_client.registry import CollectorRegistry

Sample = tuple[str, dict[str, str], float]

logger = logging.getLogger("portico")


class Family(msgspec.Struct, array_like=True):
    """A metric with its samples, as it is sent."""

    name: str
    kind: str
    help: str
    samples: list[Sample]


class Collect(msgspec.Struct, tag=True):
    """The main process asks a worker for its metrics. `check` starts a readiness check too."""

    check: bool


class Exposition(msgspec.Struct, tag=True):
    """The main process sends the metrics of all workers, as text with its content type."""

    content_type: str
    content: bytes


class Snapshot(msgspec.Struct, tag=True):
    """A worker sends its metrics."""

    families: list[Family]


class AskForAll(msgspec.Struct, tag=True):
    """A worker asks for the metrics of all workers, in the format for a header `Accept`."""

    accept: str


ToWorker = Collect | Exposition
ToMain = Snapshot | AskForAll
_ENCODER = msgspec.msgpack.Encoder()
_TO_WORKER: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_TO_MAIN: msgspec.msgpack.Decoder[ToMain] = msgspec.msgpack.Decoder(ToMain)


def send(connection: Connection, message: ToWorker | ToMain) -> None:
    """Send a message. Raises OSError when the other end has gone."""
    connection.send_bytes(_ENCODER.encode(message))


def receive_from_worker(connection: Connection) -> ToMain:
    """Wait for a message of a worker. Raises OSError or EOFError when it has gone."""
    return _TO_MAIN.decode(connection.recv_bytes())


def families_of(metrics: object) -> list[Family]:
    """Return metrics of the library as they are sent."""
    return [
        Family(
            each.name,
            each.type,
            each.documentation,
            [(sample.name, sample.labels, sample.value) for sample in each.samples],
        )
        for each in metrics  # type: ignore[attr-defined]
    ]


class NoMetrics(Exception):
    """The main process did not send the metrics of all workers in time."""


class WorkerReporter:
    """The worker's end of the pipe. A thread answers, so that a busy event loop hides nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = Lock()
        self._registry = CollectorRegistry()
        self._check: Callable[[], None] = lambda: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asking: list[asyncio.Future[Exposition]] = []

    def start(self, registry: CollectorRegistry, check: Callable[[], None]) -> None:
        """Answer from now on with the metrics of a registry. Call it on the event loop.

        `check` starts a readiness check. It is called on the event loop.
        """
        self._registry, self._check = registry, check
        self._loop = asyncio.get_running_loop()
        Thread(target=self._answer, name="portico-metrics", daemon=True).start()

    def finish(self) -> None:
        """Send the metrics a last time."""
        self._send(Snapshot(families_of(self._registry.collect())))

    async def ask_for_all(self, accept: str, seconds: float) -> Exposition:
        """Return the metrics of all workers. Raises NoMetrics after so many seconds."""
        future: asyncio.Future[Exposition] = asyncio.get_running_loop().create_future()
        self._asking.append(future)
        try:
            await asyncio.to_thread(self._send, AskForAll(accept))
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise NoMetrics from None
        finally:
            if future in self._asking:
                self._asking.remove(future)

    def _answer(self) -> None:
        assert self._loop is not None
        with suppress(EOFError, OSError, RuntimeError):  # the main process or the loop has ended
            while True:
                message = _TO_WORKER.decode(self._connection.recv_bytes())
                if isinstance(message, Exposition):
                    self._loop.call_soon_threadsafe(self._deliver, message)
                    continue
                if message.check:
                    self._loop.call_soon_threadsafe(self._check)
                self._send(Snapshot(families_of(self._registry.collect())))

    def _send(self, message: ToMain) -> None:
        with self._sending, suppress(OSError):  # the main process has ended, and so will this one
            send(self._connection, message)

    def _deliver(self, message: Exposition) -> None:
        # Answers come in the order of the questions.
        if self._asking:
            future = self._asking.pop(0)
            if not future.done():
                future.set_result(message)
