"""The messages between the main process and a worker, and the worker's end of their pipe.

The main process asks for the metrics of a worker. A worker sends them once more before it ends,
and can ask for those of all workers together, to answer `/metrics` itself.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock, Thread

import msgspec
from prometheus_client.registry import CollectorRegistry

Sample = tuple[str, dict[str, str], float]


class Family(msgspec.Struct, array_like=True):
    """A metric with its samples, as it is sent."""

    name: str
    kind: str
    help: str
    samples: list[Sample]


class Collect(msgspec.Struct, tag=True):
    """The main process asks a worker for its metrics. `check` starts a readiness check too."""

    check: bool


class Exposition(msgspec.Struct):
    """The metrics of all workers, as text with its content type."""

    content_type: str
    content: bytes


class Answer(msgspec.Struct, tag=True):
    """The main process answers a question of a worker, with None after a failure."""

    question: int
    exposition: Exposition | None


class Snapshot(msgspec.Struct, tag=True):
    """A worker sends its metrics."""

    families: list[Family]


class AskForAll(msgspec.Struct, tag=True):
    """A worker asks for the metrics of all workers, in the format for a header `Accept`.

    The number of the question comes back with the answer.
    """

    question: int
    accept: str


ToWorker = Collect | Answer
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


MOST_WAITING = 4
"""Most questions of a worker that the main process has not answered."""


class NoMetrics(Exception):
    """The metrics of all workers cannot be had now. The text tells the client why."""


class WorkerReporter:
    """The worker's end of the pipe. A thread answers, so that a busy event loop hides nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = Lock()
        self._registry = CollectorRegistry()
        self._check: Callable[[], None] = lambda: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._questions = itertools.count()
        self._asking: dict[int, asyncio.Future[Exposition | None]] = {}

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
        """Return the metrics of all workers.

        Raises NoMetrics after so many seconds, and at once while too many questions wait. A
        question waits until it is answered, even if its client has gone, so a main process that
        hangs gets no further ones.
        """
        if len(self._asking) >= MOST_WAITING:
            raise NoMetrics(f"{MOST_WAITING} scrapes are waiting already. Try again in a moment.")
        question = next(self._questions)
        future: asyncio.Future[Exposition | None] = asyncio.get_running_loop().create_future()
        self._asking[question] = future
        try:
            async with asyncio.timeout(seconds):
                await asyncio.to_thread(self._send, AskForAll(question, accept))
                answer = await future
        except TimeoutError:
            raise NoMetrics(
                "The main process did not send the metrics in time. Try again in a moment."
            ) from None
        if answer is None:
            raise NoMetrics("The metrics cannot be collected. The log says why.")
        return answer

    def _answer(self) -> None:
        assert self._loop is not None
        with suppress(EOFError, OSError, RuntimeError):  # the main process or the loop has ended
            while True:
                message = _TO_WORKER.decode(self._connection.recv_bytes())
                if isinstance(message, Answer):
                    self._loop.call_soon_threadsafe(self._deliver, message)
                    continue
                if message.check:
                    self._loop.call_soon_threadsafe(self._check)
                self._send(Snapshot(families_of(self._registry.collect())))

    def _send(self, message: ToMain) -> None:
        with self._sending, suppress(OSError):  # the main process has ended, and so will this one
            send(self._connection, message)

    def _deliver(self, answer: Answer) -> None:
        future = self._asking.pop(answer.question)
        if not future.done():
            future.set_result(answer.exposition)
