"""Start and stop: the lifespan runs once, ports are chosen, requests in progress are finished."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any

import pytest

from portico.emulator.listeners.lifespan import StartupFailed
from portico.emulator.listeners.limits import Limits
from portico.emulator.listeners.listener import CannotListen, HttpListener
from tests.emulator.listeners.serving import (
    SECONDS,
    Scope,
    answer,
    client,
    echo,
    head,
    read_all,
    served,
)

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Application:
    """An application with a lifespan and a state, which waits before it answers."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.is_called = threading.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        """Answers one request, or lives."""
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                self.phases.append(phase)
                scope["state"]["greeting"] = b"hello"
                await send({"type": f"lifespan.{phase}.complete"})
            return
        self.is_called.set()
        await self.may_answer.wait()
        await answer(send, scope["state"]["greeting"])
        self.phases.append("answered")


def test_lifespan_runs_once_around_every_listener() -> None:
    app = Application()
    app.may_answer.set()
    with served(app, HttpListener(), HttpListener()) as running:
        assert len(set(running.server.addresses)) == 2
        with client(running) as http:
            assert http.get(running.server.urls[0]).text == "hello"
            assert http.get(running.server.urls[1]).text == "hello"

    assert app.phases == ["startup", "answered", "answered", "shutdown"]


async def stops_listening(address: tuple[str, int]) -> None:
    """Waits until a server accepts no more connections."""
    with suppress(ConnectionError):
        while True:
            _, writer = await asyncio.open_connection(*address)
            writer.close()
            await writer.wait_closed()


def test_request_in_progress_is_finished_before_the_application_stops() -> None:
    app = Application()
    with served(app) as running:
        opened = running.connect()
        opened.sendall(GET)
        assert app.is_called.wait(SECONDS)

        async def answer_later() -> None:
            await stops_listening(running.address)
            app.may_answer.set()

        asyncio.run_coroutine_threadsafe(answer_later(), running.loop)
    with opened:
        received = read_all(opened)

    assert app.phases == ["startup", "answered", "shutdown"]
    assert received.endswith(b"hello")
    assert b"connection: close" in received


def test_request_that_takes_too_long_is_cut_at_the_deadline() -> None:
    app = Application()
    with served(app, limits=Limits(stop_seconds=0.1)) as running:
        opened = running.connect()
        opened.sendall(GET)
        assert app.is_called.wait(SECONDS)
    with opened:
        assert read_all(opened) == b""

    assert app.phases == ["startup", "shutdown"]


def test_idle_connections_do_not_delay_the_stop() -> None:
    with served(echo, limits=Limits(stop_seconds=3600)) as running:
        idle = running.connect()
        used = running.connect()
        used.sendall(GET)
        assert head(used.recv(65536)) == "HTTP/1.1 200 OK"
    with idle, used:
        assert read_all(idle) == read_all(used) == b""


def test_stopped_server_accepts_no_connection() -> None:
    with served(echo) as running:
        address = running.address

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_application_that_cannot_start_raises_its_own_error() -> None:
    async def failing(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "a trace"})
        raise ValueError("There is no database.")

    with pytest.raises(ValueError, match=r"There is no database\."), served(failing):
        pytest.fail("It started.")


def test_application_that_reports_a_failed_start_is_quoted() -> None:
    async def failing(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "There is no database."})

    with pytest.raises(StartupFailed, match=r"There is no database\."), served(failing):
        pytest.fail("It started.")


def test_taken_port_is_an_error_that_names_it() -> None:
    with served(echo) as running:
        port = running.address[1]
        with (
            pytest.raises(CannotListen, match=f"Another program listens on 127.0.0.1:{port}"),
            served(echo, HttpListener(), HttpListener(port=port)),
        ):
            pytest.fail("It started.")


def test_ipv6_and_names_are_served() -> None:
    with served(echo, HttpListener("::1"), HttpListener("localhost")) as running:
        assert running.server.urls[0].startswith("http://[::1]:")
        with client(running) as http:
            assert http.get(running.server.urls[0]).status_code == 200
            assert http.get(running.server.urls[1]).status_code == 200
