"""The recorder's application: what it passes on, what it refuses, and what it puts on the tape."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable

import httpx
import pytest

from portico.emulator.listeners.vendor_hosts import VendorHosts
from portico.emulator.recordings.comparing import Answer
from portico.emulator.recordings.forwarding import BODY_LIMIT_BYTES, Forwarder
from portico.emulator.recordings.in_process import send
from portico.emulator.recordings.tape import Tape
from tests.emulator.recordings.tapes import exchange

HOST = "api.zsapi.net"
Vendor = Callable[[httpx.Request], httpx.Response]


def call(
    vendor: Vendor,
    tape: Tape,
    *,
    method: str = "GET",
    target: str = "/zpa/mgmtconfig/v1/admin/me?a=b%20c",
    host: str = HOST,
    body: bytes = b"",
    to: str = "",
    **headers: str,
) -> Answer:
    """One request through a recorder to a fake vendor."""

    async def run() -> Answer:
        async with httpx.AsyncClient(transport=httpx.MockTransport(vendor)) as client:
            app = Forwarder(client, tape, VendorHosts(), to)
            return await send(app, method, target, {"host": host, **headers}, body)

    return asyncio.run(run())


def test_request_reaches_the_vendor_as_it_was_sent() -> None:
    seen: list[httpx.Request] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, headers={"x-kept": "1", "connection": "close"}, json={"id": "1"})

    tape = Tape()

    answer = call(vendor, tape, method="POST", body=b'{"name":"A"}', authorization="Bearer t")

    (request,) = seen
    assert (request.method, str(request.url)) == (
        "POST",
        f"https://{HOST}/zpa/mgmtconfig/v1/admin/me?a=b%20c",
    )
    assert (request.content, request.headers["authorization"]) == (b'{"name":"A"}', "Bearer t")
    assert (answer.status, answer.body, answer.headers["x-kept"]) == (201, b'{"id":"1"}', "1")
    assert "connection" not in answer.headers
    (recorded,) = tape.exchanges
    assert (recorded.url, recorded.status) == (str(request.url), 201)
    assert (recorded.request_body, recorded.answer_body) == (b'{"name":"A"}', b'{"id":"1"}')


def test_compressed_answer_is_recorded_and_passed_on_decoded() -> None:
    body = gzip.compress(b'{"id":"1"}')
    tape = Tape()

    answer = call(
        lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, content=body), tape
    )

    assert (answer.body, tape.exchanges[0].answer_body) == (b'{"id":"1"}', b'{"id":"1"}')
    assert "content-encoding" not in answer.headers


def test_other_server_can_stand_for_the_vendor() -> None:
    tape = Tape()

    answer = call(
        lambda request: httpx.Response(200, text=str(request.url)),
        tape,
        to="http://localhost:8080/",
    )

    assert answer.body == b"http://localhost:8080/zpa/mgmtconfig/v1/admin/me?a=b%20c"
    assert tape.exchanges[0].host == HOST


def test_redirect_is_passed_back() -> None:
    answer = call(lambda _: httpx.Response(302, headers={"location": "https://x"}), Tape())

    assert (answer.status, answer.headers["location"]) == (302, "https://x")


@pytest.mark.parametrize(
    ("host", "body", "status"),
    [("example.com", b"", 421), (HOST, b"0" * (BODY_LIMIT_BYTES + 1), 413)],
    ids=["host", "size"],
)
def test_request_that_cannot_be_passed_on_is_refused(host: str, body: bytes, status: int) -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        pytest.fail(f"{request.url} was called")

    tape = Tape()

    answer = call(vendor, tape, method="POST", host=host, body=body)

    assert answer.status == status
    assert json.loads(answer.body)["reason"].endswith(".")
    assert tape.exchanges == []


def test_vendor_that_does_not_answer_is_counted() -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("", request=request)

    tape = Tape()

    answer = call(vendor, tape)

    assert answer.status == 502
    assert json.loads(answer.body)["reason"] == f"{HOST} cannot be reached: ConnectTimeout."
    assert (tape.exchanges, tape.unreachable_count) == ([], 1)


def test_tape_counts_what_does_not_fit() -> None:
    short, long = exchange("GET", "x", 200, "ab"), exchange("GET", "x", 200, "abcdefgh")
    by_size, by_number = Tape(size_limit=9), Tape(exchange_limit=1)

    for tape in (by_size, by_number):
        for each in (short, long, short):
            tape.add(each)

    assert (by_size.exchanges, by_size.lost_count) == ([short, short], 1)
    assert (by_number.exchanges, by_number.lost_count) == ([short], 2)
