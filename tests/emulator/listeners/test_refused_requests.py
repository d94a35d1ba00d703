"""Malformed, ambiguous, slow and excessive requests get a sentence or a closed connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from portico.emulator.listeners.limits import Limits
from tests.emulator.listeners.serving import (
    Served,
    client,
    echo,
    head,
    read_all,
    reason,
    served,
)

HOST = b"host: x\r\n"


@pytest.fixture(scope="module")
def echoing() -> Iterator[Served]:
    """A server that accepts short headers alone and answers with the request."""
    with served(echo, limits=Limits(header_bytes=8192)) as running:
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A server that does not wait long once a request has begun."""
    with served(echo, limits=Limits(header_seconds=0.3, body_seconds=0.3)) as running:
        yield running


@pytest.mark.parametrize(
    ("request_head", "sentence"),
    [
        (b"GARBAGE\r\n\r\n", "This is not a valid HTTP/1.1 request: illegal request line."),
        (b"GET / HTTP/1.1\r\n\r\n", "Missing mandatory Host: header"),
        (b"GET / HTTP/1.1\r\n" + HOST * 2 + b"\r\n", "multiple Host: headers"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"bad header: x\r\n\r\n", "illegal header line"),
        (b"GET x HTTP/1.1\r\n" + HOST + b"\r\n", "a path that starts with a slash"),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", "a path that starts with a slash"),
        (b"GET ftp://x/ HTTP/1.1\r\n" + HOST + b"\r\n", "or an http URL"),
        (b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n", "CONNECT is for the proxy port"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"content-length: -1\r\n\r\n", "bad Content-Length"),
        (
            b"POST / HTTP/1.1\r\n" + HOST + b"content-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
            "conflicting Content-Length headers",
        ),
        (
            b"POST / HTTP/1.1\r\n"
            + HOST
            + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "cannot have both Content-Length and Transfer-Encoding",
        ),
        (
            b"POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.0 request cannot have Transfer-Encoding",
        ),
    ],
)
def test_malformed_request_gets_400_and_a_sentence(
    echoing: Served, request_head: bytes, sentence: str
) -> None:
    smuggled = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
    received = echoing.exchange(request_head + smuggled)

    assert head(received).startswith("HTTP/1.1 400 ")
    assert sentence in reason(received.partition(b"HTTP/1.1 200")[0])


@pytest.mark.parametrize("coding", [b"gzip", b"gzip, chunked", b"chunked, chunked"])
def test_other_transfer_codings_are_not_implemented(echoing: Served, coding: bytes) -> None:
    received = echoing.exchange(
        b"POST / HTTP/1.1\r\n" + HOST + b"transfer-encoding: " + coding + b"\r\n\r\n0\r\n\r\n"
    )

    assert head(received) == "HTTP/1.1 501 Not Implemented"
    assert "chunked" in reason(received)


def test_other_versions_are_refused(echoing: Served) -> None:
    received = echoing.exchange(b"GET / HTTP/2.0\r\n" + HOST + b"\r\n")

    assert head(received) == "HTTP/1.1 505 HTTP Version Not Supported"


@pytest.mark.parametrize("cookie", [b"x" * 1_000_000, b"x" * 8192 + b"\r\n\r\n"])
def test_long_headers_are_refused_with_their_limit(echoing: Served, cookie: bytes) -> None:
    received = echoing.exchange(b"GET / HTTP/1.1\r\n" + HOST + b"cookie: " + cookie)

    assert head(received) == "HTTP/1.1 431 Request Header Fields Too Large"
    assert "8192 bytes" in reason(received)


def test_headers_up_to_the_limit_are_read(echoing: Served) -> None:
    received = echoing.exchange(
        b"GET / HTTP/1.1\r\n" + HOST + b"cookie: " + b"x" * 8100 + b"\r\n\r\n"
    )

    assert head(received) == "HTTP/1.1 200 OK"


def test_slow_headers_are_refused(hasty: Served) -> None:
    with hasty.connect() as opened:
        opened.sendall(b"GET / HTTP/1.1\r\nhost:")
        received = read_all(opened)

    assert head(received) == "HTTP/1.1 408 Request Timeout"
    assert "0.3 seconds" in reason(received)


def test_headers_that_trickle_do_not_extend_the_time(hasty: Served) -> None:
    received = b""
    with hasty.connect() as opened:
        opened.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
        opened.settimeout(0.05)
        while not received:
            opened.sendall(b"x-more: y\r\n")
            try:
                received = opened.recv(65536)
            except TimeoutError:
                continue

    assert head(received) == "HTTP/1.1 408 Request Timeout"


def test_half_a_request_is_an_error_and_none_is_not(echoing: Served) -> None:
    assert echoing.exchange(b"") == b""
    assert head(echoing.exchange(b"GET / HT")) == "HTTP/1.1 400 Bad Request"


def test_body_that_stops_arriving_ends_the_connection(hasty: Served) -> None:
    with hasty.connect() as opened:
        opened.sendall(b"POST / HTTP/1.1\r\n" + HOST + b"content-length: 10\r\n\r\nabc")
        received = read_all(opened)

    assert head(received) == "HTTP/1.1 408 Request Timeout"
    assert reason(received) == "No part of the request body came for 0.3 seconds."


@pytest.mark.parametrize("body", [b"zz\r\nabc", b"3\r\nabcdef\r\n", b"-1\r\n", b"3\r\nab"])
def test_malformed_chunks_are_refused(echoing: Served, body: bytes) -> None:
    received = echoing.exchange(
        b"POST / HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n" + body
    )

    assert head(received) == "HTTP/1.1 400 Bad Request"
    assert reason(received).startswith("The request body is not valid HTTP/1.1: ")
    assert "bytearray" not in reason(received)


def test_silent_connection_is_closed() -> None:
    with served(echo, limits=Limits(idle_seconds=0.2)) as running, running.connect() as opened:
        assert read_all(opened) == b""


def test_silent_connections_do_not_keep_others_out() -> None:
    with served(echo, limits=Limits(connections=50)) as running, ExitStack() as stack:
        silent = [stack.enter_context(running.connect()) for _ in range(200)]
        with client(running) as http:
            assert http.get("/").status_code == 200

        assert running.server.connection_count <= 51
        assert sum(_is_closed(each) for each in silent) >= 149


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def test_busy_connections_are_not_dropped_for_new_ones() -> None:
    with served(echo, limits=Limits(connections=2)) as running, ExitStack() as stack:
        busy = [stack.enter_context(running.connect()) for _ in range(2)]
        for each in busy:
            each.sendall(b"POST / HTTP/1.1\r\n" + HOST + b"content-length: 1\r\n\r\n")
        running.wait_until(lambda: running.server.busy_count == 2)

        refused = stack.enter_context(running.connect())
        assert head(read_all(refused)) == "HTTP/1.1 503 Too many connections"
        for each in busy:
            each.sendall(b"x")
            assert head(each.recv(65536)) == "HTTP/1.1 200 OK"
