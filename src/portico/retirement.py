"""How a worker ends without losing a request: it sends its clients to other workers first."""

from __future__ import annotations

import signal
import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType

from granian._granian import WorkerSignal
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.listener import close_listener_in_worker, has_connections

STOPS = (signal.SIGTERM, signal.SIGINT)
HAND_OVER = signal.SIGUSR1
"""Tells a worker that another one has taken its place."""

ENDS = (*STOPS, HAND_OVER)
DRAIN_SECONDS = 5.0
"""How long answers say `Connection: close`, unless all connections have ended before."""

LAST_REQUEST_SECONDS = 1.0
"""How long the connections that were accepted last have to send their request."""

_CHECK_SECONDS = 0.05
_CLOSE = (b"connection", b"close")


class RetiringApp:
    """The application of a worker. It reports when it is ready, and closes connections at the end.

    `listener` is the file descriptor of the listener, `port` its port. `ready` is the pipe on which
    the main process waits for one message.
    """

    def __init__(self, app: ASGIApp, listener: int, port: int, ready: Connection) -> None:
        self._app = app
        self._listener = listener
        self._port = port
        self._ready = ready
        self._retiring = False

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request, or the lifespan of the application."""
        kind: str = scope["type"]
        if kind == "lifespan":
            send = partial(self._send_lifespan, send)
        elif self._retiring and kind == "http" and scope["http_version"].startswith("1"):
            send = partial(_send_closing, send)
        return self._app(scope, receive, send)

    def handle_stops(self, loop: AbstractEventLoop) -> WorkerSignal:
        """Return what ends the server's loop, in place of the server's own function.

        SIGTERM ends the worker after its clients have moved to other connections, HAND_OVER does
        the same while a successor accepts, and SIGINT ends it after the requests in progress. Only
        the first signal counts: a second one would block the server for good. The server's own
        function has the event loop wait for signals, and uvloop loses one that comes while it does
        not run, as between startup and the first request.
        """
        stopping = WorkerSignal()

        def stop(number: int, frame: FrameType | None) -> None:
            for each in ENDS:
                signal.signal(each, signal.SIG_IGN)
            if number == signal.SIGINT:
                stopping.set()
                return
            self._retiring = True
            has_successor = number == HAND_OVER
            steps = (has_successor, stopping.set)
            threading.Thread(target=self._retire, args=steps, daemon=True).start()

        for each in ENDS:
            signal.signal(each, stop)
        return stopping

    def _retire(self, has_successor: bool, stop: Callable[[], None]) -> None:
        """Wait until clients have moved to other connections, then stop. Runs on a thread.

        Without a successor this worker accepts connections until the clients had their time,
        because nobody else does.
        """
        if has_successor:
            close_listener_in_worker(self._listener)
        self._wait_for_clients(DRAIN_SECONDS)
        if not has_successor:
            close_listener_in_worker(self._listener)
            self._wait_for_clients(LAST_REQUEST_SECONDS)
        stop()

    def _wait_for_clients(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        time.sleep(_CHECK_SECONDS)  # a connection may be in the middle of being accepted
        while has_connections(self._port) and time.monotonic() < deadline:
            time.sleep(_CHECK_SECONDS)

    async def _send_lifespan(self, send: Send, message: Message) -> None:
        await send(message)
        kind: str = message["type"]
        if kind == "lifespan.startup.complete":
            self._ready.send(True)


async def _send_closing(send: Send, message: Message) -> None:
    if message["type"] == "http.response.start":
        headers = [each for each in message["headers"] if each[0] != _CLOSE[0]]
        message["headers"] = [*headers, _CLOSE]
    await send(message)
