"""The forward proxy: vendor names reach the application, other hosts only when they are allowed."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which

import httpx
import pytest

from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.destinations import Destinations, InvalidDirectHost
from portico.emulator.listeners.limits import Limits
from portico.emulator.listeners.proxy import ProxyListener
from tests.emulator.listeners.conftest import HOSTS
from tests.emulator.listeners.serving import (
    Served,
    echo,
    head,
    read_all,
    read_until,
    reason,
    served,
)

VENDOR = "config.private.zscaler.com"


@contextmanager
def proxying(
    certificates: ServerCertificates, destinations: Destinations, limits: Limits | None = None
) -> Iterator[Served]:
    """A proxy for the length of a block."""
    with served(echo, ProxyListener(certificates, destinations), limits=limits) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(certificates: ServerCertificates) -> Iterator[Served]:
    """A proxy that serves the vendor's names alone."""
    with proxying(certificates, Destinations(HOSTS)) as running:
        yield running


@pytest.fixture(scope="module")
def other() -> Iterator[Served]:
    """Another server on this machine, which answers with the request."""
    with served(echo) as running:
        yield running


def connect(target: str, version: str = "1.1") -> bytes:
    """A CONNECT request."""
    return f"CONNECT {target} HTTP/{version}\r\nHost: {target}\r\n\r\n".encode()


def through(proxy: Served, ca: Path) -> httpx.Client:
    """A client that uses the proxy for everything."""
    context = ssl.create_default_context(cafile=str(ca))
    return httpx.Client(proxy=proxy.url, verify=context, trust_env=False)


@pytest.mark.parametrize("host", [VENDOR, "acme.zslogin.net", "api.acme.zsapi.net"])
def test_vendor_names_reach_the_application(proxy: Served, ca: Path, host: str) -> None:
    with through(proxy, ca) as http:
        first = http.post(f"https://{host}/signin", content=b"body").json()
        second = http.get(f"https://{host}/second").json()

    assert (first["path"], first["body"], first["scheme"]) == ("/signin", "body", "https")
    assert first["headers"]["host"] == host
    assert second["path"] == "/second"


def test_http_urls_of_vendor_names_reach_the_application(proxy: Served, ca: Path) -> None:
    with through(proxy, ca) as http:
        seen = http.get(f"http://{VENDOR}/x?y=1").json()

    assert (seen["path"], seen["query"], seen["scheme"]) == ("/x", "y=1", "http")


def test_connect_of_http_1_0_and_upper_case_names_work(proxy: Served, ca: Path) -> None:
    with proxy.connect() as opened:
        opened.sendall(connect(f"{VENDOR.upper()}:443", "1.0"))
        assert head(read_until(opened, b"\r\n\r\n")) == "HTTP/1.1 200 Connection established"
        context = ssl.create_default_context(cafile=str(ca))
        with context.wrap_socket(opened, server_hostname=VENDOR) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")

            assert head(read_all(client)) == "HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("target", "status", "sentence"),
    [
        ("example.com:443", 403, "Start it with --direct example.com to allow them"),
        ("www.zscaler.com:443", 403, "--direct www.zscaler.com"),
        ("x.zsloginother.net:443", 403, "Start it with --cloud other"),
        ("127.0.0.1:443", 403, "to 127.0.0.1. Add it to NO_PROXY"),
        ("localhost:443", 403, "Add it to NO_PROXY"),
        ("[::1]:8443", 403, "to ::1. Add it to NO_PROXY"),
        ("[2001:db8::1]:443", 403, "--direct 2001:db8::1"),
        (f"{VENDOR}:8443", 403, f"answers for {VENDOR} on port 443 only, not on 8443"),
        (VENDOR, 400, "no valid host and port"),
        (f"{VENDOR}:0", 400, "no valid host and port"),
        (f"{VENDOR}:65536", 400, "no valid host and port"),
        (f"{VENDOR}:443:443", 400, "no valid host and port"),
        (f"user@{VENDOR}:443", 400, "no valid host and port"),
        ("[::1:443", 400, "no valid host and port"),
        ("[1.2.3.4.5]:443", 400, "no valid host and port"),
        ("::1:443", 400, "no valid host and port"),
        ("https://example.com", 400, "no valid host and port"),
    ],
)
def test_other_targets_are_refused_with_a_sentence(
    proxy: Served, target: str, status: int, sentence: str
) -> None:
    received = proxy.exchange(connect(target))

    assert head(received).startswith(f"HTTP/1.1 {status} ")
    assert sentence in head(received)
    assert sentence in reason(received)


