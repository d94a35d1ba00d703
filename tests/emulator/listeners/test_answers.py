"""Answers: streams, clients that leave or do not read, and applications that break the rules."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from portico.emulator.listeners.limits import Limits
from tests.emulator.listeners.serving import (
    SECONDS,
    App,
    Scope,
    answer,
    client,
    head,
    read_all,
    read_until,
    reason,
    served,
)

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
Handler = Callable[[Scope, Any, Any], Awaitable[None]]


def http_only(handler: Handler) -> App:
    """An application without a lifespan."""

    async def app(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        if scope["type"] == "http":
            await handler(scope, receive, send)

    return app


async def start(
    send: Any,  # noqa: ANN401  # ASGI's send
    *headers: tuple[bytes, bytes],
    status: int = 200,
) -> None:
    """Sends the start of an answer."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def part(send: Any, body: bytes, *, more: bool = True) -> None:  # noqa: ANN401  # ASGI's send
    """Sends a part of a body."""
    await send({"type": "http.response.body", "body": body, "more_body": more})


def test_body_without_a_length_is_chunked_and_may_have_many_parts() -> None:
    async def many(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        await start(send, (b"content-type", b"text/plain"))
        for number in range(100):
            await part(send, b"%d," % number)
        await part(send, b"", more=False)

    with served(http_only(many)) as running, client(running) as http:
        received = http.get("/")
        again = http.get("/")

    assert received.headers["transfer-encoding"] == "chunked"
    assert received.text == again.text == "".join(f"{number}," for number in range(100))


def test_start_of_an_answer_arrives_before_its_body() -> None:
    go_on = asyncio.Event()

    async def slow(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        await start(send, (b"content-type", b"text/event-stream"))
        await go_on.wait()
        await part(send, b"data: 1\n\n", more=False)

    with (
        served(http_only(slow)) as running,
        client(running) as http,
        http.stream("GET", "/") as received,
    ):
        assert received.status_code == 200
        running.loop.call_soon_threadsafe(go_on.set)
        assert received.read() == b"data: 1\n\n"


def test_event_stream_ends_when_the_client_leaves() -> None:
    left = threading.Event()

    async def events(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        await start(send, (b"content-type", b"text/event-stream"))
        await part(send, b"data: 1\n\n")
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    with served(http_only(events)) as running:
        with running.connect() as opened:
            opened.sendall(GET)
            read_until(opened, b"data: 1")

        assert left.wait(SECONDS)


def test_event_stream_ends_at_once_when_the_server_stops() -> None:
    async def events(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        await start(send, (b"content-type", b"text/event-stream"))
        await part(send, b"data: 1\n\n")
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        await part(send, b"data: end\n\n", more=False)

    with served(http_only(events), limits=Limits(stop_seconds=3600)) as running:
        opened = running.connect()
        opened.sendall(GET)
        read_until(opened, b"data: 1")
    with opened:
        assert b"data: end" in read_all(opened)


def test_client_that_does_not_read_is_disconnected() -> None:
    sent: list[int] = []

    async def flood(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        await receive()
        gone = asyncio.ensure_future(receive())
        await start(send)
        while not gone.done():
            await part(send, b"x" * 100_000)
            sent.append(100_000)

    limits = Limits(write_seconds=0.3)
    with served(http_only(flood), limits=limits) as running, running.connect() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened.sendall(GET)
        running.wait_until(lambda: bool(sent) and not running.server.connection_count)

    assert sum(sent) < 50_000_000


def test_application_that_fails_before_its_answer_gives_a_500() -> None:
    async def failing(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        raise RuntimeError("a defect")

    with served(http_only(failing)) as running:
        received = running.exchange(GET)

    assert head(received) == "HTTP/1.1 500 Internal Server Error"
    assert "See its log" in reason(received)


async def stop_early(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
    """Ends in the middle of its body."""
    await start(send, (b"content-length", b"10"))
    await part(send, b"12345")


async def fail_late(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
    """Fails in the middle of its body."""
    await start(send)
    await part(send, b"12345")
    raise RuntimeError("a defect")


async def send_too_little(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
    """Ends its body before the length that it declared."""
    await start(send, (b"content-length", b"10"))
    await part(send, b"12345", more=False)


async def send_too_much(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
    """Sends more than the length that it declared."""
    await start(send, (b"content-length", b"10"))
    await part(send, b"12345")
    await part(send, b"6789012345", more=False)


@pytest.mark.parametrize("broken", [stop_early, fail_late, send_too_little, send_too_much])
def test_client_notices_an_answer_that_is_not_whole(broken: Handler) -> None:
    with (
        served(http_only(broken)) as running,
        client(running) as http,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        http.get("/")


def test_answers_without_a_body_are_valid() -> None:
    async def none(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        status = int(scope["path"][1:])
        await start(send, status=status)
        await part(send, b"ignored", more=False)

    with served(http_only(none)) as running, client(running) as http:
        statuses = [http.get(f"/{status}") for status in (204, 304, 204)]

    assert [each.status_code for each in statuses] == [204, 304, 204]
    assert all(not each.content for each in statuses)


def test_reset_before_the_answer_is_a_tcp_reset() -> None:
    async def reset(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        scope["extensions"]["portico.connection"].reset()
        await answer(send, b"never seen")

    with served(http_only(reset)) as running, running.connect() as opened:
        opened.sendall(GET)
        with pytest.raises(ConnectionResetError):
            read_all(opened)


def test_reset_in_the_middle_sends_what_came_before() -> None:
    async def reset(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        await start(send, (b"content-length", b"10"))
        await part(send, b"12345")
        scope["extensions"]["portico.connection"].reset()

    with served(http_only(reset)) as running, running.connect() as opened:
        opened.sendall(GET)
        received = read_until(opened, b"12345")
        with pytest.raises(ConnectionResetError):
            read_all(opened)

    assert received.endswith(b"\r\n\r\n12345")


def test_close_before_the_answer_sends_nothing() -> None:
    async def close(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        scope["extensions"]["portico.connection"].close()
        await answer(send, b"never seen")

    with served(http_only(close)) as running:
        assert running.exchange(GET) == b""


def test_close_in_the_middle_truncates_the_body() -> None:
    async def close(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        await start(send, (b"content-length", b"10"))
        await part(send, b"12345")
        scope["extensions"]["portico.connection"].close()

    with served(http_only(close)) as running, running.connect() as opened:
        opened.sendall(GET)

        assert read_all(opened).endswith(b"\r\n\r\n12345")


def test_raw_bytes_are_all_that_the_client_gets() -> None:
    async def raw(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        scope["extensions"]["portico.connection"].send_raw(b"HTTP/1.1 banana\r\n\r\n")
        await answer(send, b"never seen")

    with served(http_only(raw)) as running, running.connect() as opened:
        opened.sendall(GET)

        assert read_all(opened) == b"HTTP/1.1 banana\r\n\r\n"


def test_application_that_broke_the_connection_learns_that_the_client_is_gone() -> None:
    types: list[str] = []

    async def reset(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        scope["extensions"]["portico.connection"].reset()
        types.append((await receive())["type"])

    with served(http_only(reset)) as running, running.connect() as opened:
        opened.sendall(GET)
        with pytest.raises(ConnectionResetError):
            read_all(opened)

    assert types == ["http.disconnect"]
