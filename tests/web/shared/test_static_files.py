"""Files of the pages: found under their digest alone, kept for good, compressed once."""

from __future__ import annotations

import pytest

from portico.web.shared.static_files import StaticFiles
from tests.harness import Server

FILES = StaticFiles()


def test_file_is_kept_for_good(server: Server) -> None:
    address = FILES.address("tokens.css")

    packed = server.http.get(address)
    plain = server.http.get(address, headers={"Accept-Encoding": "identity"})

    assert packed.status_code == plain.status_code == 200
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert plain.headers["content-type"] == "text/css; charset=utf-8"
    assert plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/static/0000000000000000/tokens.css",
        "/static/x/nothing.css",
        "/static/x/../../app.py",
        "/static/x/%2e%2e/%2e%2e/app.py",
        "/static/x//etc/passwd",
        "/static/x/a%00b",
    ],
)
def test_nothing_else_is_served(server: Server, path: str) -> None:
    assert server.http.get(path).status_code == 404


def test_unknown_name_has_no_address() -> None:
    with pytest.raises(KeyError):
        FILES.address("nothing.css")
