"""Counting the headers of reverse proxies, within bounds."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from portico.asgi.client_address import TrustedProxies
from portico.asgi.forwarding import (
    MOST_PEERS,
    STORED_PEERS,
    ForwardedRequests,
    ForwardingRecord,
)
from portico.domain.addresses import parse_networks
from portico.domain.proxy_peers import ProxyPeer
from portico.storage.engine.connections import Database
from portico.storage.proxy_peers import ProxyPeers
from tests.databases import upgrade, with_database

pytestmark = pytest.mark.one_database

BOTH = (b"x-forwarded-for", b"x-forwarded-proto")


def scope(peer: str, path: str = "/console") -> Any:  # noqa: ANN401  # only what is read of a scope
    """A request of a peer."""
    return {"path": path, "client": (peer, 40_000)}


def test_server_without_a_proxy_has_nothing_to_store() -> None:
    requests = ForwardedRequests(TrustedProxies())

    requests.note(scope("192.0.2.1"), ())

    assert requests.busiest(5) == []


def test_requests_are_counted_by_peer_and_probes_are_not() -> None:
    requests = ForwardedRequests(TrustedProxies(parse_networks("10.0.0.0/8")))

    requests.note(scope("10.0.0.5"), BOTH)
    requests.note(scope("10.0.0.5"), BOTH[:1])
    requests.note(scope("10.0.0.5", "/readyz"), ())
    requests.note(scope("192.0.2.1"), ())
    requests.note(scope("192.0.2.2"), BOTH)

    proxy, stranger = requests.busiest(5)
    assert (proxy.peer, proxy.trusted, proxy.time) == ("10.0.0.5", True, 5)
    assert (proxy.requests, proxy.with_for, proxy.with_proto, proxy.all_requests) == (2, 2, 1, 4)
    assert (stranger.peer, stranger.trusted, stranger.is_ignored) == ("192.0.2.2", False, False)


def test_flood_of_peers_stays_within_bounds() -> None:
    requests = ForwardedRequests(TrustedProxies())

    for number in range(3 * MOST_PEERS):
        requests.note(scope(f"192.0.2.{number}"), BOTH)

    found = requests.busiest(5)
    assert len(found) == STORED_PEERS
    assert not any(each.is_ignored for each in found)
    assert {each.all_requests for each in found} == {3 * MOST_PEERS}


def test_a_defect_is_logged_once_and_does_not_end_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("portico.asgi.forwarding.FIRST_SECONDS", 0.01)
    monkeypatch.setattr("portico.asgi.forwarding.EVERY_SECONDS", 0.01)
    times = iter((None, None, 5))

    def clock() -> float:
        now = next(times, 5)
        if now is None:
            raise ArithmeticError("no time")
        return now

    async def serve(database: Database) -> list[ProxyPeer]:
        record = ForwardingRecord(TrustedProxies(), database, clock)
        record.requests.note(scope("192.0.2.1"), BOTH)
        async with record, asyncio.timeout(20):
            while True:
                async with database.read() as connection:
                    if stored := await ProxyPeers(connection).since(0, 1):
                        return stored
                await asyncio.sleep(0.01)

    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    with caplog.at_level(logging.ERROR):
        (stored,) = with_database(url, serve)

    assert (stored.peer, stored.time) == ("192.0.2.1", 5)
    (line,) = caplog.records
    assert line.message == "The headers of reverse proxies were not recorded."
    assert line.exc_info is not None
