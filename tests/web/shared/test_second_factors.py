"""Where passkeys are offered: at the origin that the browser shows, if it allows them there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

from portico.services.people.passkeys import RelyingParty
from portico.web.shared.addresses import OriginResolver
from portico.web.shared.second_factors import relying_party
from portico.web.shared.site import Site


def party_at(host: str, *, scheme: str = "https", public_url: str = "") -> RelyingParty | None:
    """Where passkeys are used for a request to a host."""
    request: Request = Request(
        cast(
            "Any",
            {
                "type": "http",
                "scheme": scheme,
                "headers": [(b"host", host.encode())],
                "client": ("192.0.2.1", 1),
            },
        )
    )
    site = cast("Site", SimpleNamespace(origins=OriginResolver(public_url=public_url)))
    return relying_party(site, request)


@pytest.mark.parametrize(
    ("host", "scheme", "origin"),
    [
        ("links.example.com", "https", "https://links.example.com"),
        ("LINKS.example.com:443", "https", "https://links.example.com"),
        ("links.example.com:8443", "https", "https://links.example.com:8443"),
        ("localhost:8080", "http", "http://localhost:8080"),
        ("portico.localhost", "http", "http://portico.localhost"),
    ],
)
def test_offered(host: str, scheme: str, origin: str) -> None:
    party = party_at(host, scheme=scheme)

    assert party is not None
    assert party.origin == origin
    assert party.host == host.lower().partition(":")[0]


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("links.example.com", "http"),
        ("127.0.0.1:8080", "http"),
        ("192.0.2.7", "https"),
        ("[::1]:8080", "https"),
        ("[broken", "https"),
        ("host:port", "https"),
        ("", "https"),
        ("localhost.evil.example", "http"),
    ],
)
def test_not_offered(host: str, scheme: str) -> None:
    assert party_at(host, scheme=scheme) is None


def test_the_public_url_decides_and_the_browser_must_show_it() -> None:
    public = "https://links.example.com"

    party = party_at("links.example.com", scheme="http", public_url=public)

    assert party == RelyingParty(host="links.example.com", origin=public)
    assert party_at("evil.example", public_url=public) is None
    assert party_at("localhost:8080", scheme="http", public_url=public) is None
