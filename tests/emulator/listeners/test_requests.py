"""Well-formed requests: bodies, connections that stay open, and what the application learns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulator.listeners.serving import (
    Scope,
    Served,
    answer,
    client,
    echo,
    head,
    read_all,
    read_body,
    read_until,
    served,
)


@pytest.fixture(scope="module")
def echoing() -> Iterator[Served]:
    """A server that answers with the request."""
    with served(echo) as running:
        yield running


@pytest.fixture(scope="module")
def http(echoing: Served) -> Iterator[httpx.Client]:
    """A client that keeps its connection."""
    with client(echoing) as opened:
        yield opened


def test_path_is_decoded_and_query_is_not(http: httpx.Client) -> None:
    seen = http.get("/a%20b/%C3%BC?search=name%2BEQ%2Bx&page=1").json()

    assert seen["path"] == "/a b/ü"
    assert seen["query"] == "search=name%2BEQ%2Bx&page=1"


def test_body_with_a_length_arrives(http: httpx.Client) -> None:
    body = "x" * 1_000_000

    assert http.post("/", content=body).json()["body"] == body


def test_chunked_body_arrives(http: httpx.Client) -> None:
    seen = http.put("/", content=iter([b"one ", b"two ", b"three"])).json()

    assert seen["headers"]["transfer-encoding"] == "chunked"
    assert seen["body"] == "one two three"


def test_connection_serves_many_requests(echoing: Served) -> None:
    with echoing.connect() as opened:
        for number in range(3):
            opened.sendall(f"GET /{number} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            received = read_until(opened, b'"body": ""}')

            assert head(received) == "HTTP/1.1 200 OK"
            assert f'"path": "/{number}"'.encode() in received


def test_pipelined_requests_are_answered_in_order(echoing: Served) -> None:
    requests = b"".join(
        b"POST /%d HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc" % number
        for number in range(20)
    )
    received = echoing.exchange(requests)
    paths = [
        json.loads(part.partition(b"\r\n\r\n")[2])["path"]
        for part in received.split(b"HTTP/1.1 200 OK")[1:]
    ]

    assert paths == [f"/{number}" for number in range(20)]


def test_more_pipelined_requests_than_the_buffer_holds_are_all_answered(echoing: Served) -> None:
    one = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 50000\r\n\r\n" + b"y" * 50_000

    assert echoing.exchange(one * 8).count(b"HTTP/1.1 200 OK") == 8


def test_head_is_answered_without_a_body(http: httpx.Client, echoing: Served) -> None:
    received = http.head("/")
    raw = echoing.exchange(b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n")

    assert int(received.headers["content-length"]) > 0
    assert raw.endswith(b"\r\n\r\n")


def test_http_1_0_and_connection_close_end_the_connection(echoing: Served) -> None:
    for request in (
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ):
        with echoing.connect() as opened:
            opened.sendall(request)

            assert b"connection: close" in read_all(opened).lower()


def test_absolute_target_names_the_host(echoing: Served) -> None:
    received = echoing.exchange(
        b"GET http://portico.example:81/x?y=1 HTTP/1.1\r\nhost: evil.example\r\n\r\n"
    )
    seen = json.loads(received.partition(b"\r\n\r\n")[2])

    assert (seen["path"], seen["query"]) == ("/x", "y=1")
    assert seen["headers"]["host"] == "portico.example:81"


def test_body_is_asked_for_when_the_application_reads_it(echoing: Served) -> None:
    with echoing.connect() as opened:
        opened.sendall(
            b"PUT / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
        )

        assert head(read_until(opened, b"\r\n\r\n")) == "HTTP/1.1 100 "
        opened.sendall(b"hello")
        assert b'"body": "hello"' in read_until(opened, b"}")


def test_body_is_not_asked_for_when_the_application_refuses(refusing: Served) -> None:
    with refusing.connect() as opened:
        opened.sendall(
            b"PUT / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
        )
        received = read_all(opened)

    assert head(received) == "HTTP/1.1 403 Forbidden"
    assert b"connection: close" in received


async def refuse(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
    """Answers without reading the body."""
    if scope["type"] == "http":
        await answer(send, b"no", status=403)


@pytest.fixture(scope="module")
def refusing() -> Iterator[Served]:
    """A server that never reads a body."""
    with served(refuse) as running:
        yield running


def test_short_unread_body_keeps_the_connection(refusing: Served) -> None:
    one = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 50000\r\n\r\n" + b"y" * 50_000

    assert refusing.exchange(one * 3).count(b"HTTP/1.1 403") == 3


def test_client_that_sends_a_long_body_still_reads_the_refusal(refusing: Served) -> None:
    with client(refusing) as http:
        received = http.post("/", content=b"y" * 8_000_000)

    assert (received.status_code, received.text) == (403, "no")


def test_application_learns_addresses_and_version(echoing: Served) -> None:
    scopes: list[Scope] = []

    async def remember(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        if scope["type"] == "http":
            scopes.append(scope)
            await answer(send, await read_body(receive))

    with served(remember) as running, client(running) as http:
        http.get("/")

    assert scopes[0]["client"][0] == "127.0.0.1"
    assert scopes[0]["server"] == running.address
    assert scopes[0]["http_version"] == "1.1"
    assert scopes[0]["raw_path"] == b"/"
