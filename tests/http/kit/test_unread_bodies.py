"""Bodies that no handler reads: the answer arrives, and a short one leaves the connection open."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

import httpx
import pytest

from portico.asgi.exchange import DISCARDED_BYTES
from tests.harness import LINKS, Caller, Server, assert_error
from tests.http.bodies import link

pytestmark = pytest.mark.one_database

MEBIBYTE = 1024 * 1024
REQUESTS = 300


@pytest.fixture
def connection(server: Server) -> Iterator[HTTPConnection]:
    """One connection that fails rather than connect again."""
    address = urlsplit(server.url)
    opened = HTTPConnection(str(address.hostname), address.port, timeout=30)
    opened.connect()
    opened.auto_open = 0
    yield opened
    opened.close()


def send(
    connection: HTTPConnection, method: str, path: str, body: bytes, *, token: str = ""
) -> HTTPResponse:
    """One request; its answer, read to the end."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("size", [2, DISCARDED_BYTES])
def test_reading_with_a_body_keeps_its_connection(
    admin: Caller, connection: HTTPConnection, method: str, size: int
) -> None:
    paths = (admin.path(LINKS), "/healthz", "/nowhere", "/console", "/docs/")
    for number in range(REQUESTS if size == 2 else 20):
        path = paths[number % len(paths)]
        answer = send(connection, method, path, b" " * size, token=admin.token)
        assert answer.status < 500, path
        assert answer.getheader("connection") is None, path


def test_httpx_keeps_one_connection_for_gets_with_a_body(admin: Caller) -> None:
    admin.create_link("Wiki")
    headers = {"Authorization": f"Bearer {admin.token}"}
    connections = set()
    with httpx.Client(base_url=admin.server.url, timeout=30) as client:
        for _ in range(REQUESTS):
            answer = client.request("GET", admin.path(LINKS), json={}, headers=headers)
            assert answer.json()["totalCount"] == "1"
            connections.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(connections) == 1


def test_chunked_body_of_a_get_is_read(admin: Caller, connection: HTTPConnection) -> None:
    headers = {"Authorization": f"Bearer {admin.token}"}
    for _ in range(20):
        chunks = iter([b"{", b" " * 1_000, b"}"])
        connection.request("GET", admin.path(LINKS), chunks, headers, encode_chunked=True)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("size", [DISCARDED_BYTES + 1, 3 * MEBIBYTE])
def test_long_unread_body_is_answered_and_closed(
    admin: Caller, connection: HTTPConnection, method: str, size: int
) -> None:
    answer = send(connection, method, admin.path(LINKS), b" " * size)

    assert answer.status == (405 if method == "DELETE" else 401)
    assert answer.getheader("connection") == "close"
    assert connection.sock is None


def test_endless_body_is_answered_and_closed(server: Server) -> None:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            client.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        answer = HTTPResponse(client)
        answer.begin()
        assert answer.status == 200
        assert answer.getheader("connection") == "close"


def test_body_that_never_comes_is_answered(server: Server) -> None:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
        answer = HTTPResponse(client)
        answer.begin()
        assert answer.status == 200
        assert answer.getheader("connection") == "close"


def test_short_body_of_a_refused_write_keeps_its_connection(
    admin: Caller, connection: HTTPConnection
) -> None:
    refusals = {admin.path(LINKS): 401, "/nowhere": 404, "/console/sign-in": 403}
    for _ in range(20):
        for path, status in refusals.items():
            answer = send(connection, "POST", path, b"x" * 60_000)
            assert answer.status == status, path


def test_body_that_is_read_keeps_its_connection(admin: Caller, connection: HTTPConnection) -> None:
    body = b'{"name":"a","link":"b","x":"' + b"x" * MEBIBYTE + b'"}'
    for status in (201, 400, 400):
        answer = send(connection, "POST", admin.path(LINKS), body, token=admin.token)
        assert answer.status == status
        assert answer.getheader("connection") is None


def test_two_authorization_headers_are_refused_everywhere(admin: Caller) -> None:
    bearer = ("Authorization", f"Bearer {admin.token}")
    for _ in range(2):  # the second time the token and the list are cached
        assert admin.get(LINKS).status_code == 200
    read_paths = (admin.path(LINKS), "/mgmtconfig/v1/admin/me", "/healthz", "/readyz", "/nowhere")
    for path in (*read_paths, "/console", "/console/sign-in", "/p/staff", "/openapi.json"):
        for other in ("Bearer wrong", bearer[1], "Basic YTpi", ""):
            for headers in ([bearer, ("Authorization", other)], [("authorization", other), bearer]):
                answer = admin.http.get(path, headers=headers)
                assert_error(answer, 400, "invalid.resource.argument", "Authorization")


def test_two_authorization_headers_write_and_sign_in_nothing(admin: Caller) -> None:
    bearer = ("Authorization", f"Bearer {admin.token}")
    twice = [bearer, ("Authorization", "Bearer wrong")]
    form = {
        "client_id": admin.credentials.client_id,
        "client_secret": admin.credentials.client_secret,
    }
    for path in ("/signin", "/oauth2/v1/token"):
        for _ in range(2):
            assert admin.http.post(path, data=form).status_code == 200
        answer = admin.http.post(path, data=form, headers=twice)
        assert_error(answer, 400, "invalid.resource.argument", "Authorization")

    for method, path in (("POST", admin.path(LINKS)), ("POST", "/signout")):
        answer = admin.http.request(method, path, json=link(), headers=twice)
        assert_error(answer, 400, "invalid.resource.argument", "Authorization")
    assert admin.get(LINKS).json()["totalCount"] == "0"