@pytest.mark.parametrize(
    ("request_line", "status", "sentence"),
    [
        ("GET http://example.com/ HTTP/1.1", 403, "--direct example.com"),
        (f"GET http://{VENDOR}:8080/ HTTP/1.1", 403, "on port 80 only"),
        ("GET http://user@example.com/ HTTP/1.1", 400, "or an http URL"),
        ("GET https://example.com/ HTTP/1.1", 400, "This is the proxy port"),
        ("GET /healthz HTTP/1.1", 400, "This is the proxy port"),
    ],
)
def test_other_requests_are_refused_with_a_sentence(
    proxy: Served, request_line: str, status: int, sentence: str
) -> None:
    received = proxy.exchange(f"{request_line}\r\nHost: x\r\n\r\n".encode())

    assert head(received).startswith(f"HTTP/1.1 {status} ")
    assert sentence in head(received)


def test_client_of_the_proxy_shows_the_sentence(proxy: Served, ca: Path) -> None:
    with (
        through(proxy, ca) as http,
        pytest.raises(httpx.ProxyError, match=r"--direct example"),
    ):
        http.get("https://example.com/")


def test_refused_requests_do_not_end_the_connection(proxy: Served) -> None:
    chain = connect("example.com:443") * 2
    chain += f"GET http://{VENDOR}/served HTTP/1.1\r\nHost: {VENDOR}\r\n\r\n".encode()
    received = proxy.exchange(chain)

    assert received.count(b"HTTP/1.1 403 ") == 2
    assert b'"path": "/served"' in received


def test_handshake_may_begin_before_the_answer_to_connect(proxy: Served, ca: Path) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=str(ca))
    tls = context.wrap_bio(incoming, outgoing, server_hostname=VENDOR)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()

    with proxy.connect() as opened:
        opened.sendall(connect(f"{VENDOR}:443") + outgoing.read())
        received = read_until(opened, b"\r\n\r\n")
        incoming.write(received.partition(b"\r\n\r\n")[2])
        while not _is_ready(tls):
            incoming.write(opened.recv(65536))

    assert head(received) == "HTTP/1.1 200 Connection established"
    assert tls.version() == "TLSv1.3"


def _is_ready(tls: ssl.SSLObject) -> bool:
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def test_client_that_leaves_or_stalls_after_connect_ends_the_connection(
    certificates: ServerCertificates,
) -> None:
    limits = Limits(handshake_seconds=0.3)
    with proxying(certificates, Destinations(HOSTS), limits) as proxy:
        with proxy.connect() as stalling, proxy.connect() as leaving:
            for opened in (stalling, leaving):
                opened.sendall(connect(f"{VENDOR}:443"))
                read_until(opened, b"\r\n\r\n")
            leaving.close()
            assert read_all(stalling) == b""
        proxy.wait_until(lambda: not proxy.server.connection_count)


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
def test_curl_signs_in_through_the_proxy(proxy: Served, ca: Path) -> None:
    command = ["curl", "--silent", "--show-error", "--proxy", proxy.url, "--cacert", str(ca)]
    done = subprocess.run(
        [*command, f"https://{VENDOR}/signin"], capture_output=True, text=True, check=True
    )

    assert '"path": "/signin"' in done.stdout


def test_direct_host_is_reached_through_a_tunnel(
    certificates: ServerCertificates, other: Served
) -> None:
    with (
        proxying(certificates, Destinations(HOSTS, ["127.0.0.1"])) as proxy,
        proxy.connect() as opened,
    ):
        opened.sendall(connect(f"127.0.0.1:{other.address[1]}"))
        assert head(read_until(opened, b"\r\n\r\n")) == "HTTP/1.1 200 Connection established"
        body = b"z" * 3_000_000
        opened.sendall(b"PUT /tunnel HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n")
        opened.sendall(body)
        opened.shutdown(socket.SHUT_WR)
        received = read_all(opened)

    assert b'"path": "/tunnel"' in received
    assert body in received


