"""HTTPS: certificates by name, protocol versions, and handshakes that go wrong."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from portico.emulator.listeners.authority import Authority, open_authority
from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.client_hello import requested_name
from portico.emulator.listeners.destinations import Destinations
from portico.emulator.listeners.limits import Limits
from portico.emulator.listeners.listener import HttpListener
from portico.emulator.listeners.proxy import ProxyListener
from portico.emulator.listeners.tls import TlsListener
from portico.emulator.listeners.vendor_hosts import VendorHosts
from tests.emulator.listeners.serving import (
    SECONDS,
    Scope,
    Served,
    echo,
    head,
    read_all,
    read_until,
    reason,
    served,
)

CLOSING = {"connection": "close"}
GET = b"GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def encrypted(certificates: ServerCertificates) -> Iterator[Served]:
    """A server with TLS."""
    with served(echo, TlsListener(certificates)) as running:
        yield running


def trusting(ca: Path) -> ssl.SSLContext:
    """A client's context that trusts only the authority, as strictly as Python can."""
    context = ssl.create_default_context(cafile=str(ca))
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    return context


def handshake(running: Served, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    """A connection on which the handshake succeeded."""
    return context.wrap_socket(running.connect(), server_hostname=name)


@pytest.mark.parametrize(
    "name",
    [
        "config.private.zscaler.com",
        "pdx2-zpa-config.qa2.zpath.net",
        "acme-corp.zslogin.net",
        "acme-corp.zsloginacme.net",
        "api.beta.zsapi.net",
        "localhost",
        "portico.localhost",
        "127.0.0.1",
        "::1",
    ],
)
def test_certificate_is_valid_for_the_name(encrypted: Served, ca: Path, name: str) -> None:
    with handshake(encrypted, trusting(ca), name) as client:
        client.sendall(GET)

        assert b'"scheme": "https"' in read_all(client)


@pytest.mark.parametrize("name", ["www.example.com", "www.zscaler.com", "x.zsloginother.net"])
def test_client_says_which_name_is_not_served(encrypted: Served, ca: Path, name: str) -> None:
    with (
        encrypted.connect() as client,
        pytest.raises(ssl.SSLCertVerificationError, match=f"not valid for '{name}'"),
    ):
        trusting(ca).wrap_socket(client, server_hostname=name)


def test_client_refuses_what_the_constraints_forbid(authority: Authority, ca: Path) -> None:
    wider = ServerCertificates(authority, VendorHosts.with_clouds(["forbidden"]), time.time)
    with (
        served(echo, TlsListener(wider)) as running,
        running.connect() as client,
        pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"),
    ):
        trusting(ca).wrap_socket(client, server_hostname="acme.zsloginforbidden.net")


def test_only_http_1_1_and_modern_versions_are_negotiated(encrypted: Served, ca: Path) -> None:
    context = trusting(ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with handshake(encrypted, context, "api.zsapi.net") as client:
        assert client.selected_alpn_protocol() == "http/1.1"
        assert client.version() == "TLSv1.3"

    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with handshake(encrypted, context, "api.zsapi.net") as client:
        assert client.version() == "TLSv1.2"


def test_leaf_is_valid_for_30_days_and_names_its_host(encrypted: Served, ca: Path) -> None:
    with handshake(encrypted, trusting(ca), "api.zsapi.net") as client:
        leaf = x509.load_der_x509_certificate(client.getpeercert(True) or b"")
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    left = leaf.not_valid_after_utc - datetime.now(UTC)

    assert names.get_values_for_type(x509.DNSName) == ["api.zsapi.net"]
    assert timedelta(days=29) < left <= timedelta(days=30)


def test_leaf_is_replaced_before_it_expires(tmp_path: Path) -> None:
    moments = [datetime(2026, 3, 1, tzinfo=UTC)]
    hosts = VendorHosts()
    authority = open_authority(tmp_path, hosts.domains(), moments[0])
    certificates = ServerCertificates(authority, hosts, lambda: moments[-1].timestamp())

    first = certificates.context_for("api.zsapi.net")
    moments.append(moments[0] + timedelta(days=28))
    second = certificates.context_for("api.zsapi.net")
    moments.append(moments[0] + timedelta(days=29, hours=1))
    third = certificates.context_for("api.zsapi.net")

    assert first is second
    assert third is not second


def test_connection_with_tls_is_kept(encrypted: Served, ca: Path) -> None:
    with httpx.Client(verify=trusting(ca), trust_env=False, base_url=encrypted.url) as http:
        assert http.post("/", content=b"x" * 1_000_000).json()["body"] == "x" * 1_000_000
        assert http.get("/second").json()["path"] == "/second"
        assert encrypted.server.connection_count == 1


def test_handshake_that_never_ends_is_given_up_and_blocks_nobody(
    certificates: ServerCertificates,
) -> None:
    limits = Limits(handshake_seconds=0.5, connections=50)
    listeners = (TlsListener(certificates), HttpListener())
    with served(echo, *listeners, limits=limits) as running, ExitStack() as stack:
        silent = [stack.enter_context(running.connect()) for _ in range(200)]
        with suppress(OSError):  # on a busy machine, the server may have given up already
            silent[-1].sendall(b"\x16\x03\x01\x02\x00\x01")  # the first bytes of a TLS client
        with httpx.Client(trust_env=False) as http:
            assert http.get(running.server.urls[1]).status_code == 200

        assert [_end(each) for each in silent] == [b""] * 200
        running.wait_until(lambda: running.server.connection_count == 0)


def test_handshakes_that_are_dropped_for_new_connections_leave_nothing(
    certificates: ServerCertificates,
) -> None:
    listeners = (TlsListener(certificates), HttpListener())
    with (
        served(echo, *listeners, limits=Limits(connections=3)) as running,
        httpx.Client(trust_env=False) as http,
        ExitStack() as stack,
    ):
        for _ in range(9):
            begun = stack.enter_context(running.connect())
            begun.sendall(b"\x16\x03\x01\x02\x00\x01")
            assert http.get(running.server.urls[1], headers=CLOSING).status_code == 200

        running.wait_until(lambda: running.server.connection_count <= 3)


def _end(client: socket.socket) -> bytes:
    client.settimeout(SECONDS)
    try:
        return read_all(client)
    except ConnectionResetError:
        return b""


def test_plain_http_to_the_tls_port_is_refused_with_a_sentence(encrypted: Served) -> None:
    received = encrypted.exchange(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")

    assert head(received).startswith("HTTP/1.1 400 ")
    assert reason(received) == "This is the HTTPS port of Portico. Use an https URL."


@pytest.mark.parametrize("sent", [b"\x16", b"\x16\x03\x01\x00\x02\x01\x00", b"\x16" * 500])
def test_malformed_handshake_ends_the_connection(encrypted: Served, sent: bytes) -> None:
    with encrypted.connect() as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)

        assert b"HTTP" not in _end(client)


def test_handshake_that_arrives_in_small_pieces_succeeds(encrypted: Served, ca: Path) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting(ca).wrap_bio(incoming, outgoing, server_hostname="qa.zslogin.net")
    with encrypted.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                hello = outgoing.read()
                for at in range(0, len(hello), 50):
                    client.sendall(hello[at : at + 50])
                incoming.write(client.recv(65536))

    assert tls.version() == "TLSv1.3"


def test_name_is_read_from_a_client_hello() -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="API.zsapi.net")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = outgoing.read()

    assert requested_name(hello) == "api.zsapi.net"
    assert {requested_name(hello[:end]) for end in range(len(hello))} <= {None, "api.zsapi.net"}
    assert requested_name(b"GET / HTTP/1.1") is None


async def break_connection(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
    """Does to the connection what the path says, in the middle of the answer."""
    if scope["type"] != "http":
        return
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]}
    await send(start)
    await send({"type": "http.response.body", "body": b"12345", "more_body": True})
    connection = scope["extensions"]["portico.connection"]
    if scope["path"] == "/reset":
        connection.reset()
    elif scope["path"] == "/close":
        connection.close()
    else:
        connection.send_raw(b"\x00 malformed")


