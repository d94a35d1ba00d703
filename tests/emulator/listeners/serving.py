"""A served ASGI application on a thread of its own, small applications, and a raw client."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from portico.emulator.listeners.limits import Limits
from portico.emulator.listeners.listener import HttpListener, Listener
from portico.emulator.listeners.server import RunningServer, serve_app

T = TypeVar("T")
SECONDS = 20.0
Scope = dict[str, Any]
App = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Served:
    """A running server and its event loop."""

    server: RunningServer
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        """The URL of the first listener."""
        return self.server.urls[0]

    @property
    def address(self) -> tuple[str, int]:
        """The address of the first listener."""
        return self.server.addresses[0]

    def run(self, work: Callable[[], T]) -> T:
        """The result of a function that is called on the server's event loop."""

        async def call() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(SECONDS)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Waits until a condition holds, which is checked on the server's event loop."""
        deadline = time.monotonic() + SECONDS
        while not self.run(condition):
            assert time.monotonic() < deadline, "The condition never held."

    def connect(self) -> socket.socket:
        """A connection to the first listener."""
        return socket.create_connection(self.address, timeout=SECONDS)

    def exchange(self, sent: bytes) -> bytes:
        """Everything the server answers to some bytes, until it closes the connection."""
        with self.connect() as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            return read_all(client)


@contextmanager
def served(app: App, *listeners: Listener, limits: Limits | None = None) -> Iterator[Served]:
    """An application served by plain HTTP, or by other listeners, for the length of a block."""
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()
    started: list[Served] = []
    ready = threading.Event()

    async def run() -> None:
        async with serve_app(app, listeners or (HttpListener(),), limits) as server:
            started.append(Served(server, loop))
            ready.set()
            await stopping.wait()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            failures.extend(_failure_of(lambda: runner.run(run())))
        ready.set()

    failures: list[BaseException] = []
    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ready.wait(SECONDS)
        if started:
            yield started[0]
    finally:
        if started:
            loop.call_soon_threadsafe(stopping.set)
        thread.join(SECONDS)
    for failure in failures:
        raise failure


def _failure_of(work: Callable[[], None]) -> list[BaseException]:
    try:
        work()
    except BaseException as error:
        return [error]
    return []


def read_all(client: socket.socket) -> bytes:
    """Every byte until the server closes the connection."""
    received = b""
    while part := client.recv(65536):
        received += part
    return received


def read_until(client: socket.socket, end: bytes) -> bytes:
    """Every byte until some bytes have arrived."""
    received = b""
    while end not in received:
        part = client.recv(65536)
        assert part, f"The connection closed after {received!r}"
        received += part
    return received


def head(answer: bytes) -> str:
    """The status line of an answer."""
    return answer.partition(b"\r\n")[0].decode()


def reason(answer: bytes) -> str:
    """The sentence of an error that the server itself answered."""
    body: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return body["reason"]


async def read_body(receive: Any) -> bytes:  # noqa: ANN401  # ASGI's receive
    """The whole body of a request."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        body += message["body"]
        if not message.get("more_body"):
            return body


async def answer(
    send: Any,  # noqa: ANN401  # ASGI's send
    body: bytes = b"",
    *,
    status: int = 200,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Sends a whole answer with its length."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
    """Answers with the request: its method, path, query, headers and body, as JSON."""
    if scope["type"] == "lifespan":
        return
    body = await read_body(receive)
    seen = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "scheme": scope["scheme"],
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "body": body.decode("latin-1"),
    }
    await answer(send, json.dumps(seen).encode(), headers=((b"content-type", b"application/json"),))


def client(served: Served, **options: Any) -> httpx.Client:  # noqa: ANN401  # httpx's options
    """An HTTP client of the first listener, which ignores the environment."""
    return httpx.Client(base_url=served.url, timeout=SECONDS, trust_env=False, **options)
