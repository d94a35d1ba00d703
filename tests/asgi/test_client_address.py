"""Whose address a request has, in the lock-out and in the access log, with and without proxies."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.asgi.client_address import TrustedProxies
from portico.domain.addresses import parse_networks
from tests.harness import served, upgrade

VISITOR = "203.0.113.7"


def client_address(trusted: str, peer: str, *forwarded: str) -> str:
    """The address of a request whose peer sent these `X-Forwarded-For` headers."""
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    scope = {"type": "http", "client": (peer, 1) if peer else None, "headers": headers}
    proxies = TrustedProxies(parse_networks(trusted))
    return proxies.client_address(scope)


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        ("", "192.0.2.1", (VISITOR,), "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1", (VISITOR,), VISITOR),
        ("192.0.2.0/24", "192.0.2.1", (f"{VISITOR}, 192.0.2.9",), VISITOR),
        ("192.0.2.1", "192.0.2.1", ("198.51.100.1", VISITOR), VISITOR),
        ("192.0.2.1", "192.0.2.1", (f"198.51.100.1, {VISITOR}",), VISITOR),
        ("192.0.2.1", "198.51.100.1", (VISITOR,), "198.51.100.1"),
        ("192.0.2.1", "192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1", ("",), "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1", ("unknown",), "unknown"),
        ("2001:db8::/32", "2001:db8::1", ("2001:db9::1",), "2001:db9::1"),
        ("192.0.2.1", "", (VISITOR,), ""),
    ],
)
def test_address_is_the_last_one_that_a_trusted_proxy_vouches_for(
    trusted: str, peer: str, forwarded: tuple[str, ...], expected: str
) -> None:
    assert client_address(trusted, peer, *forwarded) == expected


@pytest.mark.parametrize(
    ("options", "peer"),
    [(("--trusted-proxies", "127.0.0.0/8"), VISITOR), ((), "127.0.0.1")],
    ids=["trusted", "untrusted"],
)
def test_access_log_shows_the_client_behind_a_trusted_proxy(
    tmp_path: Path, options: tuple[str, ...], peer: str
) -> None:
    database = f"sqlite:///{tmp_path}/portico.db"
    upgrade(database)
    with served(database, tmp_path / "server.log", *options) as server:
        server.http.get("/healthz", headers={"X-Forwarded-For": f"198.51.100.1, {VISITOR}"})

    peers = [line["peer"] for line in server.log_lines() if line.get("path") == "/healthz"]
    assert peers == [peer]
