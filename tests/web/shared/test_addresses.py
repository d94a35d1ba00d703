"""What the server makes of where a request came from: https for good, and pages for lost paths."""

from __future__ import annotations

import pytest

from portico.asgi.client_address import TrustedProxies
from portico.domain.addresses import parse_networks
from portico.web.shared.addresses import OriginResolver, strict_transport
from tests.harness import Server

pytestmark = pytest.mark.one_database

TOLD = [(b"strict-transport-security", b"max-age=60")]


def told(origins: OriginResolver, *, peer: str = "192.0.2.1", proto: str = "") -> list[object]:
    """What an answer to a request adds."""
    headers = strict_transport(origins, 60)
    sent = [(b"x-forwarded-proto", proto.encode())] if proto else []
    scope = {"type": "http", "scheme": "http", "client": (peer, 1), "headers": sent}
    return [] if headers is None else list(headers(scope))


def test_browsers_are_told_to_come_by_https_alone() -> None:
    proxied = OriginResolver(proxies=TrustedProxies(parse_networks("192.0.2.1")))

    assert told(OriginResolver(public_url="https://a.example")) == TOLD
    assert told(proxied, proto="https") == TOLD
    assert told(proxied, proto="http") == []
    assert told(proxied) == []
    assert told(proxied, peer="192.0.2.2", proto="https") == []
    assert told(OriginResolver(public_url="http://a.example"), proto="https") == []
    assert strict_transport(OriginResolver(public_url="https://a.example"), 0) is None


@pytest.mark.parametrize("path", ["/p/x/unknown", "/p", "/p/", "/p/a/b/c/d", "/console/x"])
def test_lost_path_of_a_face_has_its_page(server: Server, path: str) -> None:
    answer = server.http.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<main" in answer.text
    assert "strict-transport-security" not in answer.headers


def test_wrong_method_on_a_page_is_told_on_a_page(server: Server) -> None:
    answer = server.http.delete("/p/staff")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.headers["content-type"].startswith("text/html")


def test_lost_path_elsewhere_is_the_api_s(server: Server) -> None:
    for path in ("/unknown", "/portico", "/consoles"):
        answer = server.http.get(path)
        assert answer.status_code == 404
        assert answer.json()["id"] == "resource.not.found"