def test_direct_host_is_reached_by_http_urls(
    certificates: ServerCertificates, other: Served
) -> None:
    url = f"http://127.0.0.1:{other.address[1]}/direct?x=1"
    with (
        proxying(certificates, Destinations(HOSTS, ["127.0.0.1"])) as proxy,
        httpx.Client(proxy=proxy.url, trust_env=False) as http,
    ):
        sent = http.put(url, content=b"with a length").json()
        chunked = http.put(url, content=iter([b"in ", b"parts"])).json()
        empty = http.get(url).json()

    assert (sent["path"], sent["query"], sent["body"]) == ("/direct", "x=1", "with a length")
    assert chunked["body"] == "in parts"
    assert empty["body"] == ""
    assert "proxy-connection" not in empty["headers"]


def test_only_the_named_host_is_direct(certificates: ServerCertificates) -> None:
    with proxying(certificates, Destinations(HOSTS, ["127.0.0.1"])) as proxy:
        assert "403" in head(proxy.exchange(connect("127.0.0.2:80")))


def test_pass_through_reaches_every_host_but_the_vendor(
    certificates: ServerCertificates, other: Served, ca: Path
) -> None:
    with (
        proxying(certificates, Destinations(HOSTS, pass_through=True)) as proxy,
        through(proxy, ca) as http,
    ):
        foreign = http.get(f"http://localhost:{other.address[1]}/foreign").json()
        vendor = http.get(f"https://{VENDOR}/mine").json()

    assert foreign["path"] == "/foreign"
    assert vendor["path"] == "/mine"


def test_host_that_does_not_answer_is_a_502(certificates: ServerCertificates) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with proxying(certificates, Destinations(HOSTS, ["127.0.0.1"])) as proxy:
            received = proxy.exchange(connect(f"127.0.0.1:{port}"))

    assert head(received).startswith(f"HTTP/1.1 502 Portico cannot connect to 127.0.0.1:{port}")


def test_silent_tunnel_ends(certificates: ServerCertificates, other: Served) -> None:
    limits = Limits(tunnel_idle_seconds=0.3)
    destinations = Destinations(HOSTS, ["127.0.0.1"])
    with proxying(certificates, destinations, limits) as proxy, proxy.connect() as opened:
        opened.sendall(connect(f"127.0.0.1:{other.address[1]}"))
        read_until(opened, b"\r\n\r\n")

        assert read_all(opened) == b""


def test_tunnels_have_a_limit(certificates: ServerCertificates, other: Served) -> None:
    request = connect(f"127.0.0.1:{other.address[1]}")
    destinations = Destinations(HOSTS, ["127.0.0.1"])
    with (
        proxying(certificates, destinations, Limits(tunnels=2)) as proxy,
        ExitStack() as stack,
    ):
        for _ in range(2):
            opened = stack.enter_context(proxy.connect())
            opened.sendall(request)
            read_until(opened, b"\r\n\r\n")

        assert "Portico already passes on 2 connections" in head(proxy.exchange(request))


def test_open_tunnel_does_not_delay_the_stop(
    certificates: ServerCertificates, other: Served
) -> None:
    limits = Limits(stop_seconds=3600)
    with proxying(certificates, Destinations(HOSTS, ["127.0.0.1"]), limits) as proxy:
        opened = proxy.connect()
        opened.sendall(connect(f"127.0.0.1:{other.address[1]}"))
        read_until(opened, b"\r\n\r\n")
    with opened:
        assert read_all(opened) == b""


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("example.com:443", "Leave out the port"),
        ("https://example.com", "not a host name"),
        ("", "not a host name"),
        (VENDOR, "Portico itself answers for this host"),
    ],
)
def test_invalid_direct_host_is_refused_at_the_start(name: str, sentence: str) -> None:
    with pytest.raises(InvalidDirectHost, match=sentence):
        Destinations(HOSTS, [name])