@pytest.mark.parametrize("through", ["tls", "proxy"])
def test_encrypted_connections_can_be_broken_too(
    certificates: ServerCertificates, ca: Path, through: str
) -> None:
    listeners = (
        TlsListener(certificates),
        ProxyListener(certificates, Destinations(VendorHosts())),
    )
    with served(break_connection, *listeners) as running:
        if through == "tls":
            options: dict[str, Any] = {"base_url": running.server.urls[0]}
        else:
            options = {"base_url": "https://api.zsapi.net", "proxy": running.server.urls[1]}
        with httpx.Client(verify=trusting(ca), trust_env=False, **options) as http:
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                http.get("/reset")
            with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending"):
                http.get("/close")
            assert http.get("/raw").content == b"12345\x00 mal"


def test_reset_of_an_encrypted_connection_is_a_tcp_reset(
    certificates: ServerCertificates, ca: Path
) -> None:
    with (
        served(break_connection, TlsListener(certificates)) as running,
        handshake(running, trusting(ca), "localhost") as opened,
        # Python's TLS socket reports a reset as an ordinary end.
        socket.socket(fileno=os.dup(opened.fileno())) as below,
    ):
        opened.sendall(b"GET /reset HTTP/1.1\r\nhost: x\r\n\r\n")
        below.settimeout(SECONDS)
        with pytest.raises(ConnectionResetError):
            read_all(below)


def test_event_stream_over_tls_ends_when_the_client_leaves(
    certificates: ServerCertificates, ca: Path
) -> None:
    left = threading.Event()

    async def events(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  # ASGI
        if scope["type"] != "http":
            return
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    with served(events, TlsListener(certificates)) as running:
        with handshake(running, trusting(ca), "localhost") as opened:
            opened.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            read_until(opened, b"data: 1")

        assert left.wait(SECONDS)
